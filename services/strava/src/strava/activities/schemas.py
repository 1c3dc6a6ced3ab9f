"""Shapes of activities in the API: SI units, absent sensors null."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from common.fields import OneLine, Prose, example
from strava.activities.sports import SPORTS


def _known_sport(sport: str) -> str:
    if sport not in SPORTS:
        raise ValueError("not a known sport type such as Run, TrailRun or Ride")
    return sport


Sport = Annotated[str, Field(max_length=40), AfterValidator(_known_sport)]
Name = Annotated[OneLine, Field(min_length=1, max_length=200)]
Description = Annotated[Prose, Field(max_length=10_000)]


class ActivityItem(BaseModel):
    """An activity in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    sport: str
    start_time: datetime
    start_time_local: datetime
    timezone: str
    distance: float = Field(description="m")
    moving_time: float = Field(description="s")
    elapsed_time: float = Field(description="s")
    elevation_gain: float | None = Field(description="m")
    average_speed: float | None = Field(description="m/s, over moving time")
    max_speed: float | None = Field(description="m/s")
    average_heartrate: float | None = Field(description="bpm")
    max_heartrate: float | None = Field(description="bpm")
    average_cadence: float | None = Field(description="per minute; steps for runs")
    calories: float | None = Field(description="kcal")
    fastest_pace: float | None = Field(description="s/km of the fastest full kilometre split")
    source: str
    sources: list[str]
    strava_id: str | None
    has_map: bool
    thumbnail_url: str | None
    version: int


class RecordingOut(BaseModel):
    """A recording of an activity: where it came from and how good it is."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    primary: bool
    source: str
    format: str
    file_name: str
    sha256: str
    device: str | None
    start_time: datetime
    elapsed_time: float
    reason: str
    quality: dict[str, Any]


class ActivityDetail(ActivityItem):
    description: str
    edited: list[str] = Field(description="fields set by hand, which a new recording does not change")
    recordings: list[RecordingOut]


class ActivityChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"name": "Along the river"}))

    name: Name = ""
    description: Description = ""
    sport: Sport = ""


class ActivityMap(BaseModel):
    """The track, as a Google polyline (latitude first); ``bounds`` are south, west, north, east in degrees."""

    polyline: str | None
    summary_polyline: str | None
    bounds: list[float] | None


class SplitOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    index: int
    distance: float
    moving_time: float
    elapsed_time: float
    average_speed: float | None
    elevation_difference: float | None
    average_heartrate: float | None
    grade_adjusted_speed: float | None
    partial: bool


class SplitList(BaseModel):
    unit: Literal["km", "mi", "lap"]
    items: list[SplitOut]


class LapOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    lap_index: int
    start: float
    start_index: int
    end_index: int
    distance: float
    elapsed_time: float
    moving_time: float
    average_speed: float | None
    max_speed: float | None
    total_elevation_gain: float | None
    average_heartrate: float | None
    max_heartrate: float | None
    average_cadence: float | None
    calories: float | None


class LapList(BaseModel):
    items: list[LapOut]


class StreamOut(BaseModel):
    data: list[Any]
    unit: str


class HistoryEntry(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    action: str
    reason: str
    actor: str
    req_id: str
    created_at: datetime


class HistoryList(BaseModel):
    items: list[HistoryEntry]
