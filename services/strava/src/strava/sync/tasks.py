"""The jobs of the Strava side."""

import base64
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from common.crypto import DecryptionFailed
from common.jobrunner import JobContext
from common.jobs import JobFailed
from common.logs import get_logger
from strava.connections import repository as connections
from strava.connections.tokens import TokenKeeper
from strava.metrics import FETCHES, WEBHOOK_EVENTS
from strava.models import Connection, WebhookEvent
from strava.purging import service as purging
from strava.remote.errors import ConnectionDegraded
from strava.remote.remote import Remote, settings_of
from strava.sync import repository
from strava.sync.bringing import KEPT, bury, fetch, keep
from strava.sync.listing import UNUSABLE
from strava.sync.queueing import enqueue_activity, enqueue_event
from strava.webhooks import repository as events
from strava.webhooks.subscription import leave_when_nobody_is_left

_ANSWERED = "It was asked for once for all that was told of it until then."


async def work_event(context: JobContext) -> None:
    """Work an event of the webhook through: look at what Strava has now, and only then believe it."""
    async with context.resources.database.reading() as session:
        event = await events.find(session, UUID(context.payload["event_id"]))
        connection = await connections.of_strava_athlete(session, event.owner_id) if event else None
        known = await events.subscription(session, settings_of(context.resources).strava_client_id)
    if event is None or event.outcome is not None:
        return
    if connection is None:
        await _settle(context, event, "ignored", "No athlete here is connected to this Strava account.")
    elif known is not None and known.state == "active" and known.subscription_id != event.subscription_id:
        await _settle(context, event, "ignored", "It belongs to another subscription.")
    else:
        try:
            handle = _athlete_event if event.object_type == "athlete" else _activity_event
            outcome, reason = await handle(context, event, connection)
        except UNUSABLE as error:
            outcome, reason = "ignored", error.detail
        await _note_event(context.session, connection.athlete_id)
        if outcome:
            await _settle(context, event, outcome, reason)


async def _athlete_event(context: JobContext, event: WebhookEvent, connection: Connection) -> tuple[str, str]:
    """A deauthorisation is believed when a refresh fails."""
    if event.updates.get("authorized", "").lower() != "false":
        return "ignored", "Nothing of the athlete is kept that this changes."
    try:
        await TokenKeeper.of(context.resources).renew(connection.athlete_id, used=connection.generation)
    except ConnectionDegraded:
        await _purge_later(context, connection.athlete_id)
        return "deauthorised", "Strava refuses the athlete's tokens."
    return "ignored", "Strava still accepts the athlete's tokens."


async def _purge_later(context: JobContext, athlete_id: UUID) -> None:
    """Who takes the grant back at Strava disconnects there: what came from it goes, unless they connect again."""
    grace = settings_of(context.resources).purge_grace
    connection = await connections.find(context.session, athlete_id, lock=True)
    if grace is None or connection is None or connection.state != connections.DEGRADED:
        return
    await purging.request(context.session, athlete_id, str(connection.strava_athlete_id), grace)


async def _activity_event(context: JobContext, event: WebhookEvent, connection: Connection) -> tuple[str, str]:
    """Create, update and delete alike ask for what there is; an empty outcome leaves the event open for later."""
    athlete_id, strava_id = connection.athlete_id, event.object_id
    fetched = await fetch(context.resources, athlete_id, strava_id, urgent=True)
    if fetched.activity is None:
        return await _missing(context, event, athlete_id, fetched.number)
    fresh = event.aspect_type == "create" or not await repository.is_stored(context.session, athlete_id, strava_id)
    account = connection.strava_athlete_id
    brought = await keep(context.resources, context.session, athlete_id, account, fetched, fresh=fresh)
    FETCHES.labels(brought.outcome).inc()
    if brought.outcome in KEPT:  # the athlete is locked: nobody else settles these just now
        answered = await events.settle_told_before(context.session, event, fetched.began, _ANSWERED)
        WEBHOOK_EVENTS.labels("unchanged").inc(answered)
    if event.aspect_type == "delete" and _try_again(context, event):
        return "", ""
    if brought.streams_late:
        _ask_for_streams(context, athlete_id, strava_id, attempt=0)
    return brought.outcome, brought.reason


async def _missing(context: JobContext, event: WebhookEvent, athlete_id: UUID, number: int) -> tuple[str, str]:
    if event.aspect_type == "delete":
        removed = await bury(context.session, athlete_id, event.object_id, number)
        return ("deleted", "") if removed else ("ignored", "It is not stored here.")
    if await events.was_deleted(context.session, event.object_id, event.event_time):
        return "ignored", "Strava has deleted it meanwhile."
    if event.aspect_type == "create" and _try_again(context, event):
        return "", ""
    return "missing", "Strava does not show it."


def _try_again(context: JobContext, event: WebhookEvent) -> bool:
    """Queue the event for its next look; False after the last."""
    attempt = int(context.payload["attempt"])
    delays = settings_of(context.resources).strava_retry_delays
    if attempt >= len(delays):
        return False
    enqueue_event(context.session, event.id, attempt=attempt + 1, delay=delays[attempt])
    return True


def _ask_for_streams(context: JobContext, athlete_id: UUID, strava_id: int, *, attempt: int) -> None:
    """What there is, is stored; look again for its samples."""
    delays = settings_of(context.resources).strava_retry_delays
    if attempt < len(delays):
        enqueue_activity(
            context.session, athlete_id, strava_id, urgent=True, attempt=attempt + 1, delay=delays[attempt]
        )


async def _settle(context: JobContext, event: WebhookEvent, outcome: str, reason: str) -> None:
    await events.settle(context.session, event.id, outcome, reason)
    WEBHOOK_EVENTS.labels(outcome).inc()
    get_logger().info("webhook_event_settled", outcome=outcome, event_id=str(event.id))


async def _note_event(session: AsyncSession, athlete_id: UUID) -> None:
    now = datetime.now(UTC)
    mine = Connection.athlete_id == athlete_id
    await session.execute(
        update(Connection).where(mine).values(last_event_at=now).execution_options(synchronize_session=False)
    )


async def bring_activity(context: JobContext) -> None:
    """Fetch one activity: missing here, stored without its samples so far, or no longer in Strava's list."""
    athlete_id, strava_id = context.job.subject_id, int(context.payload["strava_id"])
    assert athlete_id is not None
    async with context.resources.database.reading() as session:
        connection = await connections.find(session, athlete_id)
        came = context.payload.get("missing") and await repository.is_stored(session, athlete_id, strava_id)
    if connection is None or came:
        return
    try:
        fetched = await fetch(context.resources, athlete_id, strava_id, urgent=context.payload["urgent"])
    except UNUSABLE as error:
        raise JobFailed(error.detail) from error
    if fetched.activity is None:
        await bury(context.session, athlete_id, strava_id, fetched.number)
        return
    attempt, account = int(context.payload["attempt"]), connection.strava_athlete_id
    fresh = attempt > 0 or context.payload.get("fresh", False)
    brought = await keep(context.resources, context.session, athlete_id, account, fetched, fresh=fresh)
    FETCHES.labels(brought.outcome).inc()
    if brought.streams_late:
        _ask_for_streams(context, athlete_id, strava_id, attempt=attempt)


async def revoke(context: JobContext) -> None:
    """Take back the grant of a connection that was deleted here, unless the account is connected again by now."""
    athlete_id, account = context.job.subject_id, context.payload.get("account")
    assert athlete_id is not None
    async with context.resources.database.reading() as session:
        if account and await connections.of_strava_athlete(session, int(account)) is not None:
            return  # the grant is one and the same: the new connection would end with it
    keeper, oauth = TokenKeeper.of(context.resources), Remote.of(context.resources).oauth
    try:
        access, refresh = (
            keeper.open(athlete_id, name, base64.b64decode(context.payload[name])) for name in ("access", "refresh")
        )
    except DecryptionFailed as error:
        raise JobFailed("The tokens can no longer be read; the grant has to be taken back at Strava.") from error
    await oauth.revoke(access, refresh)
    await leave_when_nobody_is_left(context.resources)
