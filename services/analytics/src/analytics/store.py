"""The way to the activity store."""

from analytics.settings import AnalyticsSettings
from common.resources import Resources
from contracts.strava.client import StravaClient


def activity_store(resources: Resources) -> StravaClient:
    settings = resources.settings
    assert isinstance(settings, AnalyticsSettings)
    return StravaClient(resources.client("strava", settings.strava_url))
