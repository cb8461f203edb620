"""The pages of this area, below /premises/."""
