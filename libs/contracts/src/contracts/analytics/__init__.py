"""What analytics tells."""
