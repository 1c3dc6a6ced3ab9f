"""Shapes of what comes straight from Strava: our names and units, Strava's figures, its numbers as strings."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel


class LiveActivity(BaseModel):
    """An activity in Strava's list; ``activity_id`` where it is stored here."""

    id: str
    activity_id: UUID | None
    name: str | None
    sport: str
    start_time: datetime
    timezone: str | None
    distance: float | None
    moving_time: float | None
    elapsed_time: float
    elevation_gain: float | None
    average_speed: float | None
    max_speed: float | None
    average_heartrate: float | None
    max_heartrate: float | None
    manual: bool


class LiveSplit(BaseModel):
    index: int
    distance: float
    moving_time: float
    elapsed_time: float
    average_speed: float | None
    elevation_difference: float | None
    average_heartrate: float | None
    grade_adjusted_speed: float | None


class LiveSplits(BaseModel):
    unit: Literal["km", "mi"]
    items: list[LiveSplit]
