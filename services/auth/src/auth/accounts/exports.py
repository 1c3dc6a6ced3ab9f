"""Gathering a person's data of all services in one archive.

The archive goes to the object store as it is written. It holds, by service, each table as JSON and CSV, and the
person's own files; ``manifest.json`` comes last and says what there is, so an archive with it is whole.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auth.accounts.archive import zipped
from auth.accounts.holdings import FOLDER, HOLDERS, PERSONAL, holder
from auth.audit import record
from auth.models import Export
from common import jobs
from common.db.tables import Job, JobState
from common.errors import NotFound
from common.http import UpstreamRejected
from common.ids import uuid7
from common.jobrunner import JobContext
from common.personal import given, open_given
from common.resources import Resources

EXPORT = "export-account"
KEPT = timedelta(days=7)
_REPORT_SECONDS = 1.0
_GONE = 404
_OPEN = (JobState.QUEUED, JobState.RUNNING)


class ExportMissing(NotFound):
    code = "auth.export_not_found"
    title = "There is no such export"
    next_steps = "Ask for a new one with POST /api/v1/auth/export."


async def begin(session: AsyncSession, person: UUID) -> tuple[Export, Job]:
    """Queue an export; one that is under way is returned as it is."""
    query = select(Export, Job).join(Job, Job.id == Export.job_id)
    found = (await session.execute(query.where(Export.user_id == person, Job.state.in_(_OPEN)).limit(1))).first()
    if found is not None:
        return found[0], found[1]
    export_id = uuid7()
    job_id = jobs.enqueue(session, EXPORT, {"export_id": str(export_id)}, queue="auth", subject_id=person)
    export = Export(id=export_id, user_id=person, job_id=job_id)
    session.add(export)
    record(session, actor=str(person), action="account.export_requested", outcome="ok", target=str(export_id))
    await session.flush()
    await session.refresh(export)
    job = await session.get_one(Job, job_id)
    await session.refresh(job)
    return export, job


async def find(session: AsyncSession, export_id: UUID, person: UUID | None) -> tuple[Export, Job]:
    """Return an export with its job; of ``person``, or of anybody when None. Raises ``ExportMissing``."""
    query = select(Export, Job).join(Job, Job.id == Export.job_id).where(Export.id == export_id)
    if person is not None:
        query = query.where(Export.user_id == person)
    found = (await session.execute(query)).first()
    if found is None:
        raise ExportMissing
    return found[0], found[1]


def key_of(export: Export) -> str:
    """Return where the archive lies."""
    return f"{FOLDER}/{export.user_id}/{export.id}.zip"


async def gather(context: JobContext) -> None:
    """Write the archive. Every attempt begins anew; a service that is away is waited for."""
    resources = context.resources
    async with resources.database.reading() as session:
        export = await session.get(Export, UUID(context.payload["export_id"]))
    if export is None:
        return  # the account is gone
    gathering = _Gathering(context, export.user_id)
    await gathering.list_all()
    size = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal size
        async for chunk in zipped(gathering.members()):
            size += len(chunk)
            yield chunk

    await resources.objects.put(key_of(export), counted(), if_absent=False)
    now = datetime.now(UTC)
    ready = {"size": size, "expires_at": now + KEPT, "updated_at": now}
    await context.session.execute(update(Export).where(Export.id == export.id).values(ready))


class _Gathering:
    """One attempt at an archive."""

    def __init__(self, context: JobContext, person: UUID) -> None:
        self._context = context
        self._person = person
        self._names: list[tuple[str, str]] = []
        self._missing: list[str] = []

    async def list_all(self) -> None:
        resources, person = self._context.resources, self._person
        async with resources.database.reading() as session:
            own = (await given(PERSONAL, resources, session, person)).names
        self._names = [("auth", name) for name in own]
        for service in HOLDERS:
            self._names += [(service, name) for name in await holder(resources, service).given(person)]

    async def members(self) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
        """Give one file after the other; the progress is told about once a second."""
        told = time.monotonic()
        for number, (service, name) in enumerate(self._names):
            try:
                async with self._open(service, name) as chunks:
                    yield f"{service}/{name}", chunks
            except UpstreamRejected as rejected:
                if rejected.status_code != _GONE:
                    raise
                self._missing.append(f"{service}/{name}")  # deleted since it was listed
            if time.monotonic() - told > _REPORT_SECONDS:
                await self._context.report_progress((number + 1) / (len(self._names) + 1))
                told = time.monotonic()
        yield "manifest.json", self._manifest()

    @asynccontextmanager
    async def _open(self, service: str, name: str) -> AsyncIterator[AsyncIterator[bytes]]:
        resources, person = self._context.resources, self._person
        if service == "auth":
            yield await open_given(PERSONAL, resources, person, name)
            return
        async with holder(resources, service).open(person, name) as chunks:
            yield chunks

    async def _manifest(self) -> AsyncIterator[bytes]:
        files = [f"{service}/{name}" for service, name in self._names]
        told = {
            "person": str(self._person),
            "made_at": datetime.now(UTC),
            "files": [name for name in files if name not in set(self._missing)],
            "deleted_meanwhile": self._missing,
        }
        yield orjson.dumps(told, option=orjson.OPT_INDENT_2)


async def forget_old(resources: Resources) -> None:
    """Delete archives that have had their time, and those of attempts that came to nothing."""
    async with resources.database.transaction() as session:
        over = (Export.expires_at < func.now()) | (Export.created_at < func.now() - 2 * KEPT)
        for export in (await session.scalars(select(Export).where(over))).all():
            await resources.objects.delete(key_of(export))
            await session.delete(export)
