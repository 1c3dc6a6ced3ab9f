"""Settings of the thumbnails service."""

from common.settings import SigningSettings


class ThumbnailsSettings(SigningSettings):
    strava_url: str = "http://127.0.0.1:8003"
