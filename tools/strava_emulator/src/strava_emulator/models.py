"""What the emulator knows: athletes with their tokens, activities, the app's subscription. All of it is JSON."""

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Origin = Literal["generated", "file", "manual"]
EARLIEST, LATEST = 0, 4_102_444_800  # epoch seconds of 1970 and 2100: beyond them zones make no sense


class Place(BaseModel):
    """Where an athlete runs."""

    latitude: float = Field(ge=-80, le=80)
    longitude: float = Field(ge=-180, le=180)
    timezone: str
    city: str = ""
    country: str = ""


class Shoe(BaseModel):
    id: str
    name: str
    brand: str
    model: str
    primary: bool = False
    retired: bool = False


class AccessToken(BaseModel):
    token: str
    expires_at: int
    scopes: frozenset[str]


class Grant(BaseModel):
    """What an athlete allows the app, until it is revoked."""

    scopes: frozenset[str]
    refresh_token: str
    access: list[AccessToken] = []

    @property
    def newest(self) -> AccessToken:
        return self.access[-1]


class Athlete(BaseModel):
    id: int
    firstname: str
    lastname: str
    sex: Literal["F", "M"] = "F"
    weight: float = 62.0
    max_heartrate: int = 190
    place: Place
    shoes: list[Shoe] = []
    seed: int = 0
    created_at: int = 0
    history_months: int = 0
    grant: Grant | None = None

    @property
    def name(self) -> str:
        return f"{self.firstname} {self.lastname}"


class Streams(BaseModel):
    """A recording as it came from a file: index-aligned, absent sensors are None. Units as Strava's streams."""

    model_config = ConfigDict(allow_inf_nan=False)

    time: list[int]
    distance: list[float]
    latlng: list[tuple[float, float]] | None = None
    altitude: list[float] | None = None
    heartrate: list[int] | None = None
    cadence: list[int] | None = None
    watts: list[int] | None = None
    temp: list[int] | None = None


class Activity(BaseModel):
    id: int
    athlete_id: int
    name: str
    sport_type: str = "Run"
    start: int = Field(ge=EARLIEST, le=LATEST)
    timezone: str
    distance: float
    moving_time: int
    elapsed_time: int
    origin: Origin = "generated"
    heartrate: int | None = Field(default=None, description="average, bpm; None without the sensor")
    cadence: bool = True
    watts: bool = False
    temp: bool = False
    indoor: bool = Field(default=False, description="without positions")
    trainer: bool = False
    hilly: bool = True
    streams: Streams | None = None
    description: str | None = None
    gear_id: str | None = None
    workout_type: int | None = None
    commute: bool = False
    private: bool = False
    hide_from_home: bool = False
    hidden_start: bool = False
    external_id: str | None = None
    upload_id: int | None = None
    content: str | None = Field(default=None, description="hash of the file it came from")
    created_at: float = 0.0
    deleted: bool = False

    @property
    def manual(self) -> bool:
        return self.origin == "manual"

    @property
    def end(self) -> int:
        return self.start + self.elapsed_time


class Subscription(BaseModel):
    id: int
    callback_url: str
    created_at: int


class Code(BaseModel):
    """An authorisation that the app has not fetched yet."""

    athlete_id: int
    scopes: frozenset[str]
    expires_at: float


class AppState(BaseModel):
    """What belongs to the app, and the day the made-up athletes' histories end."""

    last_day: dt.date
    subscription: Subscription | None = None
    subscriptions_made: int = 0
    codes: dict[str, Code] = {}


class Upload(BaseModel):
    id: int
    external_id: str
    athlete_id: int
    activity_id: int | None = None
    error: str | None = None


class Faults(BaseModel):
    """What goes wrong on demand; each field alone, all off by default."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    not_found_after_create_s: float = Field(default=0, ge=0, description="new activities are 404 for so long")
    streams_late_s: float = Field(default=0, ge=0, description="streams of new activities are 404 for so long")
    status: Literal[404, 429, 500, 502, 503, 504] | None = Field(default=None, description="answer calls with this")
    calls: int | None = Field(default=None, ge=0, description="the next n calls; None: as long as it stands")
    share: float = Field(default=1.0, ge=0, le=1, description="of the calls, evenly spread")
    paths: list[str] = Field(default=[], description="beginnings of the paths this is about; empty: all calls")
    lost_answers: int = Field(default=0, ge=0, description="the next n calls are worked, and their answer is a 504")
    delay_s: float = Field(default=0, ge=0, le=120, description="before each answer")
    duplicate_webhooks: bool = False
    webhook_times: int = Field(default=1, ge=1, le=100, description="each event is sent so often")
    shuffle_webhooks_s: float = Field(default=0, ge=0, le=3600, description="events come in any order within so long")
    drop_webhooks: bool = False
    webhook_delay_s: float = Field(default=0, ge=0, le=3600)
    inactive_application: bool = False
    most_athletes: int | None = Field(default=None, ge=0, description="more than these may not authorise the app")
    revoke_tokens: bool = Field(default=False, description="while it stands, every token is invalid")
    html_upload_errors: bool = False


Json = dict[str, Any]
