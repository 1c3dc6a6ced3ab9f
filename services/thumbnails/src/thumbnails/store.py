"""The way to the activity store."""

from common.resources import Resources
from contracts.strava.client import StravaClient
from thumbnails.settings import ThumbnailsSettings


def activity_store(resources: Resources) -> StravaClient:
    settings = resources.settings
    assert isinstance(settings, ThumbnailsSettings)
    return StravaClient(resources.client("strava", settings.strava_url))
