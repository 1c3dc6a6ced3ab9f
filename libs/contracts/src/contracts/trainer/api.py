"""Shapes of training: plans, workouts and their steps. SI units; dates are the athlete's local ones."""

import datetime as dt
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

WorkoutKind = Literal[
    "easy", "long", "tempo", "interval", "repetition", "hill", "recovery", "race", "progression", "strides", "cross",
    "rest", "other",
]  # fmt: skip
WorkoutStatus = Literal["planned", "completed", "skipped"]
StepKind = Literal["warmup", "work", "recovery", "cooldown", "rest"]

Meters = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
Pace = Annotated[float, Field(ge=60, le=3600, allow_inf_nan=False)]
Heartrate = Annotated[float, Field(ge=20, le=260, allow_inf_nan=False)]
Exertion = Annotated[float, Field(ge=1, le=10, allow_inf_nan=False)]


def _ordered(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] > ends[1]:
        raise ValueError("the lower end comes first")
    return ends


_Ordered = AfterValidator(_ordered)


class _Exact(BaseModel):
    """What is misspelled is refused."""

    model_config = ConfigDict(extra="forbid")


class _OneOf(_Exact):
    @model_validator(mode="after")
    def _has_exactly_one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(type(self).model_fields)}")
        return self


class StepEnd(_OneOf):
    """Where a step ends: after a distance in m or after a duration in s."""

    distance: Meters | None = None
    duration: Seconds | None = None


class StepTarget(_OneOf):
    """What to aim for, lower and upper end: pace in s/km, heart rate in bpm, or perceived exertion from 1 to 10."""

    pace: Annotated[tuple[Pace, Pace], _Ordered] | None = None
    heartrate: Annotated[tuple[Heartrate, Heartrate], _Ordered] | None = None
    rpe: Annotated[tuple[Exertion, Exertion], _Ordered] | None = None


class Step(_Exact):
    """A part of a workout, or a group of parts done several times.

    A group has ``repeat`` and ``steps`` and no ``end``. A part without ``end`` lasts as long as the athlete likes.
    """

    kind: StepKind
    name: str | None = Field(default=None, max_length=200)
    repeat: int | None = Field(default=None, ge=1, le=100)
    steps: "list[Step] | None" = Field(default=None, min_length=1)
    end: StepEnd | None = None
    target: StepTarget | None = None

    @model_validator(mode="after")
    def _is_part_or_group(self) -> Self:
        if (self.repeat is None) != (self.steps is None):
            raise ValueError("a group has both repeat and steps")
        if self.repeat is not None and self.end is not None:
            raise ValueError("a group has no end: its steps have theirs")
        return self


class Planned(BaseModel):
    """What a workout is to come to: m, s, and load; null where it is not known."""

    distance: float | None
    duration: float | None
    load: float | None


class Goal(_Exact):
    """The race that a plan is for: its distance in m, its date, the time to aim for in s."""

    distance: Meters
    date: dt.date
    time: Seconds | None = None
    name: str | None = Field(default=None, max_length=200)


class Phase(_Exact):
    """A part of the season, first and last day included."""

    name: str = Field(min_length=1, max_length=100)
    start_date: dt.date
    end_date: dt.date

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.end_date < self.start_date:
            raise ValueError("a phase ends before it starts")
        return self


class WorkoutDocument(BaseModel):
    """A workout. ``run_id`` is the run that it was; it is completed then, or when the athlete says so."""

    id: UUID
    plan_id: UUID | None
    date: dt.date
    name: str
    description: str
    kind: WorkoutKind
    steps: list[Step]
    planned: Planned
    status: WorkoutStatus
    run_id: UUID | None
    version: int


class PlanDocument(BaseModel):
    """A plan with all its workouts by date. ``version`` rises with any change of them."""

    id: UUID
    name: str
    description: str
    start_date: dt.date
    end_date: dt.date
    goal: Goal | None
    phases: list[Phase]
    workouts: list[WorkoutDocument]
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime
