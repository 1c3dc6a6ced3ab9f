"""What came from a source goes again: after a disconnect, and when the operator lets it expire."""
