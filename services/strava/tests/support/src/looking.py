"""Looking at what the activity store keeps."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import func, select, text

from common.db.tables import Job, OutboxEvent
from common.resources import Resources

Woken = Callable[[Callable[[], Awaitable[Any]], str], Awaitable[Any]]
Outcomes = Callable[[int], Awaitable[list[tuple[str, str]]]]


async def published(resources: Resources, kind: str) -> list[dict[str, Any]]:
    """Payloads of the events of a kind, in the order in which they were written."""
    async with resources.database.transaction() as session:
        rows = await session.scalars(select(OutboxEvent).where(OutboxEvent.type == kind).order_by(OutboxEvent.id))
        return [row.payload for row in rows]


async def jobs_of(resources: Resources, kind: str) -> Sequence[Job]:
    """The jobs of a kind, the oldest first."""
    async with resources.database.transaction() as session:
        return (await session.scalars(select(Job).where(Job.kind == kind).order_by(Job.id))).all()


async def idle(resources: Resources) -> bool:
    """No job waits or runs."""
    async with resources.database.transaction() as session:
        waiting = select(func.count()).select_from(Job).where(Job.state.in_(["queued", "running"]))
        return await session.scalar(waiting) == 0


async def make_due(resources: Resources) -> None:
    """What waits for its time has waited long enough."""
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE jobs SET run_after = now() WHERE state = 'queued'"))


async def somebody_waits(resources: Resources, statement: str = "") -> bool:
    """Whether some transaction of this database waits for a lock of another, in a statement that begins so."""
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock' AND starts_with(query, :statement)"
    )
    async with resources.database.reading() as session:
        return bool(await session.scalar(text(query), {"statement": statement}))
