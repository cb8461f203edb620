"""The pages of papers: the register, one paper, what checks it, how forms are printed, the controlled documents."""
