"""The pages of this area, below /duty/."""
