"""Keeping the application's one subscription at Strava in place."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from common.errors import ServiceError
from common.http import UpstreamRejected
from common.logs import get_logger
from common.resources import Resources
from strava.connections import repository as connections
from strava.models import SubscriptionView, WebhookSubscription
from strava.remote.errors import NotConfigured
from strava.remote.push import AlreadySubscribed, CallbackUnreachable
from strava.remote.remote import Remote
from strava.remote.shapes import PushSubscription
from strava.sync.queueing import enqueue_polls
from strava.webhooks import repository

ACTIVE, FOREIGN, FAILED = "active", "foreign", "failed"
OFF, IDLE = "off", "idle"
LOOK_AGAIN = {ACTIVE: timedelta(hours=1), FOREIGN: timedelta(minutes=10), FAILED: timedelta(seconds=8)}
_FOREIGN = "The application has a subscription for another address. Delete it there, or use an application of its own."
_SWITCHED_OFF = "An administrator has deleted the subscription."
_NOBODY = "Nobody here is connected to Strava."
_UNREACHABLE = "Strava could not verify the webhook's address: is PUBLIC_URL reachable from the internet?"


async def ensure_subscription(resources: Resources) -> None:
    """Look after the subscription, unless that was done a while ago or somebody is at it. Safe to do often."""
    try:
        remote = Remote.of(resources)
    except NotConfigured:
        return
    async with resources.database.transaction() as session:
        if await _is_due(session, remote) and await _is_ours_to_do(session):
            await _look_after(session, remote)


async def _is_ours_to_do(session: AsyncSession) -> bool:
    """One worker at a time, until its transaction ends."""
    lock = func.pg_try_advisory_xact_lock(func.hashtextextended("webhook subscription", 2))
    return bool(await session.scalar(select(lock)))


async def _is_due(session: AsyncSession, remote: Remote) -> bool:
    known = await repository.subscription(session, remote.settings.strava_client_id)
    if known is not None and known.state == OFF:
        return False
    if known is not None and known.state == IDLE:
        return await connections.any_working(session)
    if known is None or known.callback_hash != _hash(remote.settings.webhook_url):
        return True
    return known.checked_at < datetime.now(UTC) - LOOK_AGAIN[known.state]


async def _look_after(session: AsyncSession, remote: Remote) -> None:
    try:
        found = await _found_or_made(session, remote)
    except CallbackUnreachable:
        await _keep(session, remote, None, FAILED, _UNREACHABLE)
        return
    except (ServiceError, UpstreamRejected) as error:
        reason = error.detail if isinstance(error, ServiceError) else str(error)
        known = await repository.subscription(session, remote.settings.strava_client_id)
        await _keep(session, remote, known.subscription_id if known else None, FAILED, reason)
        get_logger().warning("webhook_not_subscribed", error=reason)
        return
    await remember(session, remote, [found])
    if remote.settings.is_own_webhook(found.callback_url):
        before = await repository.subscription(session, remote.settings.strava_client_id)
        if before is None or before.state != ACTIVE:
            await enqueue_polls(session, datetime.now(UTC))  # nobody told what happened until now
        await _keep(session, remote, found.id, ACTIVE, None)
    else:
        await _keep(session, remote, None, FOREIGN, _FOREIGN)
        get_logger().warning("webhook_subscription_is_foreign", subscription_id=found.id)


@dataclass(frozen=True)
class View:
    """What Strava said last of the application's subscriptions, and when."""

    items: list[dict[str, Any]]
    checked_at: datetime


async def remember(
    session: AsyncSession, remote: Remote, found: Sequence[PushSubscription], asked_at: datetime | None = None
) -> View:
    """Keep what Strava has for pages that are looked at often, unless more is known since ``asked_at``."""
    view = View([_row(remote, each) for each in found], asked_at or datetime.now(UTC))
    values = {"subscriptions": view.items, "checked_at": view.checked_at}
    statement = insert(SubscriptionView).values(client_id=remote.settings.strava_client_id, **values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[SubscriptionView.client_id],
            set_=values,
            where=SubscriptionView.checked_at <= statement.excluded.checked_at,
        )
    )
    return view


def _row(remote: Remote, subscription: PushSubscription) -> dict[str, Any]:
    """What is kept of a subscription: not the secret in our own address."""
    settings, address = remote.settings, subscription.callback_url
    shown = address.replace(settings.application.webhook_secret, "...")
    return {"id": str(subscription.id), "callback_url": shown, "ours": settings.is_own_webhook(address)}


async def note(session: AsyncSession, remote: Remote, made: PushSubscription) -> None:
    """Note a subscription that an administrator has made."""
    await enqueue_polls(session, datetime.now(UTC))  # nobody told what happened until now
    await _keep(session, remote, made.id, ACTIVE, None)


async def switch_off(session: AsyncSession, remote: Remote) -> None:
    """Note that there is to be no subscription until an administrator makes one."""
    await _keep(session, remote, None, OFF, _SWITCHED_OFF)


async def leave_when_nobody_is_left(resources: Resources) -> None:
    """Delete our subscription when the last athlete has disconnected; it comes back with the next one."""
    remote = Remote.of(resources)
    async with resources.database.transaction() as session:
        known = await repository.subscription(session, remote.settings.strava_client_id)
        if known is None or known.state != ACTIVE or await connections.any_working(session):
            return
        if not await _is_ours_to_do(session):
            return
        there = await remote.push.view()
        ours = [each for each in there if remote.settings.is_own_webhook(each.callback_url)]
        for each in ours:
            await remote.push.delete(each.id)
        await remember(session, remote, [each for each in there if each not in ours])
        await _keep(session, remote, None, IDLE, _NOBODY)


async def _found_or_made(session: AsyncSession, remote: Remote) -> PushSubscription:
    """The subscription there is, whosever it is, or a new one. One that we made for an earlier address is replaced."""
    push, settings = remote.push, remote.settings
    there = await push.view()
    known = await repository.subscription(session, settings.strava_client_id)
    foreign = there and not settings.is_own_webhook(there[0].callback_url)
    if foreign and known and there[0].id == known.subscription_id:
        await push.delete(there[0].id)
        there = []
    if there:
        return there[0]
    try:
        made = await push.create(callback_url=settings.webhook_url, verify_token=settings.application.verify_token)
    except AlreadySubscribed:  # somebody was faster
        there = await push.view()
        if there:
            return there[0]
        raise CallbackUnreachable from None
    return made.model_copy(update={"callback_url": settings.webhook_url})


async def _keep(
    session: AsyncSession, remote: Remote, subscription_id: int | None, state: str, reason: str | None
) -> None:
    values = {
        "subscription_id": subscription_id,
        "callback_hash": _hash(remote.settings.webhook_url),
        "state": state,
        "reason": reason,
        "checked_at": datetime.now(UTC),
    }
    statement = insert(WebhookSubscription).values(client_id=remote.settings.strava_client_id, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=[WebhookSubscription.client_id], set_=values))


def _hash(address: str) -> bytes:
    return hashlib.sha256(address.encode()).digest()
