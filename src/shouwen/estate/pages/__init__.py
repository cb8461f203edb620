"""Pages of this area: lists (`registers`), the file of a unit and its people (`files`), looks at private values, imports."""
