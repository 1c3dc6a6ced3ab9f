"""What can be done with a run."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common import audit
from common.errors import FieldError
from common.ids import uuid7
from trainer.errors import FiguresFixed, RunMissing, RunOfActivity
from trainer.matching import service as matching
from trainer.runs import repository
from trainer.runs.schemas import RunChange, RunIn

SERVICE = "trainer"
_OF_THE_ATHLETE = frozenset({"name", "notes"})
_DECIDING = frozenset({"date", "distance", "duration", "start_time"})
"""What the matching looks at."""

Stored = Mapping[Any, Any]
Columns = dict[str, Any]


async def find(session: AsyncSession, athlete_id: UUID, run_id: UUID) -> Stored:
    """Return the athlete's run as it is stored. Raises ``RunMissing``, also for one of somebody else."""
    run = await repository.stored(session, athlete_id, run_id)
    if run is None:
        raise RunMissing
    return run


async def show(session: AsyncSession, athlete_id: UUID, run_id: UUID) -> dict[str, Any]:
    """Return the athlete's run as the API shows it. Raises ``RunMissing``."""
    run = await repository.shown(session, athlete_id, run_id)
    if run is None:
        raise RunMissing
    return run


async def create(session: AsyncSession, athlete_id: UUID, body: RunIn) -> UUID:
    """Enter a run by hand. Raises ``WorkoutMissing``."""
    run_id = await add(session, athlete_id, columns_of(body), actor=str(athlete_id))
    if body.workout_id is not None:
        run = await find(session, athlete_id, run_id)
        dates = await matching.link(session, athlete_id, run, body.workout_id)
        await matching.rematch(session, athlete_id, dates)
    return run_id


async def add(session: AsyncSession, athlete_id: UUID, columns: Columns, *, actor: str) -> UUID:
    """Add a run and find its workout."""
    run_id = uuid7()
    await repository.add(session, {"notes": "", **columns, "id": run_id, "athlete_id": athlete_id})
    _audit(session, actor, run_id, "created")
    await matching.rematch(session, athlete_id, {columns["date"]})
    return run_id


async def change(session: AsyncSession, athlete_id: UUID, run: Stored, body: RunIn | RunChange) -> None:
    """Write what a body names. Raises ``FiguresFixed`` and ``WorkoutMissing``."""
    columns = columns_of(body) if isinstance(body, RunIn) else columns_of_change(body)
    if run["activity_id"] is not None:
        columns = {name: columns[name] for name in columns.keys() & body.model_fields_set}
        _need_figures_untouched(run, columns)
        if columns.get("name", run["name"]) != run["name"]:
            columns["named_by_hand"] = True
    await update(session, athlete_id, run, columns, actor=str(athlete_id))
    if "workout_id" in body.model_fields_set and body.workout_id != run["workout_id"]:
        now = await find(session, athlete_id, run["id"])
        dates = await matching.link(session, athlete_id, now, body.workout_id)
        await matching.rematch(session, athlete_id, dates)


async def update(session: AsyncSession, athlete_id: UUID, run: Stored, columns: Columns, *, actor: str) -> None:
    """Write what differs, and match again where the matching looks at it."""
    changed = {name: value for name, value in columns.items() if run[name] != value}
    if not changed:
        return
    await repository.change(session, run["id"], changed)
    _audit(session, actor, run["id"], "updated")
    if changed.keys() & _DECIDING:
        dates: set[dt.date] = {run["date"], {**run, **columns}["date"]}
        await matching.rematch(session, athlete_id, dates)


async def delete(session: AsyncSession, athlete_id: UUID, run: Stored) -> None:
    """Delete a run that was entered by hand. Raises ``RunOfActivity``."""
    if run["activity_id"] is not None:
        raise RunOfActivity
    await remove(session, athlete_id, run, actor=str(athlete_id))


async def remove(session: AsyncSession, athlete_id: UUID, run: Stored, *, actor: str) -> None:
    """Take a run out of the log; its workout looks for another one."""
    dates: set[dt.date] = {run["date"]}
    if run["workout_id"] is not None:
        dates |= await matching.release(session, athlete_id, {run["workout_id"]})
        dates |= await matching.days_of(session, athlete_id, run["workout_id"])
    await repository.remove(session, run["id"])
    _audit(session, actor, run["id"], "deleted")
    await matching.rematch(session, athlete_id, dates)


def columns_of(body: RunIn) -> Columns:
    """What the whole of a run writes, without its workout."""
    columns = {name: getattr(body, name) for name in RunIn.model_fields if name != "workout_id"}
    return {**columns, "elapsed_time": body.elapsed_time or body.duration}


def columns_of_change(body: RunChange) -> Columns:
    """What a change writes: only what it names, without its workout."""
    return {name: getattr(body, name) for name in body.model_fields_set if name != "workout_id"}


def _need_figures_untouched(run: Stored, columns: Columns) -> None:
    touched = sorted(name for name, value in columns.items() if name not in _OF_THE_ATHLETE and run[name] != value)
    if touched:
        errors = [FieldError(pointer=f"/body/{name}", message="belongs to the activity") for name in touched]
        raise FiguresFixed(f"Not accepted: {', '.join(touched)}.", errors=errors)


def _audit(session: AsyncSession, actor: str, run_id: UUID, action: str) -> None:
    audit.record(session, SERVICE, actor=actor, action=f"run.{action}", target=str(run_id))
