"""Shapes of activities in the API: SI units, absent sensors null."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from common.fields import OneLine, Prose, example
from strava.activities.sports import SPORTS
from strava.files.samples import CLOCKS_DIFFER

EARLIEST = datetime(1980, 1, 6)  # noqa: DTZ001 - compared with local times
FARTHEST_EAST = timezone(timedelta(hours=14))
FASTEST = 120.0  # m/s


def _known_sport(sport: str) -> str:
    if sport not in SPORTS:
        raise ValueError("not a known sport type such as Run, TrailRun or Ride")
    return sport


def _known_timezone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("not the IANA name of a time zone such as Australia/Sydney") from None


def _possible_start(start: datetime) -> datetime:
    if start.replace(tzinfo=None) < EARLIEST:
        raise ValueError(f"must not be before {EARLIEST.year}")
    if (start if start.tzinfo else start.replace(tzinfo=FARTHEST_EAST)) > datetime.now(UTC) + CLOCKS_DIFFER:
        raise ValueError("must not be in the future")
    return start


Sport = Annotated[str, Field(max_length=40), AfterValidator(_known_sport)]
Name = Annotated[OneLine, Field(min_length=1, max_length=200)]
Description = Annotated[Prose, Field(max_length=10_000)]


Timezone = Annotated[str, Field(max_length=64), AfterValidator(_known_timezone)]
Metres = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False, description="m")]
Seconds = Annotated[float, Field(gt=0, le=864_000, allow_inf_nan=False, description="s")]
Height = Annotated[float, Field(ge=0, le=50_000, allow_inf_nan=False, description="m")]
HeartRate = Annotated[float, Field(ge=25, le=250, allow_inf_nan=False, description="bpm")]
Calories = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False, description="kcal")]
StartTime = Annotated[
    datetime,
    AfterValidator(_possible_start),
    Field(description="with an offset, or local to ``timezone``; of an hour that the clocks repeat the first"),
]


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


class ActivityGear(BaseModel):
    """The shoes or the bike of an activity."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    name: str


class ActivityDetail(ActivityItem):
    description: str
    calories_source: Literal["device", "strava", "manual", "estimated"] | None = Field(description="who says so")
    calories_estimated: bool
    gear: ActivityGear | None
    edited: list[str] = Field(description="fields set by hand, which a new recording does not change")
    recordings: list[RecordingOut]


class ActivityChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"name": "Along the river"}))

    name: Name = ""
    description: Description = ""
    sport: Sport = ""
    timezone: Timezone = ""
    gear_id: UUID | None = Field(default=None, description="null takes the gear off")
    start_time: StartTime = EARLIEST.replace(tzinfo=UTC)
    distance: Metres = 0.0
    moving_time: Seconds = 0.0
    elapsed_time: Seconds = 0.0
    elevation_gain: Height | None = None
    average_heartrate: HeartRate | None = None
    max_heartrate: HeartRate | None = None
    calories: Calories | None = None


ENTERED = (
    "start_time", "distance", "moving_time", "elapsed_time", "elevation_gain", "average_heartrate", "max_heartrate",
    "calories",
)  # fmt: skip
"""Fields of a change that only an entry by hand has: the figures of others are measured."""


class ActivityIn(BaseModel):
    """An activity entered by hand. One of the times is enough; without an offset the start is local."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {
                "name": "Treadmill",
                "sport": "Run",
                "start_time": "2026-11-20T18:30:00",
                "timezone": "Australia/Adelaide",
                "distance": 8000,
                "moving_time": 2400,
            }
        ),
    )

    sport: Sport
    start_time: StartTime
    name: Name | None = None
    description: Description = ""
    timezone: Timezone | None = Field(default=None, description="IANA name; the athlete's own when left out")
    distance: Metres = 0.0
    moving_time: Seconds | None = None
    elapsed_time: Seconds | None = None
    elevation_gain: Height | None = None
    average_heartrate: HeartRate | None = None
    max_heartrate: HeartRate | None = None
    calories: Calories | None = None
    gear_id: UUID | None = None

    @model_validator(mode="after")
    def _times_agree(self) -> Self:
        moving, elapsed = self.times
        check_times(self.distance, moving, elapsed)
        return self

    @property
    def times(self) -> tuple[float, float]:
        """Moving and elapsed seconds; one stands for the other where that is left out."""
        known = self.moving_time or self.elapsed_time
        if known is None:
            raise ValueError("moving_time or elapsed_time is needed")
        return self.moving_time or known, self.elapsed_time or known


def check_times(distance: float, moving: float, elapsed: float) -> None:
    """Raise ``ValueError`` for more time moving than there was, and for what no sport is fast enough for."""
    if moving > elapsed:
        raise ValueError("moving_time must not be longer than elapsed_time")
    if distance > FASTEST * moving:
        raise ValueError(f"distance over moving_time is more than {FASTEST:g} m/s")


class MergeIn(BaseModel):
    """What to move here: all recordings of another activity, which then goes, or one recording."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"activity_id": "0199f0c5-7a0e-7000-8000-000000000001"})
    )

    activity_id: UUID | None = None
    recording_id: UUID | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.activity_id is None) == (self.recording_id is None):
            raise ValueError("one of activity_id and recording_id is needed")
        return self


class UnmergeIn(BaseModel):
    """The recording that becomes an activity of its own."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"recording_id": "0199f0c5-7a0e-7000-8000-000000000001"})
    )

    recording_id: UUID


class ActivityMap(BaseModel):
    """The track, as Google polylines (latitude first); ``bounds`` are south, west, north, east in degrees.

    ``polyline`` is all of it in one line, ``polylines`` are the lines between the pauses.
    """

    polyline: str | None
    polylines: list[str]
    summary_polyline: str | None
    bounds: list[float] | None
    precision: int = Field(description="decimals of a degree in the polylines")


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
    elevation_difference: float | None = Field(description="m, end minus start")
    grade_adjusted_speed: float | None = Field(description="m/s, over moving time")
    partial: bool = Field(description="what an even lap left over")


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
