"""What can be done with documents."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from common.audit import record
from common.db import after_commit
from common.db.tables import JobState
from common.ids import uuid7
from common.resources import Resources
from common.storage import ObjectMissing
from contracts.trainer.api import PlanDocument
from contracts.trainer.client import TrainerClient
from pdf.documents import files, repository
from pdf.documents.errors import DocumentMissing, NotReady, PlanMissing, RenderingFailed, TakesLonger, TooMuch
from pdf.documents.repository import Edition, Standing
from pdf.models import Document
from pdf.rendering.order import Paper, template_version
from pdf.rendering.words import Units
from pdf.settings import PdfSettings

QUEUE = "pdf"
RENDER = "render"
_ATTEMPTS = 4
_TRAINER_SECONDS = 10.0
_FIRST_LOOK, _SLOWER, _LAST_LOOK = 0.05, 1.3, 0.5
_FINAL = {JobState.DONE, JobState.FAILED, JobState.DEAD}


def settings_of(resources: Resources) -> PdfSettings:
    """The settings of this service."""
    assert isinstance(resources.settings, PdfSettings)
    return resources.settings


async def request(
    session: AsyncSession, resources: Resources, athlete_id: UUID, plan_id: UUID, paper: Paper, units: Units
) -> Standing:
    """Return the document of the plan as it is now: the one there is, else a new one that the worker renders.

    One that failed, or whose PDF was lost, is rendered again. Raises ``PlanMissing``, ``TooMuch``, and what
    ``ServiceClient`` raises while trainer is away; nothing is kept then.
    """
    plan = await _plan(resources, athlete_id, plan_id)
    content = plan.model_dump_json().encode()
    if len(content) > settings_of(resources).pdf_max_plan_size:
        raise TooMuch
    edition = Edition(plan_id, plan.version, template_version(), paper, units)
    await repository.lock_plan(session, plan_id)
    known = await repository.of_edition(session, athlete_id, edition)
    if known is not None and await _is_good(resources, known):
        return known
    document = known.document if known else Document(id=uuid7(), athlete_id=athlete_id, **vars(edition))
    _begin(session, document, plan.name, content)
    record(session, QUEUE, actor=str(athlete_id), action="document.requested", target=str(document.id))
    await session.flush()
    standing = await repository.find(session, document.id, athlete_id)
    assert standing is not None
    return standing


async def _plan(resources: Resources, athlete_id: UUID, plan_id: UUID) -> PlanDocument:
    trainer = resources.client(
        "trainer", settings_of(resources).trainer_url, timeout=_TRAINER_SECONDS, attempt_timeout=_TRAINER_SECONDS / 2
    )
    plan = await TrainerClient(trainer).plan(plan_id, athlete_id)
    if plan is None:
        raise PlanMissing
    return plan


async def _is_good(resources: Resources, known: Standing) -> bool:
    if known.state == JobState.DONE:
        return await files.is_there(resources.objects, known.document.id, known.document.sha256)
    return known.state not in _FINAL


def _begin(session: AsyncSession, document: Document, title: str, plan: bytes) -> None:
    """Queue the rendering, of a new document or once more."""
    document.title, document.plan, document.printed_on = title, plan, datetime.now(UTC).date()
    document.outcome = document.reason = document.pages = document.size = document.sha256 = None
    document.version = (document.version or 0) + 1
    payload = {"document_id": str(document.id)}
    document.job_id = jobs.enqueue(
        session, RENDER, payload, queue=QUEUE, subject_id=document.athlete_id, max_attempts=_ATTEMPTS
    )
    session.add(document)


async def need(session: AsyncSession, document_id: UUID, athlete_id: UUID | None) -> Standing:
    """Return a document. Raises ``DocumentMissing``, also for one of somebody else than the athlete named."""
    standing = await repository.find(session, document_id, athlete_id)
    if standing is None:
        raise DocumentMissing
    return standing


async def need_pdf(session: AsyncSession, document_id: UUID, athlete_id: UUID | None) -> Document:
    """Return a document that has its PDF. Raises ``DocumentMissing`` and ``NotReady``."""
    standing = await need(session, document_id, athlete_id)
    if standing.state != JobState.DONE:
        reason = f" {standing.reason}" if standing.reason else ""
        raise NotReady(f"The document is {standing.state}.{reason}")
    return standing.document


async def content(resources: Resources, document: Document) -> bytes:
    """Return the PDF of a document that is done. Raises ``DocumentMissing`` when storage has lost it."""
    assert document.sha256 is not None
    try:
        return await resources.objects.get(files.key_of(document.id, document.sha256))
    except ObjectMissing as missing:
        raise DocumentMissing("The PDF of this document is gone; asking for it anew renders it again.") from missing


async def delete(session: AsyncSession, resources: Resources, document_id: UUID, *, by: UUID) -> None:
    """Delete a document, and its PDF once that is committed."""
    sha256 = await repository.remove(session, document_id)
    record(session, QUEUE, actor=str(by), action="document.deleted", target=str(document_id))
    if sha256 is not None:
        after_commit(session, partial(files.remove, resources.objects, files.key_of(document_id, sha256)))


async def wait(resources: Resources, document_id: UUID) -> Document:
    """Wait until the document of a request has its PDF, without holding a connection.

    Raises ``DocumentMissing`` when it is deleted meanwhile, ``TooMuch``, ``RenderingFailed``, and ``TakesLonger`` when
    the time of a direct request is over.
    """
    deadline = asyncio.get_running_loop().time() + settings_of(resources).pdf_direct_seconds
    pause = _FIRST_LOOK
    while True:
        async with resources.database.reading() as session:
            standing = await need(session, document_id, None)
        if standing.state in _FINAL:
            return _finished(standing)
        if asyncio.get_running_loop().time() + pause > deadline:
            raise TakesLonger
        await asyncio.sleep(pause)
        pause = min(pause * _SLOWER, _LAST_LOOK)


def _finished(standing: Standing) -> Document:
    if standing.state == JobState.DONE:
        return standing.document
    if standing.state == JobState.FAILED:
        raise TooMuch(standing.reason or "")
    raise RenderingFailed
