"""Long work is a row: accepted = done + failed + dead + in flight, always.

A worker claims due rows with ``FOR UPDATE SKIP LOCKED`` and holds each by a lease that it renews. A worker that
dies stops renewing, and another claims the row when the lease is over; when that happens again, it is done alone, so
that a job which kills its worker takes along none that was in hand with it. Completion is fenced by the lease's
token and is in the same transaction as the effects, so an effect happens once.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from common.context import current_traceparent, request_id
from common.db.engine import WAKE_KEY
from common.db.tables import Job, JobState
from common.errors import ServiceError
from common.ids import uuid7

LEASE = timedelta(seconds=30)
BACKOFF_BASE_SECONDS = 1.0
BACKOFF_CAP_SECONDS = 900.0
MAX_ATTEMPTS = 8
ALONE_AFTER = 2
"""Attempts after which a job whose worker died is done alone, so that it takes no other jobs along."""
WORKER_DIED = "The worker died during every attempt."


class JobOut(BaseModel):
    """A job as every service shows it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    state: Literal["queued", "running", "done", "failed", "dead"]
    progress: float
    attempts: int
    reason: str | None
    created_at: datetime
    updated_at: datetime


class JobFailed(Exception):
    """Raised by a handler to refuse a job for good, with the reason that a person will read."""


class JobPostponed(Exception):
    """Raised by a handler that has to wait for something outside: the job is queued for ``until``, no attempt counts.

    What the task wrote to its session is undone. ``reason`` is what a person reads meanwhile.
    """

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until


class LeaseLost(Exception):
    """The job was claimed by another worker; whatever this one did is rolled back."""


@dataclass(frozen=True)
class ClaimedJob:
    """A job in this worker's hands until its lease is over."""

    id: UUID
    kind: str
    subject_id: UUID | None
    payload: dict[str, Any]
    attempts: int
    max_attempts: int
    lease_token: UUID
    req_id: str
    traceparent: str | None


def enqueue(
    session: AsyncSession,
    kind: str,
    payload: dict[str, Any],
    *,
    queue: str,
    subject_id: UUID | None = None,
    priority: int = 0,
    delay: timedelta = timedelta(),
    max_attempts: int = MAX_ATTEMPTS,
) -> UUID:
    """Add a job to the session's transaction; the ``queue`` (a service's name) is woken after the commit."""
    job = Job(
        id=uuid7(),
        kind=kind,
        payload=payload,
        subject_id=subject_id,
        priority=priority,
        max_attempts=max_attempts,
        run_after=datetime.now(UTC) + delay,
        req_id=request_id.get(),
        traceparent=current_traceparent(),
    )
    session.add(job)
    session.info.setdefault(WAKE_KEY, set()).add(queue)
    return job.id


@dataclass(frozen=True)
class Waiting:
    """Whether jobs may be claimed, and whether one is to be done ``alone``.

    The latter's worker died again: that job, or one that was in hand with it, may be the cause.
    """

    due: bool
    alone: bool


async def waiting(session: AsyncSession, kinds: Sequence[str]) -> Waiting:
    """Look what there is to do, in one statement that locks nothing."""
    due, alone = (exists().where(*_claimable(which, kinds)) for which in (_DUE, _FOR_ALONE))
    return Waiting(*(await session.execute(select(due, alone))).one())


async def claim(session: AsyncSession, kinds: Sequence[str], limit: int) -> list[ClaimedJob]:
    """Take up to ``limit`` due jobs, also those whose worker's lease is over; counts the attempt."""
    return await _take(session, _DUE, kinds, limit)


async def claim_alone(session: AsyncSession, kinds: Sequence[str]) -> ClaimedJob | None:
    """Take one job that is to be done alone; counts the attempt."""
    taken = await _take(session, _FOR_ALONE, kinds, 1)
    return taken[0] if taken else None


_ABANDONED = and_(Job.state == JobState.RUNNING, Job.lease_until < func.now())
_FOR_ALONE = and_(_ABANDONED, Job.attempts >= ALONE_AFTER)
_DUE = or_(
    and_(Job.state == JobState.QUEUED, Job.run_after <= func.now()),
    and_(_ABANDONED, Job.attempts < ALONE_AFTER),
)


def _claimable(which: ColumnElement[bool], kinds: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        Job.state.in_([JobState.QUEUED, JobState.RUNNING]),
        which,
        Job.kind.in_(kinds),
        or_(Job.attempts < Job.max_attempts, Job.state == JobState.QUEUED),
    )


async def _take(
    session: AsyncSession, which: ColumnElement[bool], kinds: Sequence[str], limit: int
) -> list[ClaimedJob]:
    chosen = (
        select(Job.id)
        .where(*_claimable(which, kinds))
        .order_by(Job.priority, Job.run_after)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("chosen")
        .prefix_with("MATERIALIZED")  # else the planner may run it again per row and exceed the limit
    )
    statement = (
        update(Job)
        .where(Job.id.in_(select(chosen.c.id)))
        .values(
            state=JobState.RUNNING,
            attempts=Job.attempts + 1,
            lease_until=func.now() + LEASE,
            lease_token=uuid4(),
            updated_at=func.now(),
        )
        .returning(
            Job.id,
            Job.kind,
            Job.subject_id,
            Job.payload,
            Job.attempts,
            Job.max_attempts,
            Job.lease_token,
            Job.req_id,
            Job.traceparent,
        )
        .execution_options(synchronize_session=False)
    )
    return [ClaimedJob(*row) for row in await session.execute(statement)]


async def renew(session: AsyncSession, leases: Sequence[tuple[UUID, UUID]]) -> None:
    """Renew the leases given as (job id, lease token)."""
    if not leases:
        return
    await session.execute(
        update(Job)
        .where(Job.id.in_([job for job, _ in leases]), Job.lease_token.in_([token for _, token in leases]))
        .where(Job.state == JobState.RUNNING)
        .values(lease_until=func.now() + LEASE)
        .execution_options(synchronize_session=False)
    )


async def _settle(session: AsyncSession, job: ClaimedJob, **values: Any) -> None:
    result = await session.execute(
        update(Job)
        .where(Job.id == job.id, Job.lease_token == job.lease_token, Job.state == JobState.RUNNING)
        .values(updated_at=func.now(), **values)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    if result.first() is None:
        raise LeaseLost


async def complete(session: AsyncSession, job: ClaimedJob) -> None:
    """Mark the job done, in the transaction of its effects. Raises ``LeaseLost``."""
    await _settle(session, job, state=JobState.DONE, progress=1.0, lease_until=None, reason=None)


async def report_progress(session: AsyncSession, job: ClaimedJob, progress: float) -> None:
    """Say how far the job is (0..1). Raises ``LeaseLost``."""
    await _settle(session, job, progress=progress)


async def save_payload(session: AsyncSession, job: ClaimedJob, payload: dict[str, Any]) -> None:
    """Keep how far a job in stages has come, for its next attempt to go on from there. Raises ``LeaseLost``."""
    await _settle(session, job, payload=payload)


async def give_back(session: AsyncSession, job: ClaimedJob) -> None:
    """Return an unfinished job at a graceful stop; the attempt does not count."""
    await _settle(session, job, state=JobState.QUEUED, attempts=job.attempts - 1, lease_until=None)


async def fail(session: AsyncSession, job: ClaimedJob, error: Exception) -> JobState:
    """Refuse, postpone, retry later (exponential backoff, full jitter) or give up; returns the new state."""
    if isinstance(error, JobFailed):
        await _settle(session, job, state=JobState.FAILED, reason=str(error), lease_until=None)
        return JobState.FAILED
    if isinstance(error, JobPostponed):
        waiting = {"attempts": job.attempts - 1, "run_after": error.until, "reason": str(error)}
        await _settle(session, job, state=JobState.QUEUED, lease_until=None, **waiting)
        return JobState.QUEUED
    reason = error.detail if isinstance(error, ServiceError) else _told(error)
    if job.attempts >= job.max_attempts:
        await _settle(session, job, state=JobState.DEAD, reason=reason, lease_until=None)
        return JobState.DEAD
    run_after = datetime.now(UTC) + timedelta(seconds=backoff_seconds(job.attempts, error))
    await _settle(session, job, state=JobState.QUEUED, reason=reason, lease_until=None, run_after=run_after)
    return JobState.QUEUED


def _told(error: Exception) -> str:
    """What people read of an error that is not ours; the log has all of it. Texts of the database hold the SQL."""
    if isinstance(error, DBAPIError):
        return f"The database refused a statement: {type(error).__name__}."
    return f"{type(error).__name__}: {error}"[:500]


def backoff_seconds(attempts: int, error: Exception | None = None) -> float:
    """Seconds until the next attempt: at least what the error asks for, else doubling up to 15 min."""
    ceiling = min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2 ** (attempts - 1))
    jittered = random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreads load, guards nothing
    asked = getattr(error, "retry_after_s", None) or 0.0
    return max(jittered, asked)


async def sweep(session: AsyncSession) -> int:
    """Bury jobs whose worker died in the last attempt; returns how many."""
    result = await session.execute(
        update(Job)
        .where(Job.state == JobState.RUNNING, Job.lease_until < func.now(), Job.attempts >= Job.max_attempts)
        .values(state=JobState.DEAD, reason=WORKER_DIED, lease_until=None, updated_at=func.now())
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return len(result.all())


async def replay(session: AsyncSession, job_id: UUID, *, queue: str) -> bool:
    """Queue a dead job again with all its attempts; False when there is no such dead job."""
    result = await session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.DEAD)
        .values(state=JobState.QUEUED, attempts=0, run_after=func.now(), updated_at=func.now())
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    session.info.setdefault(WAKE_KEY, set()).add(queue)
    return result.first() is not None
