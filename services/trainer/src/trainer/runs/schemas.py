"""Shapes of runs in the API."""

import datetime as dt
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.fields import example
from contracts.trainer.api import Heartrate, Meters, Seconds
from trainer.fields import FIRST_DAY, READ_ONLY, Body, Day, LongText, Moment, Name, Timezone

Sport = Literal["Run", "TrailRun", "VirtualRun"]
RUNNING: tuple[Sport, ...] = ("Run", "TrailRun", "VirtualRun")
"""The sport types that are runs, as Strava names them."""


class _Written(Body):
    read_only: ClassVar[frozenset[str]] = READ_ONLY | {"activity_id", "match_reason", "source"}


class RunIn(_Written):
    """A run. ``workout_id`` left out, or null for a new run, leaves the workout to the matching."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "date": "2026-05-05",
                "name": "With Kim",
                "distance": 8000,
                "duration": 2400,
            }
        )
    )

    date: Day
    name: Name = "Run"
    sport: Sport = "Run"
    start_time: Moment | None = None
    timezone: Timezone | None = None
    distance: Meters
    duration: Seconds = Field(description="moving, s")
    elapsed_time: Seconds | None = None
    average_heartrate: Heartrate | None = None
    workout_id: UUID | None = None
    notes: LongText = ""


class RunChange(_Written):
    """What is left out stays as it is. A ``workout_id`` of null keeps the run apart from every workout."""

    model_config = ConfigDict(json_schema_extra=example({"notes": "Windy."}))

    date: Day = FIRST_DAY
    name: Name = "Run"
    sport: Sport = "Run"
    start_time: Moment | None = None
    timezone: Timezone | None = None
    distance: Meters = 0.0
    duration: Seconds = 0.0
    elapsed_time: Seconds = 0.0
    average_heartrate: Heartrate | None = None
    workout_id: UUID | None = None
    notes: LongText = ""


class RunOut(BaseModel):
    """A run that was done. ``match_reason`` says why it is the workout that ``workout_id`` names."""

    id: UUID
    date: dt.date
    name: str
    sport: str
    start_time: dt.datetime | None
    timezone: str | None
    distance: Annotated[float, Field(description="m")]
    duration: Annotated[float, Field(description="moving, s")]
    elapsed_time: Annotated[float, Field(description="s")]
    average_heartrate: Annotated[float | None, Field(description="bpm")]
    activity_id: UUID | None
    workout_id: UUID | None
    match_reason: str | None
    notes: str
    source: Literal["activity", "manual"]
    version: int
