"""Reading the one audit log."""
