"""People as an administrator sees them."""
