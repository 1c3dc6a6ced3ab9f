"""Working through files of an import: parsed side by side, stored together."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, cast
from uuid import UUID

from common.jobrunner import JobContext
from common.logs import get_logger
from common.resources import Resources
from common.together import together
from strava.files import FileRefused, unpack
from strava.files.accounts import Told
from strava.files.sniff import container
from strava.imports import repository
from strava.imports.expanding import expand
from strava.imports.intake import IMPORT_FILE
from strava.imports.repository import Work
from strava.imports.storing import Ready, store_together
from strava.sandbox import Sandbox, SandboxKilled

PREVIEW_LIFE = timedelta(days=7)

_SPOOL = 8 << 20


@dataclass
class Importer:
    """The task of job kind ``import-file``; it owns the processes in which files are parsed.

    ``at_once`` files are read into memory at a time.
    """

    sandbox: Sandbox
    at_once: int = 3
    _room: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._room = asyncio.Semaphore(self.at_once)

    async def __call__(self, context: JobContext) -> None:
        """Work items through. Running it again changes nothing for items that have their outcome."""
        item_ids = [UUID(each) for each in context.payload["items"]]
        async with context.resources.database.transaction() as session:
            works = await repository.works(session, item_ids)
        if len(item_ids) == 1 and works and await self._is_expanded(context, works[0]):
            return
        if context.job.attempts > 1:
            await self._one_by_one(context, works)
        elif works:
            ready = await together(*(self._read(context.resources, work) for work in works))
            await store_together(context.resources, ready)

    async def _one_by_one(self, context: JobContext, works: Sequence[Work]) -> None:
        """After a failure: what is wrong with one item must not keep the others from theirs."""
        failed: Exception | None = None
        for work in works:
            try:
                await store_together(context.resources, [await self._read(context.resources, work)])
            except Exception as error:  # noqa: BLE001 - the job fails with it, once the others are done
                get_logger().warning("item_failed", item_id=str(work.item.id), error=type(error).__name__)
                failed = error
        if failed is not None:
            raise failed

    async def _is_expanded(self, context: JobContext, work: Work) -> bool:
        """Take an archive apart; False when it is none."""
        if not work.item.object_key:
            return False
        chunks = await context.resources.objects.stream(work.item.object_key)
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as spooled:
            original = cast("BinaryIO", spooled)  # it is one in all but its type
            first = await anext(chunks, b"")
            if container(first[:4]) != "zip":
                return False
            original.write(first)
            await _copy(chunks, original)
            await expand(context, work, original, self.sandbox)
        return True

    async def _read(self, resources: Resources, work: Work) -> Ready:
        """Parse one item's file."""
        told = Told.from_json(work.item.told)
        if not work.item.object_key:
            return Ready(work, told)
        async with self._room:
            data = b"".join([chunk async for chunk in await resources.objects.stream(work.item.object_key)])
            try:
                name, sha256 = work.item.name, work.item.sha256
                if container(data[:4]) == "gzip":
                    data, name, sha256 = await asyncio.to_thread(_unpacked, data, name)
                result = await self.sandbox.run(data, name, sport=told.sport)
            except (FileRefused, SandboxKilled) as refused:
                return Ready(work, told, refused=refused.reason)
        return Ready(work, told, result, sha256=sha256)


def _unpacked(data: bytes, name: str) -> tuple[bytes, str, str]:
    """Content, name and hash of the one file in a .gz. Raises ``FileRefused``."""
    with tempfile.SpooledTemporaryFile(max_size=len(data) + 1) as spooled:
        spooled.write(data)
        entry = next(iter(unpack(cast("BinaryIO", spooled), name)))
    if entry.refused is not None:
        raise entry.refused
    return entry.data, entry.name, hashlib.sha256(entry.data).hexdigest()


async def _copy(chunks: AsyncIterator[bytes], target: BinaryIO) -> None:
    """Write all chunks; what is small stays in memory, and needs no thread."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size < _SPOOL:
            target.write(chunk)
        else:
            await asyncio.to_thread(target.write, chunk)
    target.seek(0)


async def settle_dead(resources: Resources) -> None:
    """Give an outcome to items whose job was given up."""
    async with resources.database.transaction() as session:
        await repository.fail_items_of_dead_jobs(session, IMPORT_FILE)


async def forget_previews(resources: Resources) -> None:
    """Forget previews that nobody committed for a week; their originals are swept later."""
    async with resources.database.transaction() as session:
        await repository.forget_previews(session, datetime.now(UTC) - PREVIEW_LIFE)
