"""Events: written with the change, published by one relay, pulled by whoever reads them.

The cursor that readers see is given at publication. One relay at a time holds an advisory lock, gives positions
and commits, so positions become visible in order: a reader that has seen position n will never find a
smaller one later, however the writing transactions interleaved.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import BigInteger, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from common.context import current_traceparent, request_id
from common.db.engine import WAKE_KEY
from common.db.tables import OutboxEvent
from common.ids import uuid7

RELAY_BATCH = 500


class Event(BaseModel):
    """Base of every event's payload. ``event_type`` is versioned and in the past tense: ``activity.created.v1``."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def event_type(cls) -> str:
        raise TypeError(f"{cls.__name__} names no event type")


class PublishedEvent(BaseModel):
    """An event as ``GET /internal/events`` gives it."""

    position: int
    id: UUID
    type: str
    payload: dict[str, Any]
    req_id: str
    traceparent: str | None
    created_at: datetime


class EventPage(BaseModel):
    items: list[PublishedEvent]


def publish(session: AsyncSession, event: Event, *, queue: str) -> UUID:
    """Write the event into the session's transaction; the service's own worker relays it after the commit."""
    row = OutboxEvent(
        id=uuid7(),
        type=event.event_type(),
        payload=event.model_dump(mode="json"),
        req_id=request_id.get(),
        traceparent=current_traceparent(),
    )
    session.add(row)
    session.info.setdefault(WAKE_KEY, set()).add(queue)
    return row.id


_IS_ANY_PENDING = text("SELECT EXISTS (SELECT FROM outbox WHERE position IS NULL)")
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('relay ' || current_schema()))")
_PUBLISH = text(
    """
    WITH pending AS (
        SELECT id, row_number() OVER (ORDER BY id) AS place
        FROM (SELECT id FROM outbox WHERE position IS NULL ORDER BY id LIMIT :batch) AS first
    ), numbered AS MATERIALIZED (
        SELECT id, nextval('outbox_position') AS position FROM (SELECT id FROM pending ORDER BY place) AS ordered
    )
    UPDATE outbox SET position = numbered.position FROM numbered WHERE outbox.id = numbered.id
    """
)


async def is_any_pending(session: AsyncSession) -> bool:
    """Whether an event waits for the relay: one statement, where finding nothing by ``relay`` takes a transaction."""
    return bool(await session.scalar(_IS_ANY_PENDING))


async def relay(session: AsyncSession) -> int:
    """Publish up to ``RELAY_BATCH`` pending events; 0 when none is left or another relay is at it."""
    if not await session.scalar(_LOCK):
        return 0
    result = await session.execute(_PUBLISH, {"batch": RELAY_BATCH})
    return int(getattr(result, "rowcount", 0))


async def published_after(session: AsyncSession, position: int, limit: int) -> EventPage:
    """Return events published after ``position``, in order."""
    rows = await session.scalars(
        select(OutboxEvent)
        .where(OutboxEvent.position > bindparam("after", position, BigInteger))
        .order_by(OutboxEvent.position)
        .limit(limit)
    )
    return EventPage(items=[PublishedEvent.model_validate(row, from_attributes=True) for row in rows])


class Published(BaseModel):
    """Events of a service: the last position, and how many wait for the relay and for how long, in s."""

    position: int
    pending: int
    oldest_pending: float


_PUBLISHED = text(
    "SELECT (SELECT max(position) FROM outbox), count(*), min(created_at) FROM outbox WHERE position IS NULL"
)


async def published(session: AsyncSession) -> Published:
    """Return how far the relay is."""
    position, pending, oldest = (await session.execute(_PUBLISHED)).one()
    waiting = (datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0
    return Published(position=position or 0, pending=pending, oldest_pending=waiting)
