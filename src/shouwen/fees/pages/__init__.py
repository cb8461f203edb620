"""The pages of this area: the price list, and who is in arrears."""
