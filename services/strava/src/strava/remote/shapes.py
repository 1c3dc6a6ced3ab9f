"""What of Strava's answers is in use; everything else is neither read nor kept. All keys are Strava's own."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_BIGINT = 1 << 63
STREAM_KEYS = ("time", "distance", "latlng", "altitude", "heartrate", "cadence", "watts", "temp")

BigId = Annotated[int, Field(ge=0, lt=_BIGINT)]
Moment = Annotated[datetime, AfterValidator(lambda value: value if value.tzinfo else value.replace(tzinfo=UTC))]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class AthleteRef(_Shape):
    id: BigId


class AthleteProfile(AthleteRef):
    """The athlete as token answers and ``/athlete`` have it."""

    username: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    sex: str | None = None
    weight: float | None = None
    profile: str | None = None


class TokenPair(_Shape):
    access_token: str
    refresh_token: str
    expires_at: int = Field(ge=0, le=4_102_444_800, description="Unix seconds")

    @property
    def expires(self) -> datetime:
        return datetime.fromtimestamp(self.expires_at, UTC)


class Grant(TokenPair):
    """What an authorization code is exchanged for."""

    athlete: AthleteProfile


class ActivityMap(_Shape):
    polyline: str | None = None
    summary_polyline: str | None = None


class ActivityLap(_Shape):
    elapsed_time: float
    moving_time: float | None = None
    start_date: Moment | None = None
    distance: float | None = None
    max_speed: float | None = None
    total_elevation_gain: float | None = None
    average_cadence: float | None = None
    average_heartrate: float | None = None
    max_heartrate: float | None = None


class ActivitySplit(_Shape):
    split: int
    distance: float
    elapsed_time: float
    moving_time: float
    elevation_difference: float | None = None
    average_grade_adjusted_speed: float | None = None
    average_heartrate: float | None = None


def _list_or_nothing(value: Any) -> Any:
    return value or []


class SummaryActivity(_Shape):
    """An activity in a list; times in s, distances in m, speeds in m/s.

    ``start_date_local`` is left out on purpose: it ends in a Z that is not UTC.
    """

    id: BigId
    start_date: Moment
    elapsed_time: float = 0.0
    name: str | None = None
    distance: float | None = None
    moving_time: float | None = None
    total_elevation_gain: float | None = None
    sport_type: str | None = None
    type: str | None = None
    timezone: str | None = None
    manual: bool = False
    trainer: bool = False
    average_speed: float | None = None
    max_speed: float | None = None
    average_heartrate: float | None = None
    max_heartrate: float | None = None
    average_cadence: float | None = None
    external_id: str | None = None
    gear_id: str | None = None


class Gear(_Shape):
    """A pair of shoes or a bike, as Strava numbers and names it."""

    id: str
    name: str | None = None


class DetailedActivity(SummaryActivity):
    """An activity with what its figures need; calories in kcal."""

    athlete: AthleteRef
    description: str | None = None
    average_watts: float | None = None
    calories: float | None = None
    elev_high: float | None = None
    elev_low: float | None = None
    device_name: str | None = None
    gear: Gear | None = None
    map: ActivityMap | None = None
    laps: Annotated[tuple[ActivityLap, ...], BeforeValidator(_list_or_nothing)] = ()
    splits_metric: Annotated[tuple[ActivitySplit, ...], BeforeValidator(_list_or_nothing)] = ()
    splits_standard: Annotated[tuple[ActivitySplit, ...], BeforeValidator(_list_or_nothing)] = ()

    @property
    def was_measured(self) -> bool:
        """Whether something recorded it, so that Strava has samples or will have some."""
        has_track = self.map is not None and bool(self.map.polyline or self.map.summary_polyline)
        return not self.manual and bool(has_track or self.average_heartrate or self.device_name)


class UploadStatus(_Shape):
    """An upload: processed while both ``error`` and ``activity_id`` are missing."""

    id: BigId
    external_id: str | None = None
    error: str | None = None
    status: str = ""
    activity_id: BigId | None = None


class PushSubscription(_Shape):
    id: BigId
    callback_url: str = ""


Streams = dict[str, list[Any]]
"""Samples by Strava's stream type, index-aligned; empty when Strava has none."""
