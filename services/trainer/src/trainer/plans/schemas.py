"""Shapes of plans in the API."""

import datetime as dt
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, FailFast, Field, model_validator

from common.fields import example
from contracts.trainer.api import Goal, Phase
from trainer.errors import MOST_WORKOUTS, TooManyWorkouts
from trainer.fields import FIRST_DAY, LAST_DAY, READ_ONLY, Body, Day, LongText, Name
from trainer.workouts.schemas import KeptWorkout, WorkoutOfPlan

MOST_PHASES = 50
LONGEST = dt.timedelta(days=3660)


def _printable(name: str | None) -> str | None:
    if name is not None and not name.isprintable():
        raise ValueError("must be one line of printable characters")
    return name


class GoalIn(Goal):
    date: Day
    name: Annotated[str | None, Field(max_length=200), AfterValidator(_printable)] = None


class PhaseIn(Phase):
    name: Name
    start_date: Day
    end_date: Day


def _not_too_many(given: Any) -> Any:
    """Count before anything else looks at them."""
    if isinstance(given, list) and len(given) > MOST_WORKOUTS:
        raise TooManyWorkouts(f"{len(given):,} workouts were sent.")
    return given


# The first bad workout is reported with all its faults; a list of them all could be as long as the plan.
_WHOLE = (FailFast(), BeforeValidator(_not_too_many))
Phases = Annotated[list[PhaseIn], Field(max_length=MOST_PHASES)]


class _Written(Body):
    read_only: ClassVar[frozenset[str]] = READ_ONLY | {"workout_count", "completed_count"}


def check_days(start: dt.date, end: dt.date) -> None:
    """Raise ``ValueError`` for a plan that ends before it starts, or has no end in sight."""
    if end < start:
        raise ValueError("the plan ends before it starts")
    if end - start > LONGEST:
        raise ValueError(f"a plan has at most {LONGEST.days:,} days")


class _Plan(_Written):
    name: Name
    description: LongText = ""
    start_date: Day
    end_date: Day
    goal: GoalIn | None = None
    phases: Phases = Field(default_factory=list)

    @model_validator(mode="after")
    def _has_sane_days(self) -> Self:
        check_days(self.start_date, self.end_date)
        return self


class PlanIn(_Plan):
    """A new plan, with its workouts or without."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "name": "Spring 10 km",
                "start_date": "2026-04-27",
                "end_date": "2026-05-31",
                "goal": {"distance": 10000, "date": "2026-05-31", "time": 2700},
                "workouts": [
                    {"date": "2026-05-04", "name": "Hill loop", "kind": "easy", "planned": {"distance": 8000}}
                ],
            }
        )
    )

    workouts: Annotated[list[WorkoutOfPlan], *_WHOLE] = Field(default_factory=list)


class PlanAnew(_Plan):
    """A plan written anew. ``workouts`` left out stay; given, they become these, and those given with id stay."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "name": "Spring 10 km",
                "start_date": "2026-04-27",
                "end_date": "2026-06-07",
            }
        )
    )

    workouts: Annotated[list[KeptWorkout], *_WHOLE] = Field(default_factory=list)


class PlanChange(_Written):
    """What is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra=example({"name": "Summer 10 km"}))

    name: Name = ""
    description: LongText = ""
    start_date: Day = FIRST_DAY
    end_date: Day = LAST_DAY
    goal: GoalIn | None = None
    phases: Phases = Field(default_factory=list)


class PlanItem(BaseModel):
    """A plan in a list, without its workouts."""

    id: UUID
    name: str
    description: str
    start_date: dt.date
    end_date: dt.date
    goal: Goal | None
    phases: list[Phase]
    workout_count: int
    completed_count: int
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime
