"""What an operator wants to know of a service: its work, its events, what it gave up.

Every service tells it at ``/internal``; the gateway makes one answer of all of them.
"""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from common import outbox
from common.db.tables import InboxCursor, Job, JobState
from common.health import CheckResult, HealthReport
from common.outbox import Published
from common.pagination import Keyset, Page, PageParams

_BY_AGE = Keyset((Job.updated_at, "desc"), (Job.id, "desc"))


class WorkOf(BaseModel):
    """Jobs of one kind by their state; ``overdue`` is how long the longest waiting one could have been done, in s."""

    kind: str
    queued: int
    running: int
    done: int
    failed: int
    dead: int
    overdue: float


class Followed(BaseModel):
    """How far the events of a publisher were read."""

    publisher: str
    position: int
    read_at: datetime


class Work(BaseModel):
    jobs: list[WorkOf]
    published: Published
    followed: list[Followed]


class Overview(BaseModel):
    """One service; ``work`` is null while its database cannot be asked."""

    service: str
    version: str
    status: Literal["ok", "degraded", "down"]
    checks: dict[str, CheckResult]
    work: Work | None


class DeadLetter(BaseModel):
    """A job that was given up after its last attempt."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    subject_id: UUID | None = Field(description="the person it was for")
    attempts: int
    reason: str | None
    req_id: str
    created_at: datetime
    updated_at: datetime = Field(description="when it was given up")


def overview_of(service: str, health: HealthReport, work: Work | None) -> Overview:
    return Overview(service=service, version=health.version, status=health.status, checks=health.checks, work=work)


async def work(session: AsyncSession) -> Work:
    """Count jobs and events."""
    cursors = await session.scalars(select(InboxCursor).order_by(InboxCursor.publisher))
    followed = [Followed(publisher=row.publisher, position=row.position, read_at=row.updated_at) for row in cursors]
    return Work(jobs=await jobs(session), published=await outbox.published(session), followed=followed)


_DUE = or_(
    and_(Job.state == JobState.QUEUED, Job.run_after <= func.now()),
    and_(Job.state == JobState.RUNNING, Job.lease_until < func.now()),
)
_COUNTS = [func.count().filter(Job.state == state).label(state.value) for state in JobState]
_OLDEST = func.min(case((_DUE, func.coalesce(Job.lease_until, Job.run_after)))).label("oldest")
_JOBS = select(Job.kind, *_COUNTS, _OLDEST).group_by(Job.kind).order_by(Job.kind)


async def jobs(session: AsyncSession) -> list[WorkOf]:
    """Count jobs by kind and state."""
    rows = await session.execute(_JOBS)
    now = datetime.now(UTC)
    found = []
    for row in rows.mappings():
        counted = {state.value: row[state.value] for state in JobState}
        overdue = max(0.0, (now - row["oldest"]).total_seconds()) if row["oldest"] else 0.0
        found.append(WorkOf(kind=row["kind"], overdue=overdue, **counted))
    return found


async def dead_letters(session: AsyncSession, paging: PageParams) -> Page[DeadLetter]:
    """Return a page of what was given up, the latest first."""
    rows = await session.scalars(
        select(Job)
        .where(Job.state == JobState.DEAD, _BY_AGE.where(paging.cursor))
        .order_by(*_BY_AGE.order_by())
        .limit(paging.limit + 1)
    )
    return _BY_AGE.page(rows.all(), paging.limit, lambda row: (row.updated_at, row.id), DeadLetter.model_validate)
