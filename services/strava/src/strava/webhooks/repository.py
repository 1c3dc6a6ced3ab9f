"""The inbox of the webhook, and the subscription that fills it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from common.context import request_id
from common.ids import uuid7
from strava.models import WebhookEvent, WebhookSubscription
from strava.webhooks.schemas import StravaEvent

KEEP = timedelta(days=30)
_SAME_ACTIVITY = ("object_type", "object_id", "owner_id", "subscription_id")


async def add(session: AsyncSession, event: StravaEvent) -> UUID | None:
    """Write an event; None when the same one is here and not worked through yet."""
    statement = insert(WebhookEvent).values(
        id=uuid7(),
        digest=event.digest(),
        event_time=event.moment,
        updates=event.kept_updates(),
        req_id=request_id.get(),
        **event.model_dump(exclude={"event_time", "updates"}),
    )
    added: UUID | None = await session.scalar(
        statement.on_conflict_do_nothing(
            index_elements=[WebhookEvent.digest], index_where=WebhookEvent.outcome.is_(None)
        ).returning(WebhookEvent.id)
    )
    return added


async def find(session: AsyncSession, event_id: UUID) -> WebhookEvent | None:
    return await session.get(WebhookEvent, event_id)


async def settle(session: AsyncSession, event_id: UUID, outcome: str, reason: str) -> None:
    """Give an event its outcome."""
    await session.execute(
        update(WebhookEvent)
        .where(WebhookEvent.id == event_id)
        .values(outcome=outcome, reason=reason or None, settled_at=func.now())
        .execution_options(synchronize_session=False)
    )


async def settle_told_before(session: AsyncSession, event: WebhookEvent, moment: datetime, reason: str) -> int:
    """Settle what else was told of an activity before it was asked for, deletions apart; returns how many."""
    same = [getattr(WebhookEvent, name) == getattr(event, name) for name in _SAME_ACTIVITY]
    others = WebhookEvent.id != event.id, WebhookEvent.outcome.is_(None), WebhookEvent.aspect_type != "delete"
    settled = await session.scalars(
        update(WebhookEvent)
        .where(*same, *others, WebhookEvent.received_at < moment)
        .values(outcome="unchanged", reason=reason, settled_at=func.now())
        .returning(WebhookEvent.id)
        .execution_options(synchronize_session=False)
    )
    return len(settled.all())


async def was_deleted(session: AsyncSession, strava_id: int, since: datetime) -> bool:
    """Whether Strava has told, at ``since`` or later, that the activity was deleted."""
    told = select(WebhookEvent.id).where(
        WebhookEvent.object_id == strava_id,
        WebhookEvent.object_type == "activity",
        WebhookEvent.aspect_type == "delete",
        WebhookEvent.event_time >= since,
    )
    return await session.scalar(told.limit(1)) is not None


async def count_open(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).where(WebhookEvent.outcome.is_(None))) or 0


async def forget(session: AsyncSession, now: datetime) -> None:
    """Delete events that were worked through long ago."""
    settled = WebhookEvent.outcome.is_not(None), WebhookEvent.received_at < now - KEEP
    await session.execute(delete(WebhookEvent).where(*settled))


async def subscription(session: AsyncSession, client_id: str) -> WebhookSubscription | None:
    return await session.get(WebhookSubscription, client_id)
