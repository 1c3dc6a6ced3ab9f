"""The activity store."""
