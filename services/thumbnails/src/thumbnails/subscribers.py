"""What thumbnails does with others' events: each is a hint to look at an activity's route again."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common.inbox import Subscription
from common.outbox import PublishedEvent
from common.resources import Resources
from contracts.strava.events import ActivityCreated, ActivityDeleted, ActivityUpdated, PrivacyZonesChanged
from thumbnails.pictures import repository
from thumbnails.pictures.tasks import request_drawing
from thumbnails.store import activity_store


async def on_creation(session: AsyncSession, event: PublishedEvent) -> None:
    """Draw what is recent before the years that an import brings: that is what people look at."""
    activity = ActivityCreated.model_validate(event.payload)
    request_drawing(session, activity.activity_id, activity.athlete_id, activity.start_time)


async def on_activity(session: AsyncSession, event: PublishedEvent) -> None:
    request_drawing(session, UUID(event.payload["activity_id"]), UUID(event.payload["athlete_id"]))


async def on_update(session: AsyncSession, event: PublishedEvent) -> None:
    if "streams" in event.payload["changed"]:
        await on_activity(session, event)


async def on_zones(session: AsyncSession, event: PublishedEvent) -> None:
    """Look at all routes of the athlete again, the newest first: they are cut elsewhere now."""
    athlete_id = UUID(event.payload["athlete_id"])
    for activity_id in await repository.activities_of(session, athlete_id):
        request_drawing(session, activity_id, athlete_id)


def subscriptions(resources: Resources) -> list[Subscription]:
    handlers = {
        ActivityCreated.event_type(): on_creation,
        ActivityUpdated.event_type(): on_update,
        ActivityDeleted.event_type(): on_activity,
        PrivacyZonesChanged.event_type(): on_zones,
    }
    return [Subscription("strava", activity_store(resources), handlers)]
