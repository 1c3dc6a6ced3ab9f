from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from auth.models import Audit
from auth.subscribers import keeper_of
from common.audit import AuditRecorded
from common.db import Database
from common.inbox import Subscription, handle_page
from common.outbox import EventPage, PublishedEvent


class Unread:
    async def events_after(self, position: int, limit: int) -> EventPage:
        raise AssertionError((position, limit))


async def test_an_audit_event_of_another_service_is_kept_once(environment_of: Callable[[str], Any]) -> None:
    environment = await environment_of("auth")
    database = Database(environment["DATABASE_URL"], service="auth", pool_size=1)
    told = AuditRecorded(actor="somebody", action="activity.deleted", target="something", outcome="ok")
    event = PublishedEvent(
        position=7,
        id=uuid4(),
        type=told.event_type(),
        payload=told.model_dump(),
        req_id="the-request",
        traceparent=None,
        created_at=datetime.now(UTC),
    )
    subscription = Subscription("strava", Unread(), {told.event_type(): keeper_of("strava")})
    for _ in range(2):
        async with database.transaction() as session:
            await handle_page(session, subscription, EventPage(items=[event]))
    async with database.reading() as session:
        [kept] = (await session.scalars(select(Audit))).all()
    assert (kept.service, kept.actor, kept.action, kept.req_id) == (
        "strava",
        "somebody",
        "activity.deleted",
        "the-request",
    )
    await database.aclose()
