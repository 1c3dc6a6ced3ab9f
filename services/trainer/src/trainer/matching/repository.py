"""Rows between which pairs are made."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Row, Select, any_, bindparam, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from trainer.models import Run, Workout
from trainer.versions import among

_CHANGED = {"version": Run.version + 1, "updated_at": func.now()}


def _on(column: InstrumentedAttribute[dt.date], dates: Collection[dt.date]) -> Any:
    return column == any_(literal(sorted(dates), ARRAY(Date)))


async def runs_on(session: AsyncSession, athlete_id: UUID, dates: Collection[dt.date]) -> Sequence[Row[Any]]:
    """The runs of these days that nobody has decided by hand."""
    columns: tuple[Any, ...] = (
        Run.id,
        Run.date,
        Run.distance,
        Run.duration,
        Run.start_time,
        Run.workout_id,
        Run.match_reason,
    )
    query: Select[Any] = select(*columns).where(
        Run.athlete_id == athlete_id, _on(Run.date, dates), Run.matched_by_hand.is_(False)
    )
    found: Sequence[Row[Any]] = (await session.execute(query)).all()
    return found


async def workouts_on(session: AsyncSession, athlete_id: UUID, dates: Collection[dt.date]) -> Sequence[Row[Any]]:
    """The workouts of these days that wait for a run: no rest, not skipped, not paired by hand."""
    by_hand = select(Run.id).where(Run.workout_id == Workout.id, Run.matched_by_hand).exists()
    columns: tuple[Any, ...] = (
        Workout.id,
        Workout.date,
        Workout.kind,
        func.coalesce(Workout.given_distance, Workout.derived_distance).label("distance"),
        func.coalesce(Workout.given_duration, Workout.derived_duration).label("duration"),
    )
    query: Select[Any] = select(*columns).where(
        Workout.athlete_id == athlete_id,
        _on(Workout.date, dates),
        Workout.kind != "rest",
        func.coalesce(Workout.mark, "") != "skipped",
        ~by_hand,
    )
    found: Sequence[Row[Any]] = (await session.execute(query)).all()
    return found


async def unpair(session: AsyncSession, run_ids: Collection[UUID]) -> None:
    """Take the workouts from these runs, so that each is free for another one."""
    if run_ids:
        statement = update(Run).where(among(Run.id, run_ids)).values(workout_id=None, match_reason=None)
        await session.execute(statement.execution_options(synchronize_session=False))


async def pair(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Give runs their workouts: rows of ``run``, ``workout`` and ``reason``, the latter two may be None."""
    if rows:
        values = {"workout_id": bindparam("workout"), "match_reason": bindparam("reason"), **_CHANGED}
        statement = update(Run.__table__).where(Run.__table__.c.id == bindparam("run")).values(values)  # type: ignore[arg-type] # a mapped class has a Table
        connection = await session.connection()
        await connection.execute(statement, rows)


async def release(session: AsyncSession, workout_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """Free the runs of these workouts, also those paired by hand; return their ids, days and workouts were."""
    if not workout_ids:
        return []
    columns: tuple[Any, ...] = (Run.id, Run.date, Run.workout_id)
    freed: Select[Any] = select(*columns).where(among(Run.workout_id, workout_ids))
    rows: Sequence[Row[Any]] = (await session.execute(freed)).all()
    statement = (
        update(Run)
        .where(among(Run.workout_id, workout_ids))
        .values(workout_id=None, match_reason=None, matched_by_hand=False, **_CHANGED)
    )
    await session.execute(statement.execution_options(synchronize_session=False))
    return rows


async def link(session: AsyncSession, run_id: UUID, workout_id: UUID | None, reason: str | None) -> None:
    """Write down what the athlete decided for a run."""
    values = {"workout_id": workout_id, "match_reason": reason, "matched_by_hand": True, **_CHANGED}
    statement = update(Run).where(Run.id == run_id).values(values)
    await session.execute(statement.execution_options(synchronize_session=False))


async def date_of_workout(session: AsyncSession, athlete_id: UUID, workout_id: UUID) -> dt.date | None:
    query = select(Workout.date).where(Workout.id == workout_id, Workout.athlete_id == athlete_id)
    return await session.scalar(query)


async def unskip(session: AsyncSession, workout_id: UUID) -> None:
    """A workout that was run after all is no longer skipped."""
    statement = update(Workout).where(Workout.id == workout_id, Workout.mark == "skipped").values(mark=None)
    await session.execute(statement.execution_options(synchronize_session=False))
