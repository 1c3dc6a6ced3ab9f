"""What thumbnails does with others' events: each is a hint to look at an activity's route again."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common.inbox import Subscription
from common.outbox import PublishedEvent
from common.resources import Resources
from contracts.strava.events import ActivityCreated, ActivityDeleted, ActivityUpdated
from thumbnails.pictures.tasks import request_drawing
from thumbnails.store import activity_store


async def on_activity(session: AsyncSession, event: PublishedEvent) -> None:
    request_drawing(session, UUID(event.payload["activity_id"]), UUID(event.payload["athlete_id"]))


async def on_update(session: AsyncSession, event: PublishedEvent) -> None:
    if "streams" in event.payload["changed"]:
        await on_activity(session, event)


def subscriptions(resources: Resources) -> list[Subscription]:
    handlers = {
        ActivityCreated.event_type(): on_activity,
        ActivityUpdated.event_type(): on_update,
        ActivityDeleted.event_type(): on_activity,
    }
    return [Subscription("strava", activity_store(resources), handlers)]
