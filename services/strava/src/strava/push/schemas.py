"""Shapes of what is sent to Strava. SI units; Strava's numbers are strings."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from common.fields import OneLine, Prose, example
from strava.activities.schemas import Sport

_MADE_UP = "018f0000-0000-7000-8000-000000000001"
State = Literal["queued", "sending", "processing", "unknown", "done", "duplicate", "overlap", "failed"]
Metres = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=1, le=2_592_000, allow_inf_nan=False)]
Name = Annotated[OneLine, Field(min_length=1, max_length=200)]
Text = Annotated[Prose, Field(max_length=10_000)]
Number = Annotated[str | None, BeforeValidator(lambda number: None if number is None else str(number))]


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UploadWanted(_Exact):
    """Which activity's recorded file goes to Strava."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"activity_id": _MADE_UP}))

    activity_id: UUID


class ManualWanted(_Exact):
    """An activity here, or what was done in figures; ``start_time`` has the offset of the place it was done at."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {"name": "Gym", "sport": "WeightTraining", "start_time": "2026-11-18T18:00:00+10:30", "elapsed_time": 2700}
        ),
    )

    activity_id: UUID | None = None
    name: Name | None = None
    sport: Sport | None = None
    start_time: AwareDatetime | None = None
    elapsed_time: Seconds | None = None
    distance: Metres | None = None
    description: Text = ""

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        own = (self.name, self.sport, self.start_time, self.elapsed_time)
        if self.activity_id is None and None in own:
            raise ValueError("give activity_id, or name, sport, start_time and elapsed_time")
        if self.activity_id is not None and self.model_fields_set != {"activity_id"}:
            raise ValueError("with activity_id nothing else is given")
        return self


class PushOut(BaseModel):
    """What was sent, and what became of it.

    ``duplicate`` and ``overlap``: Strava had it, ``strava_id`` names it where Strava does. ``unknown``: the answer was
    lost, and Strava is being looked at.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: Literal["upload", "manual"]
    state: State
    reason: str | None
    activity_id: UUID | None
    strava_id: Number
    created_at: datetime
    updated_at: datetime


class Planned(_Exact):
    """What was meant to be done."""

    name: Name | None = None
    distance: Metres | None = None
    duration: Seconds | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.distance is None and self.duration is None:
            raise ValueError("give distance, duration or both")
        return self


class DescriptionWanted(_Exact):
    """A ``text`` in place of the description; or what was ``planned``, which is set beside what was done, below it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"planned": {"name": "Easy run", "distance": 8000, "duration": 2880}})
    )

    text: Text | None = None
    planned: Planned | None = None

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if (self.text is None) == (self.planned is None):
            raise ValueError("give either text or planned")
        return self


class DescriptionOut(BaseModel):
    strava_id: str
    description: str
