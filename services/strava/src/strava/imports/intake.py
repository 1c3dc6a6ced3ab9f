"""Taking files in: originals to the object store first, then the rows and their jobs in one transaction."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from common.context import request_id
from common.errors import BadRequest
from common.ids import uuid7
from common.storage import ObjectStore
from common.together import together
from strava.files.archive import display_name
from strava.models import Import, ImportItem
from strava.settings import StravaSettings

QUEUE = "strava"
IMPORT_FILE = "import-file"
BULK = 5
"""Priority of files that come by the hundred: what somebody waits for, and what Strava tells, goes first."""
FEW = 20
AT_A_TIME = 4
TOGETHER = 25
"""Files that are worked through together and get their outcomes in one transaction."""

_CHUNK = 1 << 20
_ZIP = b"PK"


class NoFiles(BadRequest):
    code = "import.no_files"
    title = "There are no files in the request"
    next_steps = "Send FIT, GPX or TCX files, or a zip of them, as multipart fields named files."


@dataclass(frozen=True)
class Intake:
    """Takes the files of one athlete in."""

    settings: StravaSettings
    objects: ObjectStore
    athlete_id: UUID

    async def take(self, session: AsyncSession, files: Sequence[UploadFile], *, dry_run: bool) -> UUID:
        """Store the originals, write the batch with an item and a job per file, return the batch's id.

        A file that is empty or too large becomes an item that is refused with its reason; the rest goes on.
        """
        if not files:
            raise NoFiles
        batch = Import(id=uuid7(), athlete_id=self.athlete_id, dry_run=dry_run, req_id=request_id.get())
        session.add(batch)
        await session.flush()
        priority = BULK if len(files) > FEW else 0
        items = [ImportItem(id=uuid7(), import_id=batch.id, name=_name(file), state="pending") for file in files]
        archives = await self._take_all(items, files)
        session.add_all(items)
        plain = [item.id for item in items if item.state == "pending" and item not in archives]
        for archive in (item for item in archives if item.state == "pending"):
            enqueue(session, [archive.id], self.athlete_id, priority=priority)
        enqueue(session, plain, self.athlete_id, priority=priority)
        await session.flush()
        return batch.id

    async def _take_all(self, items: Sequence[ImportItem], files: Sequence[UploadFile]) -> list[ImportItem]:
        """Store the originals, a few at a time; return the items that are archives."""
        room = asyncio.Semaphore(AT_A_TIME)

        async def take(item: ImportItem, file: UploadFile) -> bool:
            async with room:
                is_archive = await _is_archive(file)
                await self._take_one(item, file, is_archive=is_archive)
                return is_archive

        taken = await together(*map(take, items, files))
        return [item for item, is_archive in zip(items, taken, strict=True) if is_archive]

    async def _take_one(self, item: ImportItem, file: UploadFile, *, is_archive: bool) -> None:
        size = file.size or 0
        limit = self.settings.max_archive_size if is_archive else self.settings.max_file_size
        if size == 0 or size > limit:
            item.state = "rejected"
            item.reason = "The file is empty." if size == 0 else f"The file is larger than {limit >> 20} MiB."
            return
        item.sha256 = await _sha256(file)
        item.object_key = original_key(self.athlete_id, item.sha256)
        await self.objects.put(item.object_key, _chunks(file), if_absent=False)  # also when there: it counts as new


def _name(file: UploadFile) -> str:
    return display_name(file.filename or "")


def enqueue(session: AsyncSession, item_ids: Sequence[UUID], athlete_id: UUID, *, priority: int) -> None:
    """Add the jobs that work items of one batch through, some items each; an archive comes alone."""
    for first in range(0, len(item_ids), TOGETHER):
        payload = {"items": [str(item_id) for item_id in item_ids[first : first + TOGETHER]]}
        jobs.enqueue(session, IMPORT_FILE, payload, queue=QUEUE, subject_id=athlete_id, priority=priority)


def original_key(athlete_id: UUID, sha256: str) -> str:
    """Where the original lies: by whose it is and by its content."""
    return f"originals/{athlete_id}/{sha256[:2]}/{sha256}"


async def _is_archive(file: UploadFile) -> bool:
    start = await file.read(len(_ZIP))
    await file.seek(0)
    return start == _ZIP


async def _sha256(file: UploadFile) -> str:
    digest = hashlib.sha256()
    async for chunk in _chunks(file):
        digest.update(chunk)
    return digest.hexdigest()


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    await file.seek(0)
    while chunk := await file.read(_CHUNK):
        yield chunk
