"""Pages of this area: logging in (`login`), one's own account (`account`), people (`staff`), posts (`structure`), leave."""
