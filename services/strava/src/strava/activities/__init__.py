"""Activities: what was done, from one or more recordings."""
