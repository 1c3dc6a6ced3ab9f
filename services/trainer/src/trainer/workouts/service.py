"""What can be done with a workout."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common import audit
from common.errors import FieldError, InvalidInput
from common.ids import uuid7
from contracts.trainer.api import Step, WorkoutStatus
from trainer import versions
from trainer.errors import MOST_WORKOUTS, PlanMissing, TooManyWorkouts, WorkoutMissing
from trainer.kernels.steps import totals
from trainer.matching import service as matching
from trainer.plans import repository as plans
from trainer.workouts import repository
from trainer.workouts.schemas import InlineWorkout, KeptWorkout, WorkoutChange

SERVICE = "trainer"
SKIPPED = "skipped"

Stored = Mapping[Any, Any]
Columns = dict[str, Any]


async def find(session: AsyncSession, athlete_id: UUID, workout_id: UUID) -> Stored:
    """Return the athlete's workout as it is stored. Raises ``WorkoutMissing``, also for one of somebody else."""
    workout = await repository.stored(session, athlete_id, workout_id)
    if workout is None:
        raise WorkoutMissing
    return workout


async def show(session: AsyncSession, athlete_id: UUID, workout_id: UUID) -> dict[str, Any]:
    """Return the athlete's workout as the API shows it. Raises ``WorkoutMissing``."""
    workout = await repository.shown(session, athlete_id, workout_id)
    if workout is None:
        raise WorkoutMissing
    return workout


async def create(session: AsyncSession, athlete_id: UUID, plan_id: UUID | None, body: InlineWorkout) -> UUID:
    """Add a workout. Raises ``PlanMissing`` and ``TooManyWorkouts``."""
    await _need_room(session, athlete_id, plan_id)
    row = _new_row(athlete_id, plan_id, body)
    workout_id: UUID = row["id"]
    await repository.add(session, [row])
    await versions.touch_plans(session, {plan_id})
    _audit(session, athlete_id, workout_id, "created")
    await matching.rematch(session, athlete_id, {body.date})
    return workout_id


async def replace(session: AsyncSession, athlete_id: UUID, workout: Stored, columns: Columns) -> None:
    """Write what differs of ``columns``. Raises ``PlanMissing`` and ``TooManyWorkouts``."""
    changed = {name: value for name, value in columns.items() if workout[name] != value}
    if not changed:
        return
    if "plan_id" in changed:
        await _need_room(session, athlete_id, changed["plan_id"])
    await repository.change(session, [{"id": workout["id"], **changed}])
    await versions.touch_workouts(session, {workout["id"]})
    await versions.touch_plans(session, {workout["plan_id"]} if "plan_id" in changed else ())
    _audit(session, athlete_id, workout["id"], "updated")
    dates = {workout["date"], columns.get("date", workout["date"])}
    if changed.get("mark") == SKIPPED:
        dates |= await matching.release(session, athlete_id, {workout["id"]})
    await matching.rematch(session, athlete_id, dates)


async def delete(session: AsyncSession, athlete_id: UUID, workout: Stored) -> None:
    """Delete a workout; the run that it was stays and looks for another one."""
    released = await matching.release(session, athlete_id, {workout["id"]})
    await repository.remove(session, {workout["id"]})
    await versions.touch_plans(session, {workout["plan_id"]})
    _audit(session, athlete_id, workout["id"], "deleted")
    await matching.rematch(session, athlete_id, released | {workout["date"]})


async def add_all(
    session: AsyncSession, athlete_id: UUID, plan_id: UUID, bodies: Sequence[InlineWorkout]
) -> set[dt.date]:
    """Fill a new plan; return the days on which runs have to be matched again."""
    await repository.add(session, [_new_row(athlete_id, plan_id, body) for body in bodies])
    return {body.date for body in bodies}


async def replace_all(
    session: AsyncSession, athlete_id: UUID, plan_id: UUID, bodies: Sequence[KeptWorkout]
) -> set[dt.date]:
    """Make the plan's workouts these: those given with an id stay, others come or go.

    Returns the days on which runs have to be matched again. Raises ``InvalidInput`` for ids that the plan does not
    have or that stand twice.
    """
    known = {row["id"]: row for row in await repository.stored_of_plan(session, plan_id)}
    _need_known_ids(known.keys(), bodies)
    kept = {body.id: columns_of(body, known[body.id]) for body in bodies if body.id is not None}
    gone = known.keys() - kept.keys()
    changed = {id_: row for id_, row in kept.items() if any(known[id_][name] != value for name, value in row.items())}
    skipped = {id_ for id_, row in changed.items() if row["mark"] == SKIPPED}
    dates = await matching.release(session, athlete_id, gone | skipped)
    dates |= {known[id_]["date"] for id_ in gone | changed.keys()} | {row["date"] for row in changed.values()}
    await repository.remove(session, gone)
    await repository.change(session, [{"id": id_, **row} for id_, row in changed.items()])
    await versions.touch_workouts(session, changed.keys())
    return dates | await add_all(session, athlete_id, plan_id, [body for body in bodies if body.id is None])


def columns_of(body: InlineWorkout, stored: Stored | None = None) -> Columns:
    """What the whole of a workout writes."""
    planned = {name: getattr(body.planned, name) for name in ("distance", "duration", "load")}
    return {
        "date": body.date,
        "kind": body.kind,
        "name": body.name or body.kind.capitalize(),
        "description": body.description,
        "mark": _mark(body.status, stored),
        **_of_steps(body.steps),
        **_given(planned, stored),
    }


def columns_of_change(body: WorkoutChange, stored: Stored) -> Columns:
    """What a change writes: only what it names."""
    named = body.model_fields_set
    columns = {name: getattr(body, name) for name in named & {"date", "kind", "name", "description", "plan_id"}}
    if "steps" in named:
        columns |= _of_steps(body.steps)
    if "planned" in named:
        columns |= _given({name: getattr(body.planned, name) for name in body.planned.model_fields_set}, stored)
    if "status" in named:
        columns["mark"] = _mark(body.status, stored)
    return columns


def _of_steps(steps: Sequence[Step]) -> Columns:
    distance, duration = totals(steps)
    written = [step.model_dump(mode="json", exclude_none=True) for step in steps]
    return {"steps": written, "derived_distance": distance, "derived_duration": duration}


def _given(planned: Mapping[str, float | None], stored: Stored | None) -> Columns:
    """What was planned by hand. A derived figure that is sent back as it was read stays derived."""
    return {
        f"given_{name}": None if stored and _was_derived(stored, name, value) else value
        for name, value in planned.items()
    }


def _was_derived(stored: Stored, name: str, value: float | None) -> bool:
    return stored[f"given_{name}"] is None and stored.get(f"derived_{name}") == value


def _mark(status: WorkoutStatus | None, stored: Stored | None) -> str | None:
    """What is set by hand: a status that only repeats the present one says nothing new."""
    if stored is not None and status in (None, stored["status"]):
        mark: str | None = stored["mark"]
        return mark
    return None if status == "planned" else status


def _new_row(athlete_id: UUID, plan_id: UUID | None, body: InlineWorkout) -> Columns:
    return {"id": uuid7(), "athlete_id": athlete_id, "plan_id": plan_id, **columns_of(body)}


def _need_known_ids(known: Any, bodies: Sequence[KeptWorkout]) -> None:
    seen: set[UUID] = set()
    for place, body in enumerate(bodies):
        if body.id is None:
            continue
        if body.id in seen or body.id not in known:
            message = "stands twice" if body.id in seen else "the plan has no workout with this id"
            pointer = f"/body/workouts/{place}/id"
            raise InvalidInput(f"Not accepted: {pointer}.", errors=[FieldError(pointer=pointer, message=message)])
        seen.add(body.id)


async def _need_room(session: AsyncSession, athlete_id: UUID, plan_id: UUID | None) -> None:
    if plan_id is None:
        return
    if await plans.version_of(session, athlete_id, plan_id) is None:
        raise PlanMissing
    if await repository.count_of_plan(session, plan_id) >= MOST_WORKOUTS:
        raise TooManyWorkouts


def _audit(session: AsyncSession, athlete_id: UUID, workout_id: UUID, action: str) -> None:
    audit.record(session, SERVICE, actor=str(athlete_id), action=f"workout.{action}", target=str(workout_id))
