"""Rows of imports. Whose they are is part of every query."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Row,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import Job, JobState
from common.pagination import Keyset
from strava.models import Activity, ActivityAudit, Import, ImportItem, ImportPreview, Recording

BATCHES = Keyset((Import.id, "desc"))
ITEMS = Keyset((ImportItem.id, "asc"))

OPEN, UNDOING, UNDONE = "pending", "undoing", "undone"
"""States of a batch: working or worked through; being taken back; taken back."""

BROUGHT = ("imported", "merged")
UNFINISHED = ("pending", "failed")


@dataclass(frozen=True)
class Batch:
    """An import with its counts; ``done`` counts files with an outcome, or taken back when it is being undone."""

    id: UUID
    athlete_id: UUID
    created_at: datetime
    state: str
    dry_run: bool
    total: int
    done: int
    failed: int
    left_out: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Work:
    """An item that is to be worked through, and what it is part of."""

    item: ImportItem
    athlete_id: UUID
    dry_run: bool


_COLUMNS = (Import.id, Import.athlete_id, Import.created_at, Import.state, Import.dry_run, Import.left_out)
_ITEMS = (
    select(
        ImportItem.id,
        ImportItem.name,
        ImportItem.state,
        ImportItem.reason,
        ImportItem.quality,
        ImportItem.activity_ids,
        ImportItem.activities,
    )
    .where(ImportItem.import_id == bindparam("batch"))
    .order_by(*ITEMS.order_by())
    .limit(bindparam("most"))
)


def _batches() -> Select[Any]:
    finished = case(
        (Import.state == UNDOING, ImportItem.state.not_in(("pending", *BROUGHT))), else_=ImportItem.state != "pending"
    )
    counts = (
        select(
            func.count().label("total"),
            func.count().filter(finished).label("done"),
            func.count().filter(ImportItem.state == "failed").label("failed"),
        )
        .where(ImportItem.import_id == Import.id)
        .lateral("counts")
    )
    return select(*_COLUMNS, counts.c.total, counts.c.done, counts.c.failed).join(counts, literal_column("true"))


_ALL_BATCHES = _batches()
_BATCHES = _ALL_BATCHES.where(Import.athlete_id == bindparam("athlete"))
_BATCH = _BATCHES.where(Import.id == bindparam("batch"))


async def batch(session: AsyncSession, athlete_id: UUID, import_id: UUID) -> Batch | None:
    rows = await session.execute(_BATCH, {"athlete": athlete_id, "batch": import_id})
    row = rows.mappings().first()
    return Batch(**row) if row else None


async def batches(session: AsyncSession, athlete_id: UUID, cursor: str | None, limit: int) -> list[Batch]:
    query = _BATCHES.where(BATCHES.where(cursor)).order_by(*BATCHES.order_by()).limit(limit)
    return [Batch(**row) for row in (await session.execute(query, {"athlete": athlete_id})).mappings()]


async def batches_by_id(session: AsyncSession, ids: Sequence[UUID]) -> list[Batch]:
    query = _ALL_BATCHES.where(Import.id.in_(ids))
    return [Batch(**row) for row in (await session.execute(query)).mappings()]


async def held(session: AsyncSession, athlete_id: UUID, import_id: UUID) -> Import | None:
    """Return the athlete's batch and let nobody else change it, nor bring any of its files, until the commit."""
    query = select(Import).where(Import.id == import_id, Import.athlete_id == athlete_id).with_for_update()
    found: Import | None = await session.scalar(query)
    return found


async def items(session: AsyncSession, import_id: UUID, cursor: str | None, limit: int) -> Sequence[Row[Any]]:
    """Rows of a batch's files, of their columns those that are shown."""
    query = _ITEMS if cursor is None else _ITEMS.where(ITEMS.where(cursor))
    return (await session.execute(query, {"batch": import_id, "most": limit})).all()


async def works(session: AsyncSession, item_ids: Sequence[UUID]) -> list[Work]:
    """Return those of the items that have no outcome yet, of a batch that nobody takes back, in order."""
    query = select(ImportItem, Import.athlete_id, Import.dry_run).join(Import).order_by(ImportItem.id)
    open_ = ImportItem.state.in_(UNFINISHED), Import.state == OPEN
    return [Work(*row) for row in await session.execute(query.where(ImportItem.id.in_(item_ids), *open_))]


async def taken(session: AsyncSession, item_id: UUID, import_id: UUID) -> ImportItem | None:
    """Return the item for the transaction that gives it its outcome; None when it has one, or is to be taken back.

    Until the commit nobody else gives it one, and its batch stays as it is.
    """
    return (await taken_together(session, [item_id], import_id)).get(item_id)


async def taken_together(session: AsyncSession, item_ids: Sequence[UUID], import_id: UUID) -> dict[UUID, ImportItem]:
    """The same for several items of one batch."""
    batch_state = await session.scalar(select(Import.state).where(Import.id == import_id).with_for_update(read=True))
    if batch_state != OPEN:
        return {}
    query = select(ImportItem).where(ImportItem.id.in_(item_ids), ImportItem.state.in_(UNFINISHED))
    found = await session.scalars(query.order_by(ImportItem.id).with_for_update())
    return {item.id: item for item in found}


async def previewed(
    session: AsyncSession, import_id: UUID, item_id: UUID, sha256: str, part: int
) -> tuple[UUID, str] | None:
    """Return item and file name of the same content elsewhere in the preview."""
    query = select(ImportItem.id, ImportItem.name).join(ImportPreview, ImportPreview.item_id == ImportItem.id)
    same = ImportPreview.sha256 == sha256, ImportPreview.part == part, ImportPreview.item_id != item_id
    row = (await session.execute(query.where(ImportPreview.import_id == import_id, *same).limit(1))).first()
    return (row[0], row[1]) if row else None


async def previewed_near(
    session: AsyncSession, import_id: UUID, family: str, start: datetime, window: timedelta
) -> list[tuple[UUID, datetime, float, str]]:
    """Return (item, start, elapsed s, file name) of recordings of a family in the preview that start near."""
    query = (
        select(ImportPreview.item_id, ImportPreview.start_time, ImportPreview.elapsed_time, ImportItem.name)
        .join(ImportItem, ImportPreview.item_id == ImportItem.id)
        .where(
            ImportPreview.import_id == import_id,
            ImportPreview.family == family,
            ImportPreview.start_time.between(start - window, start + window),
        )
    )
    return [(row[0], row[1], row[2], row[3]) for row in await session.execute(query)]


async def reopen(session: AsyncSession, import_id: UUID) -> list[UUID]:
    """Give the files of a preview that would bring something their work back; return them."""
    statement = (
        update(ImportItem)
        .where(ImportItem.import_id == import_id, ImportItem.state.in_((*BROUGHT, "duplicate")))
        .values(state="pending", reason=None, activity_ids=[], activities=[])
        .returning(ImportItem.id)
        .execution_options(synchronize_session=False)
    )
    found = sorted(await session.scalars(statement))
    await session.execute(delete(ImportPreview).where(ImportPreview.import_id == import_id))
    return found


async def undoable(session: AsyncSession, import_id: UUID, limit: int) -> Sequence[ImportItem]:
    """The next items that brought something."""
    query = select(ImportItem).where(ImportItem.import_id == import_id, ImportItem.state.in_(BROUGHT))
    return (await session.scalars(query.order_by(ImportItem.id).limit(limit).with_for_update())).all()


async def drop_pending(session: AsyncSession, import_id: UUID) -> None:
    """Take back the files that were not worked through yet."""
    await session.execute(
        update(ImportItem)
        .where(ImportItem.import_id == import_id, ImportItem.state.in_(UNFINISHED))
        .values(state=UNDONE, reason="Taken back before it was imported.")
        .execution_options(synchronize_session=False)
    )


async def settle_undone(session: AsyncSession, import_id: UUID) -> None:
    await session.execute(
        update(Import)
        .where(Import.id == import_id)
        .values(state=UNDONE, updated_at=func.now())
        .execution_options(synchronize_session=False)
    )


async def recordings(session: AsyncSession, recording_ids: Sequence[UUID]) -> Sequence[Recording]:
    """Those of the recordings that are still there."""
    return (await session.scalars(select(Recording).where(Recording.id.in_(recording_ids)))).all()


async def edited_since(session: AsyncSession, import_id: UUID, limit: int) -> list[tuple[UUID, str]]:
    """Return (id, name) of activities that have something of the batch and were changed by hand after it came."""
    brought = select(func.unnest(ImportItem.recording_ids)).where(ImportItem.import_id == import_id)
    by_hand = exists().where(
        ActivityAudit.activity_id == Activity.id,
        ActivityAudit.by_hand,
        ActivityAudit.created_at > Recording.created_at,
    )
    query = (
        select(Activity.id, Activity.name)
        .join(Recording, Recording.activity_id == Activity.id)
        .where(Recording.id.in_(brought), by_hand)
        .distinct()
        .order_by(Activity.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def undo_is_waiting(session: AsyncSession, kind: str, import_id: UUID) -> bool:
    """Whether a job that takes the batch back is queued or runs."""
    waiting = Job.kind == kind, Job.state.in_([JobState.QUEUED, JobState.RUNNING])
    query = select(exists().where(*waiting, Job.payload["import_id"].astext == str(import_id)))
    return bool(await session.scalar(query))


async def forget_previews(session: AsyncSession, before: datetime) -> None:
    """Delete previews of before this time that nobody committed, with their items."""
    await session.execute(delete(Import).where(and_(Import.dry_run, Import.created_at < before)))


async def fail_items_of_dead_jobs(session: AsyncSession, kind: str) -> None:
    """Give an outcome to items whose job, of this kind, was given up."""
    job_of_item = Job.payload["items"].has_key(cast(ImportItem.id, Text))
    reason = "This file could not be worked through. The operator can try it again."
    await session.execute(
        update(ImportItem)
        .where(ImportItem.state == "pending")
        .where(exists().where(Job.state == JobState.DEAD, Job.kind == kind, job_of_item))
        .values(state="failed", reason=reason)
        .execution_options(synchronize_session=False)
    )
