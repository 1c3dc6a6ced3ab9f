"""Settings of the trainer service."""

from pydantic import Field

from common.settings import DataSettings


class TrainerSettings(DataSettings):
    strava_url: str = "http://127.0.0.1:8003"
    max_body_size: int = Field(default=8 << 20, description="bytes; a plan may carry 2,000 workouts with steps")
