"""Settings of the analytics service."""

from common.settings import DataSettings


class AnalyticsSettings(DataSettings):
    strava_url: str = "http://127.0.0.1:8003"
