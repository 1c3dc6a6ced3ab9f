"""Rows of workouts."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Row, Select, Text, case, cast, delete, func, insert, select
from sqlalchemy import update as update_rows
from sqlalchemy.ext.asyncio import AsyncSession

from common.pagination import Keyset, PageParams
from trainer.models import Run, Workout
from trainer.versions import among

ORDER = Keyset((Workout.date, "asc"), (Workout.id, "asc"))
STATUS = case((Run.id.is_not(None), "completed"), else_=func.coalesce(Workout.mark, "planned"))
# Read as text where nothing is computed with them: that spares an object for every id and every step.
COLUMNS = (
    cast(Workout.id, Text).label("id"),
    cast(Workout.plan_id, Text).label("plan_id"),
    Workout.date,
    Workout.name,
    Workout.description,
    Workout.kind,
    cast(Workout.steps, Text).label("steps"),
    func.coalesce(Workout.given_distance, Workout.derived_distance).label("distance"),
    func.coalesce(Workout.given_duration, Workout.derived_duration).label("duration"),
    Workout.given_load.label("load"),
    STATUS.label("status"),
    cast(Run.id, Text).label("run_id"),
    Workout.version,
)
_STORED = (*Workout.__table__.c, Run.id.label("run_id"), STATUS.label("status"))


def _joined(*columns: Any) -> Select[Any]:
    return select(*columns).select_from(Workout).outerjoin(Run, Run.workout_id == Workout.id)


def rendered(row: Row[Any]) -> dict[str, Any]:
    """A workout's row as the API shows it."""
    return {
        "id": row.id,
        "plan_id": row.plan_id,
        "date": row.date,
        "name": row.name,
        "description": row.description,
        "kind": row.kind,
        "steps": orjson.Fragment(row.steps),
        "planned": {"distance": row.distance, "duration": row.duration, "load": row.load},
        "status": row.status,
        "run_id": row.run_id,
        "version": row.version,
    }


def matching(
    since: dt.date | None = None, until: dt.date | None = None, status: str | None = None, plan: UUID | None = None
) -> list[ColumnElement[bool]]:
    """Conditions for what is asked for, first and last day included."""
    found: list[ColumnElement[bool]] = []
    if since is not None:
        found.append(Workout.date >= since)
    if until is not None:
        found.append(Workout.date <= until)
    if status is not None:
        found.append(STATUS.in_([status]))
    if plan is not None:
        found.append(Workout.plan_id == plan)
    return found


async def shown(session: AsyncSession, athlete_id: UUID, workout_id: UUID) -> dict[str, Any] | None:
    """The athlete's workout as the API shows it."""
    query = _joined(*COLUMNS).where(Workout.id == workout_id, Workout.athlete_id == athlete_id)
    row = (await session.execute(query)).one_or_none()
    return rendered(row) if row else None


async def version_of(session: AsyncSession, athlete_id: UUID, workout_id: UUID) -> int | None:
    query = select(Workout.version).where(Workout.id == workout_id, Workout.athlete_id == athlete_id)
    return await session.scalar(query)


async def page_of(
    session: AsyncSession, athlete_id: UUID, conditions: Sequence[ColumnElement[bool]], paging: PageParams
) -> dict[str, Any]:
    """Return a page of the athlete's workouts, by date."""
    query = _joined(*COLUMNS).where(Workout.athlete_id == athlete_id, ORDER.where(paging.cursor), *conditions)
    rows = (await session.execute(query.order_by(*ORDER.order_by()).limit(paging.limit + 1))).all()
    page = ORDER.page(rows, paging.limit, lambda row: (row.date, row.id), rendered)
    return {"items": page.items, "next_cursor": page.next_cursor}


async def of_plan(session: AsyncSession, plan_id: UUID) -> list[dict[str, Any]]:
    """All workouts of a plan as the API shows them, by date."""
    query = _joined(*COLUMNS).where(Workout.plan_id == plan_id).order_by(*ORDER.order_by())
    return [rendered(row) for row in await session.execute(query)]


async def between(
    session: AsyncSession, athlete_id: UUID, since: dt.date, until: dt.date, limit: int
) -> list[dict[str, Any]]:
    """The athlete's workouts of these days, first and last included, by date."""
    query = _joined(*COLUMNS).where(Workout.athlete_id == athlete_id, Workout.date.between(since, until))
    return [rendered(row) for row in await session.execute(query.order_by(*ORDER.order_by()).limit(limit))]


async def stored(session: AsyncSession, athlete_id: UUID, workout_id: UUID) -> Mapping[Any, Any] | None:
    """The athlete's workout with all its columns, its run and its status."""
    query = _joined(*_STORED).where(Workout.id == workout_id, Workout.athlete_id == athlete_id)
    found: Mapping[Any, Any] | None = (await session.execute(query)).mappings().one_or_none()
    return found


async def stored_of_plan(session: AsyncSession, plan_id: UUID) -> Sequence[Mapping[Any, Any]]:
    """All workouts of a plan with all their columns."""
    query = _joined(*_STORED).where(Workout.plan_id == plan_id)
    found: Sequence[Mapping[Any, Any]] = (await session.execute(query)).mappings().all()
    return found


async def count_of_plan(session: AsyncSession, plan_id: UUID) -> int:
    return await session.scalar(select(func.count()).select_from(Workout).where(Workout.plan_id == plan_id)) or 0


async def add(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert workouts, all with the same columns."""
    if rows:
        await session.execute(insert(Workout), rows)


async def change(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change workouts by their ``id``, all in the same columns."""
    if rows:
        await session.execute(update_rows(Workout), rows)


async def remove(session: AsyncSession, workout_ids: Collection[UUID]) -> None:
    if workout_ids:
        statement = delete(Workout).where(among(Workout.id, workout_ids))
        await session.execute(statement.execution_options(synchronize_session=False))
