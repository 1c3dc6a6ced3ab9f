"""What the control API takes."""

import datetime as dt
import itertools
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from strava_emulator.limits import HeaderStyle
from strava_emulator.models import EARLIEST, LATEST, Streams
from strava_emulator.people import MOST_MONTHS
from strava_emulator.sports import known_sport
from strava_emulator.times import local
from strava_emulator.tokens import SCOPES

MOST = 10_000_000  # of anything in a stream
Identifier = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Pair = tuple[Annotated[int, Field(ge=0, le=10**9)], Annotated[int, Field(ge=0, le=10**9)]]
Text = Annotated[str, Field(min_length=1, max_length=255)]
Sport = Annotated[str, AfterValidator(known_sport)]


class Body(BaseModel):
    """What comes in: a field that is not known is a mistake of the caller's."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def _zone(name: str) -> str:
    try:
        local(0, name)
    except (ValueError, OSError, KeyError):
        raise ValueError("not a time zone") from None
    return name


class NewAthlete(Body):
    firstname: Text = "New"
    lastname: Text = "Runner"
    sex: Literal["F", "M"] = "F"
    weight: float = Field(default=62.0, ge=20, le=300)
    max_heartrate: int = Field(default=190, ge=100, le=240)
    latitude: float = Field(default=-35.801, ge=-80, le=80)
    longitude: float = Field(default=137.252, ge=-180, le=180)
    timezone: Annotated[str, AfterValidator(_zone)] = "Australia/Adelaide"
    city: str = Field(default="", max_length=255)
    country: str = Field(default="", max_length=255)
    history_months: int = Field(default=0, ge=0, le=MOST_MONTHS)


class NewActivity(Body):
    """An activity by its numbers, or with ``streams``; then the numbers are theirs."""

    name: Text | None = None
    sport_type: Sport = "Run"
    start_date: dt.datetime | None = Field(default=None, description="default: so that it ended just now")
    distance: float = Field(default=8_000.0, gt=0, le=1_000_000)
    moving_time: int | None = Field(default=None, ge=10, le=7 * 86_400, description="default: 5:30 min per km")
    elapsed_time: int | None = Field(default=None, ge=10, le=30 * 86_400)
    timezone: Annotated[str, AfterValidator(_zone)] | None = None
    hr: int | None = Field(default=145, ge=50, le=230, description="average bpm; null without the sensor")
    cadence: bool = True
    watts: bool = False
    temp: bool = False
    hilly: bool = True
    indoor: bool = False
    manual: bool = Field(default=False, description="written down: no streams at all")
    private: bool = False
    commute: bool = False
    hidden_start: bool = False
    workout_type: int | None = Field(default=None, ge=0, le=12)
    gear_id: str | None = Field(default=None, max_length=40)
    description: str | None = Field(default=None, max_length=10_000)
    external_id: str | None = Field(default=None, max_length=255)
    streams: Streams | None = None

    @model_validator(mode="after")
    def _possible(self) -> "NewActivity":
        if self.start_date and not EARLIEST <= self.start_date.timestamp() <= LATEST - 31 * 86_400:
            raise ValueError("start_date lies outside 1970 to 2099")
        if self.elapsed_time and self.moving_time and self.elapsed_time < self.moving_time:
            raise ValueError("elapsed_time is shorter than moving_time")
        if self.streams:
            _check_streams(self.streams)
        return self


def _check_streams(streams: Streams) -> None:
    length = len(streams.time)
    columns = [column for name in Streams.model_fields if (column := getattr(streams, name)) is not None]
    if length < 2 or length > 500_000 or any(len(column) != length for column in columns):  # noqa: PLR2004 - a way has two ends
        raise ValueError("streams must have the same length, two or more")
    numbers = (value for column in columns for value in column if not isinstance(value, tuple))
    if any(abs(value) > MOST for value in numbers) or not all(map(_on_earth, streams.latlng or ())):
        raise ValueError("streams hold values that cannot be")
    for column in (streams.time, streams.distance):
        if column[0] != 0 or any(after < before for before, after in itertools.pairwise(column)):
            raise ValueError("time and distance start at 0 and never go back")


def _on_earth(point: tuple[float, float]) -> bool:
    return abs(point[0]) <= 90 and abs(point[1]) <= 180  # noqa: PLR2004 - degrees


class ChangedActivity(Body):
    name: Text | None = None
    sport_type: Sport | None = None
    description: str | None = Field(default=None, max_length=10_000)
    private: bool | None = None
    commute: bool | None = None
    gear_id: str | None = Field(default=None, max_length=40)
    distance: float | None = Field(default=None, gt=0, le=1_000_000)
    moving_time: int | None = Field(default=None, ge=10, le=7 * 86_400)
    elapsed_time: int | None = Field(default=None, ge=10, le=30 * 86_400)


class Event(Body):
    """An event by hand; what is not said is made up to fit. Ids of nobody are allowed."""

    object_type: Literal["activity", "athlete"] = "activity"
    aspect_type: Literal["create", "update", "delete"] = "create"
    object_id: Identifier
    owner_id: Identifier
    event_time: Identifier | None = None
    subscription_id: Identifier | None = None
    updates: dict[str, str] = {}
    times: int = Field(default=1, ge=1, le=100)


class Events(Body):
    events: list[Event] = Field(min_length=1, max_length=1_000, description="sent in this order")


class Limits(Body):
    """Limits and usage as (15 minutes, day); what is not given stays."""

    overall: Pair | None = None
    read: Pair | None = None
    overall_usage: Pair | None = None
    read_usage: Pair | None = None
    headers: HeaderStyle | None = None


class Authorisation(Body):
    scopes: list[Literal[*SCOPES]] = ["read", "profile:read_all", "activity:read_all"]  # type: ignore[valid-type] # spelled once, in SCOPES


class Expiry(Body):
    expires_in: int = Field(ge=-86_400, le=86_400)


class Revocation(Body):
    tell: bool = Field(default=True, description="whether the app gets the event")
