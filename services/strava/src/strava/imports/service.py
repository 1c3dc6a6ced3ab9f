"""What an athlete can do with an import: look at it, commit a preview, take it all back."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from common.errors import Conflict, NotFound
from strava.imports import repository
from strava.imports.intake import BULK, FEW, QUEUE, enqueue
from strava.imports.repository import OPEN, UNDOING, UNDONE, Batch
from strava.imports.schemas import ImportItemOut, ImportOut, ImportState, ImportSummary, LeftOut

UNDO_IMPORT = "undo-import"
INLINE_ITEMS = 200
NAMED = 10


class ImportMissing(NotFound):
    code = "import.not_found"
    title = "No such import"
    next_steps = "Check the id; /imports lists yours. Previews are forgotten after seven days."


class NotAPreview(Conflict):
    code = "import.not_a_preview"
    title = "This import is no preview that waits"
    next_steps = "Look at its state: a preview can be committed once, when every file of it was looked at."


class EditedSince(Conflict):
    code = "import.edited_since"
    title = "Activities of this import were changed by hand since"
    next_steps = "Repeat the request with ?confirm=true to take the import back all the same."


async def find(session: AsyncSession, athlete_id: UUID, import_id: UUID) -> Batch:
    """Return the athlete's batch. Raises ``ImportMissing``, also for one of somebody else."""
    batch = await repository.batch(session, athlete_id, import_id)
    if batch is None:
        raise ImportMissing
    return batch


def state_of(batch: Batch) -> ImportState:
    """A batch is done when every file has an outcome, and failed when none of them could be worked through."""
    if batch.state == UNDONE:
        return "undone"
    if batch.state == UNDOING:
        return "running"
    if batch.done < batch.total:
        return "running" if batch.done else "pending"
    if batch.dry_run:
        return "preview"
    return "failed" if batch.failed == batch.total else "done"


def summary_of(batch: Batch) -> ImportSummary:
    return ImportSummary(
        id=batch.id,
        state=state_of(batch),
        dry_run=batch.dry_run,
        total=batch.total,
        done=batch.total if batch.state == UNDONE else batch.done,
        created_at=batch.created_at,
    )


async def report(session: AsyncSession, batch: Batch) -> ImportOut:
    """The batch with its first files."""
    items = await repository.items(session, batch.id, None, INLINE_ITEMS)
    return ImportOut(
        **summary_of(batch).model_dump(),
        left_out=[LeftOut.model_validate(each) for each in batch.left_out],
        items=[ImportItemOut.model_validate(item) for item in items],
    )


async def rendered_report(session: AsyncSession, batch: Batch) -> bytes:
    """The same written out, without the detour over objects: what the rows hold was made by this service."""
    items = await repository.items(session, batch.id, None, INLINE_ITEMS)
    content = {
        **summary_of(batch).model_dump(),
        "left_out": [LeftOut.model_validate(each).model_dump() for each in batch.left_out],
        "items": [_rendered(item) for item in items],
    }
    return orjson.dumps(content, default=str, option=orjson.OPT_UTC_Z)  # asyncpg has a UUID of its own


def _rendered(item: Row[Any]) -> dict[str, Any]:
    """A file as `ImportItemOut` shows it."""
    activities = [{**each, "start_time": each["start_time"].replace("+00:00", "Z")} for each in item.activities]
    shown = {name: getattr(item, name) for name in ("name", "state", "reason", "quality", "activity_ids")}
    return {**shown, "activities": activities}


async def commit(session: AsyncSession, athlete_id: UUID, import_id: UUID) -> Batch:
    """Have the files of a preview imported for good. Raises ``ImportMissing``, ``NotAPreview``."""
    row = await repository.held(session, athlete_id, import_id)
    before = await find(session, athlete_id, import_id)
    if row is None or state_of(before) != "preview":
        raise NotAPreview(f"The import is {_called(before)}.")
    row.dry_run = False
    await session.flush()
    items = await repository.reopen(session, import_id)
    priority = BULK if len(items) > FEW else 0
    enqueue(session, items, athlete_id, priority=priority)
    await session.flush()
    return await find(session, athlete_id, import_id)


def _called(batch: Batch) -> str:
    state = state_of(batch)
    return f"{state}, and a preview" if batch.dry_run else state


async def undo(session: AsyncSession, athlete_id: UUID, import_id: UUID, *, confirmed: bool) -> Batch:
    """Take back what a batch brought, as a job; files that are still waiting are not brought any more.

    Again is harmless. Raises ``ImportMissing``, and ``EditedSince`` unless ``confirmed``.
    """
    row = await repository.held(session, athlete_id, import_id)
    if row is None:
        raise ImportMissing
    if row.state == OPEN:
        if not confirmed and (edited := await repository.edited_since(session, import_id, NAMED + 1)):
            raise EditedSince(_told_of(edited))
        row.state = UNDOING
        await session.flush()
    if row.state == UNDOING and not await repository.undo_is_waiting(session, UNDO_IMPORT, import_id):
        payload = {"import_id": str(import_id)}
        jobs.enqueue(session, UNDO_IMPORT, payload, queue=QUEUE, subject_id=athlete_id)
        await session.flush()
    return await find(session, athlete_id, import_id)


def _told_of(edited: list[tuple[UUID, str]]) -> str:
    shown = "; ".join(f"{name} ({activity_id})" for activity_id, name in edited[:NAMED])
    return f"Changed since: {shown}{' and more' if len(edited) > NAMED else ''}."
