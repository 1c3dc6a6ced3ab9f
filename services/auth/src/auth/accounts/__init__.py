"""Leaving with one's data, and leaving for good: what all services hold of a person."""
