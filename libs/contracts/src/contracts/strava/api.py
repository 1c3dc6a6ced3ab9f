"""Shapes of the activity store's internal API."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

STREAMS_MEDIA_TYPE = "application/vnd.running-trainer.streams"


class ActivitySummary(BaseModel):
    """An activity as other services need it: SI units, times with zone, absent sensors null."""

    id: UUID
    athlete_id: UUID
    version: int
    name: str
    sport: str
    start_time: datetime
    start_time_local: datetime
    timezone: str
    distance: float
    moving_time: float
    elapsed_time: float
    elevation_gain: float | None
    average_speed: float | None
    max_speed: float | None
    average_heartrate: float | None
    max_heartrate: float | None
    average_cadence: float | None
    calories: float | None
    source: str
