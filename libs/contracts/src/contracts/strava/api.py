"""Shapes of the activity store's internal API."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

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


class StravaGrant(BaseModel):
    """What an athlete granted at Strava while signing in; ``expires_at`` in Unix seconds."""

    athlete_id: UUID
    strava_athlete_id: int = Field(ge=0, lt=1 << 63)
    name: str = Field(max_length=400)
    scopes: list[str] = Field(max_length=20)
    access_token: str = Field(max_length=1000, repr=False)
    refresh_token: str = Field(max_length=1000, repr=False)
    expires_at: int = Field(ge=0, le=4_102_444_800)


class ConnectedAccount(BaseModel):
    """Whose account here is connected to an athlete at Strava."""

    athlete_id: UUID
