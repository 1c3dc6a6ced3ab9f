"""Working through one file of an import."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import BinaryIO, cast
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from common.ids import uuid7
from common.jobrunner import JobContext
from common.resources import Resources
from contracts.auth.client import AuthClient
from strava.activities import repository as activities
from strava.activities.parsed import Origin, ParsedRecording
from strava.activities.store import Stored, store
from strava.files import Entry, FileRefused, unpack
from strava.imports import repository
from strava.imports.service import enqueue, original_key
from strava.models import ImportItem
from strava.sandbox import ParsedFile, Sandbox, SandboxKilled

_SPOOL = 8 << 20
_OPEN = ("pending", "failed")
_ZIP = b"PK"
_HOME = "UTC"


class Importer:
    """The task of job kind ``import-file``; it owns the process in which files are parsed."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def __call__(self, context: JobContext) -> None:
        """Work one item through. Running it again changes nothing once the item has its outcome."""
        item_id = UUID(context.payload["item_id"])
        async with context.resources.database.transaction() as session:
            found = await repository.item(session, item_id)
        if found is None or found[0].state not in _OPEN:
            return
        item, athlete_id = found
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as spooled:
            original = cast("BinaryIO", spooled)  # it is one in all but its type
            await _copy(await context.resources.objects.stream(item.object_key), original)
            if original.read(len(_ZIP)) == _ZIP:
                await _expand(context, item, athlete_id, original)
            else:
                await self._import(context, item, athlete_id, original)

    async def _import(self, context: JobContext, item: ImportItem, athlete_id: UUID, original: BinaryIO) -> None:
        outcome = await self._parse(item, original)
        if isinstance(outcome, str):
            await _close(context.session, item.id, state="rejected", reason=outcome)
            return
        sha256, result = outcome
        if result.kind == "route":
            await _close(context.session, item.id, state="route", reason=" ".join(result.notes))
            return
        parsed = [ParsedRecording(each.recording, each.derived) for each in result.activities]
        home = await _home_timezone(context.resources, athlete_id) if _needs_home(parsed) else _HOME
        await activities.lock_athlete(context.session, athlete_id)
        stored = [
            await store(
                context.session,
                Origin(athlete_id, "file", item.object_key, sha256, item.name, part),
                each,
                home_timezone=home,
            )
            for part, each in enumerate(parsed)
        ]
        await _close(
            context.session,
            item.id,
            state=_state_of(stored),
            reason=_reason_of(stored, result.notes),
            activity_ids=list(dict.fromkeys(each.activity_id for each in stored)),
            quality=[each.quality() for each in parsed],
        )

    async def _parse(self, item: ImportItem, original: BinaryIO) -> tuple[str, ParsedFile] | str:
        """Return the content's hash and what the file holds, or why it is refused."""
        try:
            entry = await asyncio.to_thread(_only_entry, original, item.name)
            if entry.refused is not None:
                return entry.refused.reason
            result = await self._sandbox.run(entry.data, entry.name)
        except FileRefused as refused:
            return refused.reason
        except SandboxKilled as killed:
            return killed.reason
        return hashlib.sha256(entry.data).hexdigest(), result


async def _copy(chunks: AsyncIterator[bytes], target: BinaryIO) -> None:
    async for chunk in chunks:
        await asyncio.to_thread(target.write, chunk)
    target.seek(0)


def _only_entry(original: BinaryIO, name: str) -> Entry:
    original.seek(0)
    return next(iter(unpack(original, name)))


async def _expand(context: JobContext, item: ImportItem, athlete_id: UUID, original: BinaryIO) -> None:
    """Replace an archive's item by one per file in it, each with its own job."""
    original.seek(0)
    entries = unpack(original, item.name)
    found: list[ImportItem] = []
    try:
        while (entry := await asyncio.to_thread(_next, entries)) is not None:
            found.append(await _item_of(context.resources, item, athlete_id, entry))
    except FileRefused as refused:
        await _close(context.session, item.id, state="rejected", reason=refused.reason)
        return
    if not found:
        await _close(context.session, item.id, state="rejected", reason="The archive holds no files.")
        return
    await context.session.execute(delete(ImportItem).where(ImportItem.id == item.id))
    context.session.add_all(found)
    for each in found:
        if each.state == "pending":
            enqueue(context.session, each.id, athlete_id)


def _next(entries: Iterator[Entry]) -> Entry | None:
    return next(entries, None)


async def _item_of(resources: Resources, archive: ImportItem, athlete_id: UUID, entry: Entry) -> ImportItem:
    item = ImportItem(id=uuid7(), import_id=archive.import_id, name=entry.name, state="pending")
    if entry.refused is not None:
        item.state, item.reason = "rejected", entry.refused.reason
        return item
    item.sha256 = hashlib.sha256(entry.data).hexdigest()
    item.object_key = original_key(athlete_id, item.sha256)
    await resources.objects.put(item.object_key, entry.data)
    return item


def _needs_home(parsed: Sequence[ParsedRecording]) -> bool:
    return any(each.derived.timezone is None for each in parsed)


async def _home_timezone(resources: Resources, athlete_id: UUID) -> str:
    settings = resources.settings
    person = await AuthClient(resources.client("auth", settings.auth_url)).person(athlete_id)
    return person.timezone if person else _HOME


def _state_of(stored: Sequence[Stored]) -> str:
    outcomes = {each.outcome for each in stored}
    return next(outcome for outcome in ("imported", "merged", "duplicate") if outcome in outcomes)


def _reason_of(stored: Sequence[Stored], notes: Sequence[str]) -> str | None:
    reasons = dict.fromkeys([*(each.reason for each in stored if each.reason), *notes])
    return " ".join(reasons) or None


async def _close(session: AsyncSession, item_id: UUID, **values: object) -> None:
    """Give an item its outcome, unless it has one."""
    found = await repository.item(session, item_id, lock=True)
    if found is None:
        return
    for name, value in values.items():
        setattr(found[0], name, value)


async def settle_dead(resources: Resources) -> None:
    """Give an outcome to items whose job was given up."""
    async with resources.database.transaction() as session:
        await repository.fail_items_of_dead_jobs(session)
