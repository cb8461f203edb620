"""The pages of this area, below /custody/."""
