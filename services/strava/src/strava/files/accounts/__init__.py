"""What the archive of a whole account says of its activities, besides their files."""

from strava.files.accounts.garmin import read_summaries
from strava.files.accounts.strava import read_activities
from strava.files.accounts.told import Told

__all__ = ["Told", "read_activities", "read_summaries"]
