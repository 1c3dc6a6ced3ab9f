"""Rows of documents, and the states of their jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import Job, JobState
from common.pagination import Keyset, PageParams
from pdf.models import Document

ORDER = Keyset((Document.id, "desc"))


@dataclass(frozen=True)
class Edition:
    """What tells documents of an athlete apart: the same edition is rendered once."""

    plan_id: UUID
    plan_version: int
    template: str
    paper: str
    units: str


@dataclass(frozen=True)
class Standing:
    """A document and how far it is: ``state`` is one of ``JobState``."""

    document: Document
    state: str
    reason: str | None
    updated_at: datetime


async def lock_plan(session: AsyncSession, plan_id: UUID) -> None:
    """Let one transaction at a time ask for documents of a plan."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(plan_id), 3))))


async def of_edition(session: AsyncSession, athlete_id: UUID, edition: Edition) -> Standing | None:
    """Return the athlete's document of this edition."""
    query = _standing().where(Document.athlete_id == athlete_id)
    for name, value in vars(edition).items():
        query = query.where(getattr(Document, name) == value)
    return _read((await session.execute(query)).one_or_none())


async def find(session: AsyncSession, document_id: UUID, athlete_id: UUID | None) -> Standing | None:
    """Return a document, of this athlete's where one is named."""
    query = _standing().where(Document.id == document_id)
    if athlete_id is not None:
        query = query.where(Document.athlete_id == athlete_id)
    return _read((await session.execute(query)).one_or_none())


async def page_of(session: AsyncSession, athlete_id: UUID, paging: PageParams) -> list[Standing]:
    """Return a page of the athlete's documents and one more, the latest first."""
    query = _standing().where(Document.athlete_id == athlete_id, ORDER.where(paging.cursor))
    rows = await session.execute(query.order_by(*ORDER.order_by()).limit(paging.limit + 1))
    return [standing for row in rows if (standing := _read(row))]


async def order_of(session: AsyncSession, document_id: UUID) -> tuple[Document, bytes] | None:
    """Return a document that is still to be rendered, with its plan."""
    row = (await session.execute(select(Document, Document.plan).where(Document.id == document_id))).one_or_none()
    return (row[0], row[1]) if row and row[1] is not None else None


async def settle(session: AsyncSession, document_id: UUID, **values: Any) -> bool:
    """Give a document its outcome; False when it is gone."""
    values |= {"plan": None, "version": Document.version + 1, "updated_at": func.now()}
    statement = update(Document).where(Document.id == document_id).values(values).returning(Document.id)
    return (await session.execute(statement.execution_options(synchronize_session=False))).first() is not None


async def remove(session: AsyncSession, document_id: UUID) -> str | None:
    """Delete a document and return the hash of the PDF it had at the end."""
    statement = delete(Document).where(Document.id == document_id).returning(Document.sha256)
    return await session.scalar(statement.execution_options(synchronize_session=False))


async def present(session: AsyncSession, ids: Sequence[UUID]) -> set[tuple[UUID, str | None]]:
    """Return (id, hash) of those documents that are there."""
    rows = await session.execute(select(Document.id, Document.sha256).where(Document.id.in_(ids)))
    return {(row.id, row.sha256) for row in rows}


def _standing() -> Select[Any]:
    state = func.coalesce(Document.outcome, Job.state, JobState.DEAD.value)
    reason = func.coalesce(Document.reason, Job.reason)
    updated_at = func.greatest(Document.updated_at, Job.updated_at)
    return select(Document, state, reason, updated_at).outerjoin(Job, Job.id == Document.job_id)


def _read(row: Any) -> Standing | None:
    return Standing(*row) if row else None
