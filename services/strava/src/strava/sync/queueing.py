"""Jobs of the Strava side: which kinds there are, and how they are put in the queue."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from common.db.tables import Job, JobState
from strava.connections import repository as connections

QUEUE = "strava"
EVENT, ACTIVITY, SYNC, REVOKE = "strava-event", "strava-activity", "strava-sync", "strava-revoke"
HISTORY, RECONCILE, PUSH = "strava-history", "strava-reconcile", "strava-push"

FETCHES = (ACTIVITY, SYNC, HISTORY, RECONCILE)

OVERLAP = timedelta(days=1)
"""Activities that Strava processes late fall behind what was seen before: every sync looks back that far."""

URGENT, BACKGROUND, LAST = 0, 10, 20
"""Priorities: what happened just now, what is missing of late, the history before."""

OPEN = (JobState.QUEUED, JobState.RUNNING)


def enqueue_event(session: AsyncSession, event_id: UUID, *, attempt: int = 0, delay: float = 0.0) -> None:
    """Work an event of the webhook through, now or ``delay`` s later."""
    payload = {"event_id": str(event_id), "attempt": attempt}
    jobs.enqueue(session, EVENT, payload, queue=QUEUE, priority=URGENT, delay=timedelta(seconds=delay))


def enqueue_activity(
    session: AsyncSession,
    athlete_id: UUID,
    strava_id: int,
    *,
    urgent: bool,
    attempt: int = 0,
    delay: float = 0.0,
    missing: bool = False,
    history: bool = False,
    fresh: bool = False,
) -> UUID:
    """Fetch an activity that Strava has; one that was only ``missing`` is left alone when it came meanwhile.

    ``fresh`` is what Strava has had for a short time only, whenever it was: its samples may follow.
    """
    return jobs.enqueue(
        session,
        ACTIVITY,
        {"strava_id": str(strava_id), "urgent": urgent, "attempt": attempt, "missing": missing, "fresh": fresh},
        queue=QUEUE,
        subject_id=athlete_id,
        priority=URGENT if urgent else LAST if history else BACKGROUND,
        delay=timedelta(seconds=delay),
    )


_LISTING: dict[str, object] = {"before": None, "queued": 0}


async def enqueue_sync(session: AsyncSession, athlete_id: UUID, after: datetime) -> UUID:
    """List what started after a moment and fetch what is missing.

    Returns the job, also one under way that looks as far back: a poll of the last day is no answer to who misses more.
    """
    as_far_back = Job.payload["after"].astext.cast(DateTime(timezone=True)) <= after
    return await _once(session, athlete_id, SYNC, {**_LISTING, "after": after.isoformat()}, BACKGROUND, as_far_back)


async def enqueue_history(
    session: AsyncSession, athlete_id: UUID, *, since: UUID | None = None, queued: int = 0
) -> UUID:
    """List everything there ever was and fetch what is missing; returns the job, also one that is under way.

    One that follows the sync ``since`` tells also how far the fetches are that this one ``queued``.
    """
    payload = {**_LISTING, "listed": False, "since": str(since) if since else None, "queued": queued}
    return await _once(session, athlete_id, HISTORY, payload, LAST)


async def enqueue_reconciliation(session: AsyncSession, athlete_id: UUID, after: datetime) -> UUID:
    """Compare what started after a moment with what is stored."""
    return await _once(session, athlete_id, RECONCILE, {"after": after.isoformat()}, BACKGROUND)


async def _once(
    session: AsyncSession,
    athlete_id: UUID,
    kind: str,
    payload: dict[str, object],
    priority: int,
    *like: ColumnElement[bool],
) -> UUID:
    """Queue a job unless the athlete has one of that kind, and ``like`` that, under way."""
    open_job = select(Job.id).where(Job.subject_id == athlete_id, Job.kind == kind, Job.state.in_(OPEN), *like)
    known: UUID | None = await session.scalar(open_job.limit(1))
    if known is not None:
        return known
    return jobs.enqueue(session, kind, payload, queue=QUEUE, subject_id=athlete_id, priority=priority)


async def enqueue_polls(session: AsyncSession, now: datetime, pause: timedelta = timedelta()) -> None:
    """Sync every athlete who was not asked about within ``pause``."""
    for connection in await connections.claim_polls(session, now, pause):
        since = (connection.last_sync_at or connection.connected_at) - OVERLAP
        await enqueue_sync(session, connection.athlete_id, since)


async def forget_fetches(session: AsyncSession, athlete_id: UUID, kinds: Sequence[str] = FETCHES) -> None:
    """Take back what still waits to be asked: of an account that was left, or what is asked anew."""
    waiting = Job.kind.in_(kinds), Job.state == JobState.QUEUED
    await session.execute(delete(Job).where(Job.subject_id == athlete_id, *waiting))


def enqueue_revoke(session: AsyncSession, athlete_id: UUID, account: str, sealed: dict[str, str]) -> None:
    """Take the grant of an account at Strava back with the tokens of a connection that is gone; they stay sealed."""
    jobs.enqueue(session, REVOKE, {"account": account, **sealed}, queue=QUEUE, subject_id=athlete_id, priority=URGENT)


# Those that wait keep their order: a microsecond lies between each and the next.
_WAIT = text(
    """
    WITH waiting AS MATERIALIZED (
        SELECT id, priority, run_after FROM jobs
        WHERE state = 'queued' AND kind = :kind AND priority >= :least AND run_after < :until
        FOR UPDATE SKIP LOCKED
    ), placed AS (
        SELECT id, row_number() OVER (ORDER BY priority, run_after, id) AS place FROM waiting
    )
    UPDATE jobs SET run_after = CAST(:until AS timestamptz) + placed.place * interval '1 microsecond', reason = :reason
    FROM placed WHERE jobs.id = placed.id
    """
)


async def hold_background(session: AsyncSession, until: datetime, reason: str) -> None:
    """Let all fetches in the background wait, in place of each finding out for itself that the limit is reached."""
    await session.execute(_WAIT, {"kind": ACTIVITY, "least": BACKGROUND, "until": until, "reason": reason})
