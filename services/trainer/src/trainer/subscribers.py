"""What trainer does with others' events: each is a hint to look at an activity again."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common.inbox import Subscription
from common.outbox import PublishedEvent
from common.resources import Resources
from contracts.strava.events import ActivityCreated, ActivityDeleted, ActivityUpdated
from trainer.runs.syncing import request_sync
from trainer.store import activity_store


async def on_activity(session: AsyncSession, event: PublishedEvent) -> None:
    request_sync(session, UUID(event.payload["activity_id"]), UUID(event.payload["athlete_id"]))


def subscriptions(resources: Resources) -> list[Subscription]:
    events = (ActivityCreated, ActivityUpdated, ActivityDeleted)
    handlers = {event.event_type(): on_activity for event in events}
    return [Subscription("strava", activity_store(resources), handlers)]
