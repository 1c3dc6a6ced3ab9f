"""The reading side of events: pull from the publisher, record what was handled with its effects.

Handling an event means putting the work it causes into this service's own ``jobs``; those carry retries,
leases and dead letters. The inbox row, the jobs and the cursor are one transaction, so an event that is pulled
twice has its effect once and an event that was pulled is never lost.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from common.context import on_behalf_of
from common.db.tables import InboxCursor
from common.metrics import EVENTS_PULLED
from common.outbox import EventPage, PublishedEvent

PULL_BATCH = 200

Handler = Callable[[AsyncSession, PublishedEvent], Awaitable[None]]


class EventSource(Protocol):
    """Where a publisher's events are read."""

    async def events_after(self, position: int, limit: int) -> EventPage: ...


@dataclass(frozen=True)
class Subscription:
    """What a service does with the events of one publisher; event types without a handler are passed over."""

    publisher: str
    source: EventSource
    handlers: Mapping[str, Handler]


async def cursor_of(session: AsyncSession, publisher: str) -> int:
    position = await session.scalar(select(InboxCursor.position).where(InboxCursor.publisher == publisher))
    return position or 0


async def handle_page(session: AsyncSession, subscription: Subscription, page: EventPage) -> int:
    """Handle the page's events that were not handled before, move the cursor, return how many were new."""
    wanted = {event.id: event for event in page.items if event.type in subscription.handlers}
    new = await _new_among(session, subscription.publisher, list(wanted.values()))
    for event in (wanted[event_id] for event_id in wanted if event_id in new):
        with on_behalf_of(event.req_id, event.traceparent):
            await subscription.handlers[event.type](session, event)
        EVENTS_PULLED.labels(subscription.publisher, event.type).inc()
    await _move_cursor(session, subscription.publisher, page.items[-1].position)
    return len(new)


_RECORD = text(
    """
    INSERT INTO inbox (event_id, publisher, type)
    SELECT told.id, :publisher, told.type
    FROM unnest(CAST(:ids AS uuid[]), CAST(:types AS text[])) AS told (id, type)
    ON CONFLICT DO NOTHING
    RETURNING event_id
    """
)


async def _new_among(session: AsyncSession, publisher: str, events: Sequence[PublishedEvent]) -> set[UUID]:
    """Record all of these events at once; return those that were not handled before."""
    if not events:
        return set()
    told = {"publisher": publisher, "ids": [each.id for each in events], "types": [each.type for each in events]}
    return {row[0] for row in await session.execute(_RECORD, told)}


async def _move_cursor(session: AsyncSession, publisher: str, position: int) -> None:
    statement = insert(InboxCursor).values(publisher=publisher, position=position)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[InboxCursor.publisher],
            set_={
                "position": func.greatest(InboxCursor.position, statement.excluded.position),
                "updated_at": func.now(),
            },
        )
    )
