"""Rows of imports. Whose they are is part of every query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, Text, cast, exists, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import Job, JobState
from common.pagination import Keyset
from strava.models import Import, ImportItem

BATCHES = Keyset((Import.id, "desc"))
ITEMS = Keyset((ImportItem.id, "asc"))


@dataclass(frozen=True)
class Batch:
    """An import with its counts."""

    id: UUID
    created_at: datetime
    total: int
    done: int
    failed: int


def _batches(athlete_id: UUID) -> Select[tuple[UUID, datetime, int, int, int]]:
    counts = (
        select(
            func.count().label("total"),
            func.count().filter(ImportItem.state != "pending").label("done"),
            func.count().filter(ImportItem.state == "failed").label("failed"),
        )
        .where(ImportItem.import_id == Import.id)
        .lateral("counts")
    )
    return (
        select(Import.id, Import.created_at, counts.c.total, counts.c.done, counts.c.failed)
        .join(counts, literal_column("true"))
        .where(Import.athlete_id == athlete_id)
    )


async def batch(session: AsyncSession, athlete_id: UUID, import_id: UUID) -> Batch | None:
    rows = await session.execute(_batches(athlete_id).where(Import.id == import_id))
    row = rows.mappings().first()
    return Batch(**row) if row else None


async def batches(session: AsyncSession, athlete_id: UUID, cursor: str | None, limit: int) -> list[Batch]:
    query = _batches(athlete_id).where(BATCHES.where(cursor)).order_by(*BATCHES.order_by()).limit(limit)
    return [Batch(**row) for row in (await session.execute(query)).mappings()]


async def items(session: AsyncSession, import_id: UUID, cursor: str | None, limit: int) -> Sequence[ImportItem]:
    query = select(ImportItem).where(ImportItem.import_id == import_id, ITEMS.where(cursor))
    return (await session.scalars(query.order_by(*ITEMS.order_by()).limit(limit))).all()


async def item(session: AsyncSession, item_id: UUID, *, lock: bool = False) -> tuple[ImportItem, UUID] | None:
    """Return an item and whose it is; ``lock`` holds the item until the transaction ends."""
    query = select(ImportItem, Import.athlete_id).join(Import).where(ImportItem.id == item_id)
    row = (await session.execute(query.with_for_update(of=ImportItem) if lock else query)).first()
    return (row[0], row[1]) if row else None


async def fail_items_of_dead_jobs(session: AsyncSession) -> None:
    """Give an outcome to items whose job was given up."""
    job_of_item = Job.payload["item_id"].astext == cast(ImportItem.id, Text)
    reason = "This file could not be worked through. The operator can try it again."
    await session.execute(
        update(ImportItem)
        .where(ImportItem.state == "pending", exists().where(Job.state == JobState.DEAD, job_of_item))
        .values(state="failed", reason=reason)
        .execution_options(synchronize_session=False)
    )
