"""Jobs of the Strava side: which kinds there are, and how they are put in the queue."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from common.db.tables import Job, JobState
from strava.connections import repository as connections

QUEUE = "strava"
EVENT, ACTIVITY, SYNC, REVOKE = "strava-event", "strava-activity", "strava-sync", "strava-revoke"

OVERLAP = timedelta(days=1)
"""Activities that Strava processes late fall behind what was seen before: every sync looks back that far."""

_URGENT, _BACKGROUND = 0, 10
_OPEN = (JobState.QUEUED, JobState.RUNNING)


def enqueue_event(session: AsyncSession, event_id: UUID, *, attempt: int = 0, delay: float = 0.0) -> None:
    """Work an event of the webhook through, now or ``delay`` s later."""
    payload = {"event_id": str(event_id), "attempt": attempt}
    jobs.enqueue(session, EVENT, payload, queue=QUEUE, priority=_URGENT, delay=timedelta(seconds=delay))


def enqueue_activity(
    session: AsyncSession, athlete_id: UUID, strava_id: int, *, urgent: bool, attempt: int = 0, delay: float = 0.0
) -> None:
    """Fetch an activity that Strava has."""
    jobs.enqueue(
        session,
        ACTIVITY,
        {"strava_id": str(strava_id), "urgent": urgent, "attempt": attempt},
        queue=QUEUE,
        subject_id=athlete_id,
        priority=_URGENT if urgent else _BACKGROUND,
        delay=timedelta(seconds=delay),
    )


async def enqueue_sync(session: AsyncSession, athlete_id: UUID, after: datetime) -> UUID:
    """List what started after a moment and fetch what is missing; returns the job, also one that is under way."""
    open_job = select(Job.id).where(Job.subject_id == athlete_id, Job.kind == SYNC, Job.state.in_(_OPEN)).limit(1)
    known: UUID | None = await session.scalar(open_job)
    if known is not None:
        return known
    payload = {"after": after.isoformat(), "before": None}
    return jobs.enqueue(session, SYNC, payload, queue=QUEUE, subject_id=athlete_id, priority=_BACKGROUND)


async def enqueue_polls(session: AsyncSession, now: datetime, pause: timedelta = timedelta()) -> None:
    """Sync every athlete who was not asked about within ``pause``."""
    for connection in await connections.claim_polls(session, now, pause):
        since = (connection.last_sync_at or connection.connected_at) - OVERLAP
        await enqueue_sync(session, connection.athlete_id, since)


def enqueue_revoke(session: AsyncSession, athlete_id: UUID, sealed: dict[str, str]) -> None:
    """Take the grant back at Strava with the tokens of a connection that is gone; they stay sealed."""
    jobs.enqueue(session, REVOKE, sealed, queue=QUEUE, subject_id=athlete_id, priority=_URGENT)
