"""Straight from Strava, as it is there now."""
