"""Rows of runs."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Text, cast, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from common.pagination import Keyset, PageParams
from trainer.models import Run

ORDER = Keyset((Run.date, "desc"), (Run.id, "desc"))
COLUMNS: tuple[Any, ...] = (
    cast(Run.id, Text).label("id"),
    Run.date,
    Run.name,
    Run.sport,
    Run.start_time,
    Run.timezone,
    Run.distance,
    Run.duration,
    Run.elapsed_time,
    Run.average_heartrate,
    cast(Run.activity_id, Text).label("activity_id"),
    cast(Run.workout_id, Text).label("workout_id"),
    Run.match_reason,
    Run.notes,
    Run.version,
)
_UNSEEN = {"synchronize_session": False}


def rendered(row: Row[Any]) -> dict[str, Any]:
    """A run's row as the API shows it."""
    return {**row._mapping, "source": "activity" if row.activity_id else "manual"}  # noqa: SLF001 - a public name


async def lock_activity(session: AsyncSession, activity_id: UUID) -> None:
    """Wait until nobody else works on the activity, and keep it until the transaction ends."""
    # Advisory locks are shared by the whole database, hence the service's name.
    key = func.hashtextextended(f"trainer activity {activity_id}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def shown(session: AsyncSession, athlete_id: UUID, run_id: UUID) -> dict[str, Any] | None:
    """The athlete's run as the API shows it."""
    query: Select[Any] = select(*COLUMNS).where(Run.id == run_id, Run.athlete_id == athlete_id)
    row = (await session.execute(query)).one_or_none()
    return rendered(row) if row else None


async def stored(session: AsyncSession, athlete_id: UUID, run_id: UUID) -> Mapping[Any, Any] | None:
    """The athlete's run with all its columns."""
    query = select(*Run.__table__.c).where(Run.id == run_id, Run.athlete_id == athlete_id)
    return (await session.execute(query)).mappings().one_or_none()


async def of_activity(session: AsyncSession, activity_id: UUID) -> Mapping[Any, Any] | None:
    """The run that was made from an activity, with all its columns."""
    query = select(*Run.__table__.c).where(Run.activity_id == activity_id)
    return (await session.execute(query)).mappings().one_or_none()


async def page_of(
    session: AsyncSession, athlete_id: UUID, since: dt.date | None, until: dt.date | None, paging: PageParams
) -> dict[str, Any]:
    """Return a page of the athlete's runs, the latest day first; first and last day included."""
    query: Select[Any] = select(*COLUMNS).where(Run.athlete_id == athlete_id, ORDER.where(paging.cursor))
    if since is not None:
        query = query.where(Run.date >= since)
    if until is not None:
        query = query.where(Run.date <= until)
    rows = (await session.execute(query.order_by(*ORDER.order_by()).limit(paging.limit + 1))).all()
    page = ORDER.page(rows, paging.limit, lambda row: (row.date, row.id), rendered)
    return {"items": page.items, "next_cursor": page.next_cursor}


async def between(
    session: AsyncSession, athlete_id: UUID, since: dt.date, until: dt.date, limit: int
) -> list[dict[str, Any]]:
    """The athlete's runs of these days, first and last included, by date and start."""
    query: Select[Any] = select(*COLUMNS).where(Run.athlete_id == athlete_id, Run.date.between(since, until))
    query = query.order_by(Run.date, Run.start_time, Run.id).limit(limit)
    return [rendered(row) for row in await session.execute(query)]


async def add(session: AsyncSession, columns: Mapping[str, Any]) -> None:
    await session.execute(insert(Run), [columns])


async def change(session: AsyncSession, run_id: UUID, columns: Mapping[str, Any]) -> None:
    """Write columns and count the version up."""
    values = {**columns, "version": Run.version + 1, "updated_at": func.now()}
    await session.execute(update(Run).where(Run.id == run_id).values(values).execution_options(**_UNSEEN))


async def see(session: AsyncSession, run_id: UUID, activity_version: int) -> None:
    """Remember the newest version of its activity that was seen."""
    statement = update(Run).where(Run.id == run_id).values(activity_version=activity_version)
    await session.execute(statement.execution_options(**_UNSEEN))


async def remove(session: AsyncSession, run_id: UUID) -> None:
    await session.execute(delete(Run).where(Run.id == run_id).execution_options(**_UNSEEN))
