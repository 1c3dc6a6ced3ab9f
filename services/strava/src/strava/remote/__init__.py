"""Strava as this service reaches it: typed calls, typed refusals, limits shared by all workers."""
