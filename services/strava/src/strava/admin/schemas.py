"""Shapes of the operator's endpoints."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from common.fields import example
from common.jobs import JobOut
from common.oversight import WorkOf
from strava.activities.recomputing import Figure

StravaId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")]


class SubscriptionOut(BaseModel):
    """A subscription at Strava. The last part of our own address is a secret and is shown as dots."""

    id: str
    callback_url: str
    ours: bool


class SubscriptionList(BaseModel):
    """``state`` is how this platform stands to it; ``checked_at`` when Strava was asked."""

    items: list[SubscriptionOut]
    state: Literal["active", "foreign", "failed", "off", "idle", "unknown"]
    reason: str | None
    checked_at: datetime
    cached: bool


class AdminJob(JobOut):
    """A job, and whose it is."""

    subject_id: UUID | None
    run_after: datetime
    max_attempts: int


class JobList(BaseModel):
    """Counts by kind, and the latest jobs."""

    statistics: list[WorkOf]
    items: list[AdminJob]
    next_cursor: str | None


class JobWanted(BaseModel):
    """``sync`` lists an athlete's activities at Strava since ``after``; ``activity`` fetches one of them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example({"kind": "sync", "athlete_id": "0199f0c5-7a0e-7000-8000-000000000001"}),
    )

    kind: Literal["sync", "activity"]
    athlete_id: UUID
    strava_id: StravaId | None = Field(default=None, description="of the activity to fetch")
    after: AwareDatetime | None = Field(
        default=None, description="start of what to list; the recent days when left out"
    )


class Cleared(BaseModel):
    deleted: int


class AthleteStreams(BaseModel):
    """How many of an athlete's activities have samples, lack them, or cannot have any; ``job`` fetches them now."""

    athlete_id: UUID
    with_streams: int
    lacking: int
    without: int
    job: JobOut | None


class AthleteWanted(BaseModel):
    """One athlete; everybody when left out."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"athlete_id": "0199f0c5-7a0e-7000-8000-000000000001"})
    )

    athlete_id: UUID | None = None


class Queued(BaseModel):
    jobs: list[JobOut]


class ResyncWanted(AthleteWanted):
    """Which figures to compute again from the stored samples: all of them, with splits and laps, or those named.

    ``refetch`` also asks Strava again for what came from there.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"fields": ["fastest_pace"]}))

    fields: list[Figure] | None = Field(default=None, min_length=1, max_length=20)
    refetch: bool = False
