"""Sending to Strava what was done: recorded files, entries by hand, descriptions. It has no planned activities."""
