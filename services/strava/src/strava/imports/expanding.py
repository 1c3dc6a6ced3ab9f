"""An archive becomes an item per file in it, some at a time, so that work begins while the rest is unpacked."""

import asyncio
import hashlib
import os
from collections.abc import Coroutine, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from sqlalchemy import delete

from common import jobs
from common.ids import uuid7
from common.jobrunner import JobContext
from strava.files import Entry, FileRefused
from strava.files.accounts import Told
from strava.files.archive import Archive
from strava.files.contents import Contents, Unit, counted
from strava.imports import repository
from strava.imports.intake import BULK, TOGETHER, enqueue, original_key
from strava.imports.repository import Work
from strava.models import ImportItem
from strava.sandbox import Sandbox, SandboxKilled

AT_ONCE = TOGETHER
MOST_STORING = 8 << 20
NOTHING = "The archive holds no activities."


class Storing:
    """Originals on their way to the object store while the next is unpacked; little of them is in memory at once."""

    def __init__(self) -> None:
        self._under_way: dict[asyncio.Task[bool], int] = {}

    async def add(self, put: Coroutine[Any, Any, bool], size: int) -> None:
        """Begin to store ``size`` bytes, once there is room for them."""
        while self._under_way and sum(self._under_way.values()) + size > MOST_STORING:
            await self._settle(await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED))
        self._under_way[asyncio.create_task(put)] = size

    async def done(self) -> None:
        """Wait until all is stored. Raises what the storing of any raised."""
        if self._under_way:
            await self._settle(await asyncio.wait(self._under_way))

    async def aclose(self) -> None:
        """Wait for what is under way, whatever becomes of it: nothing may go on behind a job that has failed."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _settle(self, waited: tuple[set[asyncio.Task[bool]], set[asyncio.Task[bool]]]) -> None:
        for task in waited[0]:
            del self._under_way[task]
            await task


@dataclass
class Progress:
    """How far an archive was worked through; it is kept with the job."""

    place: int = 0
    items: int = 0
    left_out: list[dict[str, Any]] = field(default_factory=list)
    found: list[ImportItem] = field(default_factory=list)
    storing: Storing = field(default_factory=Storing)

    def as_payload(self) -> dict[str, Any]:
        return {"place": self.place, "made": self.items, "left_out": self.left_out}


async def expand(context: JobContext, work: Work, original: BinaryIO, sandbox: Sandbox) -> None:
    """Replace an archive's item by one per file in it, each with its own job; its own item goes at the end.

    How far it came is kept with the job, in the transaction that adds the items: it can be begun again anywhere.
    """
    try:
        archive = await asyncio.to_thread(lambda: Archive(original, original.seek(0, os.SEEK_END)))
    except FileRefused as refused:
        await _reject(context, work, refused.reason)
        return
    with archive:
        contents = Contents(archive)
        notes = await _describe(contents, sandbox)
        payload = context.payload
        progress = Progress(payload.get("place", 0), payload.get("made", 0), payload.get("left_out", []))
        if progress.place == 0:
            progress.left_out = counted(notes)
        async with aclosing(progress.storing):
            if not await _walk(context, work, contents, progress):
                return
        if archive.broken is not None:
            progress.items += 1
            progress.found.append(_refused(work, work.item.name, archive.broken))
    await _finish(context, work, progress)


async def _describe(contents: Contents, sandbox: Sandbox) -> list[str]:
    """Read the archive's own lists; one that cannot be read costs the names in it, and is told of."""
    notes = []
    entries = contents.lists()
    while (entry := await asyncio.to_thread(_next_entry, entries)) is not None:
        try:
            contents.describe(await _told(contents, sandbox, entry))
        except (FileRefused, SandboxKilled) as refused:
            notes.append(refused.reason)
    return notes


async def _told(contents: Contents, sandbox: Sandbox, entry: Entry) -> tuple[Told, ...]:
    if entry.refused is not None:
        raise entry.refused
    return await sandbox.read_list("garmin" if contents.layout.kind == "garmin" else "strava", entry.data)


def _next_entry(entries: Iterator[Entry]) -> Entry | None:
    return next(entries, None)


def _next_unit(units: Iterator[Unit]) -> Unit | None:
    return next(units, None)


async def _walk(context: JobContext, work: Work, contents: Contents, progress: Progress) -> bool:
    """Make items of everything from ``progress.place`` on; False when the batch is to be taken back."""
    units = contents.units()
    for _ in range(progress.place):
        await asyncio.to_thread(_next_unit, units)
    while (unit := await asyncio.to_thread(_next_unit, units)) is not None:
        progress.place += 1
        await _take(context, work, contents, unit, progress)
        if len(progress.found) >= AT_ONCE and not await _save(context, work, progress):
            return False
    return True


async def _take(context: JobContext, work: Work, contents: Contents, unit: Unit, progress: Progress) -> None:
    entry = None
    if unit.read is not None:
        entry = await asyncio.to_thread(unit.read)
        unit = contents.look(unit, entry)
    if unit.left_out is not None:
        progress.left_out = counted([unit.left_out], progress.left_out)
        return
    if entry is not None and entry.refused is not None:
        item = _refused(work, entry.name, entry.refused)
    else:
        item = ImportItem(id=uuid7(), import_id=work.item.import_id, name=unit.name, state="pending", told={})
        if unit.told is not None:
            item.told = unit.told.as_json()
        if entry is not None:
            item.name = entry.name
            item.sha256 = hashlib.sha256(entry.data).hexdigest()
            item.object_key = original_key(work.athlete_id, item.sha256)
            put = context.resources.objects.put(item.object_key, entry.data, if_absent=False)
            await progress.storing.add(put, len(entry.data))
    progress.items += 1
    progress.found.append(item)


def _refused(work: Work, name: str, refused: FileRefused) -> ImportItem:
    return ImportItem(
        id=uuid7(),
        import_id=work.item.import_id,
        name=name,
        state="rejected",
        reason=refused.reason,
        told={},
    )


async def _save(context: JobContext, work: Work, progress: Progress) -> bool:
    """Write the items with their jobs; False when the batch is to be taken back."""
    await progress.storing.done()
    items, progress.found = progress.found, []
    async with context.resources.database.transaction() as session:
        if await repository.taken(session, work.item.id, work.item.import_id) is None:
            return False
        await jobs.save_payload(session, context.job, {**context.payload, **progress.as_payload()})
        session.add_all(items)
        await session.flush()
        waiting = [each.id for each in items if each.state == "pending"]
        enqueue(session, waiting, work.athlete_id, priority=BULK)
    return True


async def _finish(context: JobContext, work: Work, progress: Progress) -> None:
    """Let the archive's own item go, or say that nothing was in it."""
    if progress.found and not await _save(context, work, progress):
        return
    batch = await repository.held(context.session, work.athlete_id, work.item.import_id)
    item = await repository.taken(context.session, work.item.id, work.item.import_id)
    if batch is None or item is None:
        return
    for each in progress.left_out:
        batch.left_out = counted([each["reason"]] * each["count"], batch.left_out)
    if progress.items:
        await context.session.execute(delete(ImportItem).where(ImportItem.id == item.id))
    else:
        item.state, item.reason = "rejected", NOTHING


async def _reject(context: JobContext, work: Work, reason: str) -> None:
    item = await repository.taken(context.session, work.item.id, work.item.import_id)
    if item is not None:
        item.state, item.reason = "rejected", reason
