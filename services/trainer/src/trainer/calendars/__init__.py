"""Planned and done, side by side."""
