"""Rows of plans."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, Select, Text, cast, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from common.pagination import Keyset, PageParams
from trainer.models import Plan, Run, Workout
from trainer.versions import among

ORDER = Keyset((Plan.start_date, "desc"), (Plan.id, "desc"))
COLUMNS: tuple[Any, ...] = (
    Plan.id,
    Plan.name,
    Plan.description,
    Plan.start_date,
    Plan.end_date,
    cast(Plan.goal, Text).label("goal"),
    cast(Plan.phases, Text).label("phases"),
    Plan.version,
    Plan.created_at,
    Plan.updated_at,
)
_UNSEEN = {"synchronize_session": False}


def rendered(row: Row[Any]) -> dict[str, Any]:
    """A plan's row as the API shows it, without workouts."""
    return {
        "id": str(row.id),
        "name": row.name,
        "description": row.description,
        "start_date": row.start_date,
        "end_date": row.end_date,
        "goal": orjson.Fragment(row.goal) if row.goal is not None else None,
        "phases": orjson.Fragment(row.phases),
        "version": row.version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


async def shown(session: AsyncSession, athlete_id: UUID, plan_id: UUID) -> dict[str, Any] | None:
    """The athlete's plan as the API shows it, without workouts."""
    query: Select[Any] = select(*COLUMNS).where(Plan.id == plan_id, Plan.athlete_id == athlete_id)
    row = (await session.execute(query)).one_or_none()
    return rendered(row) if row else None


async def version_of(session: AsyncSession, athlete_id: UUID, plan_id: UUID) -> int | None:
    return await session.scalar(select(Plan.version).where(Plan.id == plan_id, Plan.athlete_id == athlete_id))


async def stored(session: AsyncSession, athlete_id: UUID, plan_id: UUID) -> Mapping[Any, Any] | None:
    """The athlete's plan with all its columns."""
    query = select(*Plan.__table__.c).where(Plan.id == plan_id, Plan.athlete_id == athlete_id)
    return (await session.execute(query)).mappings().one_or_none()


async def page_of(session: AsyncSession, athlete_id: UUID, paging: PageParams) -> dict[str, Any]:
    """Return a page of the athlete's plans, the latest start first, with how much of each is done."""
    query: Select[Any] = select(*COLUMNS).where(Plan.athlete_id == athlete_id, ORDER.where(paging.cursor))
    rows = (await session.execute(query.order_by(*ORDER.order_by()).limit(paging.limit + 1))).all()
    counts = await _counts(session, [row.id for row in rows])

    def item(row: Row[Any]) -> dict[str, Any]:
        total, completed = counts.get(row.id, (0, 0))
        return {**rendered(row), "workout_count": total, "completed_count": completed}

    page = ORDER.page(rows, paging.limit, lambda row: (row.start_date, row.id), item)
    return {"items": page.items, "next_cursor": page.next_cursor}


async def _counts(session: AsyncSession, plan_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    completed = func.count().filter(Run.id.is_not(None) | (Workout.mark == "completed"))
    columns: tuple[Any, ...] = (Workout.plan_id, func.count(), completed)
    query = select(*columns).outerjoin(Run, Run.workout_id == Workout.id).where(among(Workout.plan_id, plan_ids))
    rows = await session.execute(query.group_by(Workout.plan_id)) if plan_ids else ()
    return {plan_id: (total, done) for plan_id, total, done in rows}


async def workout_ids(session: AsyncSession, plan_id: UUID) -> Sequence[UUID]:
    return (await session.scalars(select(Workout.id).where(Workout.plan_id == plan_id))).all()


async def add(session: AsyncSession, columns: Mapping[str, Any]) -> None:
    await session.execute(insert(Plan), [columns])


async def change(session: AsyncSession, plan_id: UUID, columns: Mapping[str, Any]) -> None:
    """Write columns and count the version up."""
    values = {**columns, "version": Plan.version + 1, "updated_at": func.now()}
    await session.execute(update(Plan).where(Plan.id == plan_id).values(values).execution_options(**_UNSEEN))


async def remove(session: AsyncSession, plan_id: UUID) -> None:
    """Delete a plan; its workouts go with it."""
    await session.execute(delete(Plan).where(Plan.id == plan_id).execution_options(**_UNSEEN))
