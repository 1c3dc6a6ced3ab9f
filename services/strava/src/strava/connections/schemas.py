"""Shapes of the connection in the API. Strava's ids are strings."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from common.fields import example
from common.jobs import JobOut
from strava.remote.limits import Quota, Windows

_TEXT = 2000


class AuthorizeUrl(BaseModel):
    url: str


class CallbackAnswer(BaseModel):
    """What Strava appended to the redirect address."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "state": "as it was given",
                "code": "as Strava gave it",
                "scope": "read,activity:read_all",
            }
        )
    )

    state: str = Field(max_length=_TEXT)
    code: str = Field(default="", max_length=_TEXT)
    scope: str = Field(default="", max_length=_TEXT)
    error: str = Field(default="", max_length=_TEXT)


class ConnectedAthlete(BaseModel):
    id: str
    name: str


class WindowOut(BaseModel):
    limit: int
    used: int
    resets_at: datetime


class QuotaOut(BaseModel):
    quarter: WindowOut
    day: WindowOut

    @classmethod
    def of(cls, quota: Quota | None, windows: Windows, now: datetime) -> "QuotaOut | None":
        """The quota with the moments of its resets; None of none."""
        if quota is None:
            return None
        quarter = WindowOut(limit=quota.quarter.limit, used=quota.quarter.used, resets_at=windows.next_quarter(now))
        day = WindowOut(limit=quota.day.limit, used=quota.day.used, resets_at=windows.next_day(now))
        return cls(quarter=quarter, day=day)


class RateLimitOut(BaseModel):
    """Null where Strava has said nothing in the current window."""

    overall: QuotaOut | None
    read: QuotaOut | None


class WebhookOut(BaseModel):
    """``active``: Strava tells us of new activities; else they are asked for every 15 minutes."""

    state: Literal["active", "foreign", "failed", "off", "idle", "unknown"]
    reason: str | None


class FetchingOut(BaseModel):
    """How far fetching is: activities that were missing, that are here now, that are to come, that failed.

    ``resumes_at`` is when it goes on where all of it waits, as for the end of Strava's limit.
    """

    total: int
    fetched: int
    to_fetch: int
    failed: int
    resumes_at: datetime | None


class SyncOut(JobOut, FetchingOut):
    """How far the last sync is; it is ``done`` once what it found is here."""


class HistoryOut(FetchingOut):
    """How far the history from before the connection is, with the sync that went before it."""

    state: Literal["queued", "running", "done", "failed", "dead"]
    progress: float
    reason: str | None


class PurgeOut(BaseModel):
    """What came from an account at Strava is deleted at ``due_at``, unless that is undone.

    It is something of so many ``activities``.
    """

    account: str
    due_at: datetime
    activities: int


class ConnectionStatus(BaseModel):
    """``configured`` is false when the operator has set no Strava application.

    ``purge`` is of the account that was left last; undoing takes it back. ``purges`` has those of all accounts.
    """

    state: Literal["connected", "degraded", "disconnected"]
    configured: bool
    reason: str | None = None
    athlete: ConnectedAthlete | None = None
    scopes: list[str] = []
    expires_at: datetime | None = None
    connected_at: datetime | None = None
    last_sync_at: datetime | None = None
    last_event_at: datetime | None = None
    sync: SyncOut | None = None
    history: HistoryOut | None = None
    webhook: WebhookOut | None = None
    rate_limit: RateLimitOut | None = None
    purge: PurgeOut | None = None
    purges: list[PurgeOut] = []


class SyncWanted(BaseModel):
    """What to look for: recent activities, or with ``history`` everything there ever was."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"history": False}))

    history: bool = False


class ProfileOut(BaseModel):
    id: str
    username: str | None
    firstname: str | None
    lastname: str | None
    city: str | None
    state: str | None
    country: str | None
    sex: str | None
    weight: float | None = Field(description="kg")
    profile: str | None = Field(description="address of the picture")


class StravaAthlete(BaseModel):
    """The athlete as Strava has them; ``zones`` is null without the scope profile:read_all."""

    profile: ProfileOut
    totals: dict[str, Any]
    zones: dict[str, Any] | None
