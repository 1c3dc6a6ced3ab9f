"""Asking Strava for news while it does not tell any, and the chores of the Strava side."""

from datetime import UTC, datetime, timedelta

from common.resources import Resources
from strava.connections import repository as connections
from strava.metrics import CONNECTIONS, EVENTS_OPEN
from strava.remote.remote import settings_of
from strava.sync.queueing import enqueue_polls
from strava.webhooks import repository as events
from strava.webhooks.subscription import ACTIVE

_KEEP_STATES = timedelta(days=1)


async def poll_when_silent(resources: Resources) -> None:
    """Queue a sync of each athlete every 15 min while webhooks are off, or silent for a day."""
    settings, now = settings_of(resources), datetime.now(UTC)
    if not settings.strava_client_id:
        return
    async with resources.database.transaction() as session:
        subscription = await events.subscription(session, settings.strava_client_id)
        told = await connections.latest_event_at(session)
        silent = told is None or told < now - timedelta(seconds=settings.strava_silent_seconds)
        if subscription is not None and subscription.state == ACTIVE and not silent:
            return
        await enqueue_polls(session, now, timedelta(seconds=settings.strava_poll_seconds))


async def tidy(resources: Resources) -> None:
    """Forget old events and states, and count what there is."""
    now = datetime.now(UTC)
    async with resources.database.transaction() as session:
        await connections.forget_states(session, now - _KEEP_STATES)
        await events.forget(session, now)
        EVENTS_OPEN.set(await events.count_open(session))
        for state, count in (await connections.counts(session)).items():
            CONNECTIONS.labels(state).set(count)
