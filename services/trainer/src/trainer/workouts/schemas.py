"""Shapes of workouts in the API."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field

from common.fields import example
from contracts.trainer.api import Meters, Seconds, Step, WorkoutKind, WorkoutStatus
from trainer.fields import FIRST_DAY, READ_ONLY, Body, Day, Days, LongText, Name

MOST_STEPS = 200
MOST_LEVELS = 2


def _bounded(given: Any) -> Any:
    """Look at size and depth before anything else does."""
    layer, level, total = given if isinstance(given, list) else [], 0, 0
    while layer:
        total += len(layer)
        if total > MOST_STEPS:
            raise ValueError(f"a workout has at most {MOST_STEPS} steps in all")
        if level > MOST_LEVELS:
            raise ValueError(f"groups stand in groups at most {MOST_LEVELS} levels deep")
        groups = [step["steps"] for step in layer if isinstance(step, dict) and isinstance(step.get("steps"), list)]
        layer, level = [step for group in groups for step in group], level + 1
    return given


Steps = Annotated[list[Step], BeforeValidator(_bounded)]
Load = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]


class PlannedIn(Body):
    """What a workout is to come to. Distance and duration that are not given follow from the steps."""

    distance: Meters | None = None
    duration: Seconds | None = None
    load: Load | None = None


def _or_nothing(given: Any) -> Any:
    return {} if given is None else given


class _Written(Body):
    read_only: ClassVar[frozenset[str]] = READ_ONLY | {"run_id"}


class InlineWorkout(_Written):
    """A workout inside its plan. ``status`` left out stays as it is; ``name`` left out is that of the kind."""

    date: Day
    kind: WorkoutKind
    name: Name | None = None
    description: LongText = ""
    steps: Steps = Field(default_factory=list)
    planned: Annotated[PlannedIn, BeforeValidator(_or_nothing)] = PlannedIn()
    status: WorkoutStatus | None = None


class KeptWorkout(InlineWorkout):
    """A workout inside a plan that is written anew; with the ``id`` of one that the plan has it stays that one."""

    read_only: ClassVar[frozenset[str]] = (READ_ONLY | {"run_id", "plan_id"}) - {"id"}

    id: UUID | None = None


class WorkoutOfPlan(InlineWorkout):
    """A workout posted to its plan."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "date": "2026-05-05",
                "name": "4 x 800 m",
                "kind": "interval",
                "steps": [
                    {"kind": "warmup", "end": {"distance": 2000}},
                    {
                        "kind": "work",
                        "repeat": 4,
                        "steps": [
                            {"kind": "work", "end": {"distance": 800}, "target": {"pace": [235, 245]}},
                            {"kind": "recovery", "end": {"duration": 120}},
                        ],
                    },
                ],
            }
        )
    )

    read_only: ClassVar[frozenset[str]] = READ_ONLY | {"run_id", "plan_id"}


class WorkoutIn(InlineWorkout):
    """A workout, in a plan or by itself."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "date": "2026-05-04",
                "name": "Hill loop",
                "kind": "easy",
                "planned": {"distance": 8000},
            }
        )
    )

    plan_id: UUID | None = None


class WorkoutChange(_Written):
    """What is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra=example({"status": "skipped"}))

    plan_id: UUID | None = None
    date: Day = FIRST_DAY
    kind: WorkoutKind = "other"
    name: Name = ""
    description: LongText = ""
    steps: Steps = Field(default_factory=list)
    planned: PlannedIn = PlannedIn()
    status: WorkoutStatus = "planned"


class Move(Body):
    model_config = ConfigDict(json_schema_extra=example({"date": "2026-05-06"}))

    date: Day


class WorkoutFilter(Days):
    """What the list can be narrowed to."""

    status: WorkoutStatus | None = None
    plan: UUID | None = None
