"""Chores every worker does: sweep leases, measure queues, forget what has had its time."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select

from common import jobs, outbox
from common.db.tables import IdempotencyKey, InboxEvent, Job, JobState, OutboxEvent
from common.metrics import JOB_OLDEST_SECONDS, JOBS, LOOP_LAG_SECONDS, OUTBOX_LAG_SECONDS, OUTBOX_PENDING
from common.resources import Resources

KEEP_DONE_JOBS = timedelta(days=7)
KEEP_EVENTS = timedelta(days=30)
KEEP_IDEMPOTENCY_KEYS = timedelta(hours=24)


async def sweep(resources: Resources) -> None:
    """Bury jobs that killed their worker in every attempt."""
    async with resources.database.transaction() as session:
        await jobs.sweep(session)


async def measure(resources: Resources) -> None:
    """Refresh the gauges of jobs and outbox."""
    async with resources.database.reading() as session:
        counts = await session.execute(select(Job.kind, Job.state, func.count()).group_by(Job.kind, Job.state))
        JOBS.clear()
        for kind, state, count in counts:
            JOBS.labels(kind, state).set(count)
        due = await session.scalar(
            select(func.min(Job.run_after)).where(Job.state == JobState.QUEUED, Job.run_after <= func.now())
        )
        JOB_OLDEST_SECONDS.set((datetime.now(UTC) - due).total_seconds() if due else 0)
        published = await outbox.published(session)
    OUTBOX_PENDING.set(published.pending)
    OUTBOX_LAG_SECONDS.set(published.oldest_pending)


async def measure_loop(_resources: Resources) -> None:
    """Measure how late the event loop answers a timer."""
    started = time.perf_counter()
    await asyncio.sleep(0.05)
    LOOP_LAG_SECONDS.set(max(0.0, time.perf_counter() - started - 0.05))


async def prune(resources: Resources) -> None:
    """Forget finished jobs, old events and used idempotency keys."""
    now = datetime.now(UTC)
    async with resources.database.transaction() as session:
        finished = (JobState.DONE, JobState.FAILED)
        await session.execute(delete(Job).where(Job.state.in_(finished), Job.updated_at < now - KEEP_DONE_JOBS))
        await session.execute(
            delete(OutboxEvent).where(OutboxEvent.position.is_not(None), OutboxEvent.created_at < now - KEEP_EVENTS)
        )
        await session.execute(delete(InboxEvent).where(InboxEvent.handled_at < now - KEEP_EVENTS))
        await session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEEP_IDEMPOTENCY_KEYS))


MAINTENANCE = [
    ("sweep", 10.0, sweep),
    ("measure", 15.0, measure),
    ("measure loop", 15.0, measure_loop),
    ("prune", 3600.0, prune),
]
