"""Training plans."""
