"""Pictures of activities."""
