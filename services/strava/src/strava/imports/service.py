"""Taking files in: originals to the object store first, then the rows and their jobs in one transaction."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from common.context import request_id
from common.errors import BadRequest, InvalidInput, NotFound
from common.ids import uuid7
from common.storage import ObjectStore
from strava.files.archive import display_name
from strava.imports import repository
from strava.imports.repository import Batch
from strava.imports.schemas import ImportItemOut, ImportOut, ImportState, ImportSummary
from strava.models import Import, ImportItem
from strava.settings import StravaSettings

QUEUE = "strava"
IMPORT_FILE = "import-file"
INLINE_ITEMS = 200
_CHUNK = 1 << 20
_ZIP = b"PK"


class ImportMissing(NotFound):
    code = "import.not_found"
    title = "No such import"
    next_steps = "Check the id; /imports lists yours."


class NoFiles(BadRequest):
    code = "import.no_files"
    title = "There are no files in the request"
    next_steps = "Send FIT, GPX or TCX files, or a zip of them, as multipart fields named files."


class PreviewUnavailable(InvalidInput):
    code = "import.preview_unavailable"
    title = "Imports cannot be previewed yet"
    next_steps = "Leave dry_run out to import for good; duplicates are recognised and each activity can be deleted."


@dataclass(frozen=True)
class Intake:
    """Takes the files of one athlete in."""

    settings: StravaSettings
    objects: ObjectStore
    athlete_id: UUID

    async def take(self, session: AsyncSession, files: Sequence[UploadFile]) -> UUID:
        """Store the originals, write the batch with an item and a job per file, return the batch's id.

        A file that is empty or too large becomes an item that is refused with its reason; the rest goes on.
        """
        if not files:
            raise NoFiles
        batch = Import(id=uuid7(), athlete_id=self.athlete_id, req_id=request_id.get())
        session.add(batch)
        await session.flush()
        for file in files:
            item = await self._take_one(batch.id, file)
            session.add(item)
            if item.state == "pending":
                enqueue(session, item.id, self.athlete_id)
        await session.flush()
        return batch.id

    async def _take_one(self, import_id: UUID, file: UploadFile) -> ImportItem:
        item = ImportItem(id=uuid7(), import_id=import_id, name=display_name(file.filename or ""), state="pending")
        size = file.size or 0
        limit = self.settings.max_archive_size if await _is_archive(file) else self.settings.max_file_size
        if size == 0 or size > limit:
            item.state = "rejected"
            item.reason = "The file is empty." if size == 0 else f"The file is larger than {limit >> 20} MiB."
            return item
        item.sha256 = await _sha256(file)
        item.object_key = original_key(self.athlete_id, item.sha256)
        await self.objects.put(item.object_key, _chunks(file))
        return item


def enqueue(session: AsyncSession, item_id: UUID, athlete_id: UUID) -> None:
    """Add the job that works an item through."""
    jobs.enqueue(session, IMPORT_FILE, {"item_id": str(item_id)}, queue=QUEUE, subject_id=athlete_id)


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


async def find(session: AsyncSession, athlete_id: UUID, import_id: UUID) -> Batch:
    """Return the athlete's batch. Raises ``ImportMissing``, also for one of somebody else."""
    batch = await repository.batch(session, athlete_id, import_id)
    if batch is None:
        raise ImportMissing
    return batch


def state_of(batch: Batch) -> ImportState:
    """A batch is done when every file has an outcome, and failed when none of them could be worked through."""
    if batch.done == batch.total:
        return "failed" if batch.failed == batch.total else "done"
    return "running" if batch.done else "pending"


def summary_of(batch: Batch) -> ImportSummary:
    return ImportSummary(
        id=batch.id, state=state_of(batch), total=batch.total, done=batch.done, created_at=batch.created_at
    )


async def report(session: AsyncSession, batch: Batch) -> ImportOut:
    """The batch with its first files."""
    items = await repository.items(session, batch.id, None, INLINE_ITEMS)
    return ImportOut(**summary_of(batch).model_dump(), items=[ImportItemOut.model_validate(item) for item in items])
