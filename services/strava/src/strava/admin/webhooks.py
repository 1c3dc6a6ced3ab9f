"""``/admin/webhooks``: the application's subscription at Strava, looked at through a cache of five minutes."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common import audit
from common.errors import Conflict, NotFound
from common.resources import Resources
from common.route import DbSession, ProcessResources, TransactionalRoute
from common.tokens import CurrentUser, require_role
from strava.admin.schemas import SubscriptionList
from strava.models import SubscriptionView, WebhookSubscription
from strava.remote.push import AlreadySubscribed, CallbackUnreachable
from strava.remote.remote import Remote
from strava.webhooks import repository
from strava.webhooks.subscription import View, note, remember, switch_off

SERVICE = "strava"
FRESH = timedelta(minutes=5)

router = APIRouter(
    prefix="/admin/webhooks",
    tags=["admin"],
    route_class=TransactionalRoute,
    dependencies=[Depends(require_role("admin"))],
)


class SubscriptionThere(Conflict):
    code = "webhook.subscribed"
    title = "The application has a subscription already"
    next_steps = "Strava allows one per application. Delete the one that is there first."


class SubscriptionMissing(NotFound):
    code = "webhook.not_found"
    title = "No such subscription"
    next_steps = "Read /admin/webhooks?refresh=true for what Strava has."


class WebhookUnreachable(Conflict):
    code = "webhook.unreachable"
    title = "Strava could not verify the webhook's address"
    next_steps = "Set PUBLIC_URL or STRAVA_WEBHOOK_BASE to where Strava reaches the gateway, and try again."


@router.get("")
async def list_subscriptions(
    session: DbSession,
    resources: ProcessResources,
    refresh: Annotated[bool, Query(description="Ask Strava now")] = False,
) -> SubscriptionList:
    """List the application's subscriptions at Strava: none or one. Strava is asked every five minutes at most."""
    remote = Remote.of(resources)
    kept, known = await _kept(session, remote)
    if kept is not None and not refresh and kept.checked_at > datetime.now(UTC) - FRESH:
        return _shown(View(kept.subscriptions, kept.checked_at), known, cached=True)
    view = await _looked_up(resources, remote)
    return _shown(view, await repository.subscription(session, remote.settings.strava_client_id), cached=False)


@router.post("", status_code=201)
async def subscribe(session: DbSession, resources: ProcessResources, identity: CurrentUser) -> SubscriptionList:
    """Subscribe this platform at Strava, which asks the webhook's address meanwhile."""
    remote = Remote.of(resources)
    settings = remote.settings
    try:
        made = await remote.push.create(
            callback_url=settings.webhook_url, verify_token=settings.application.verify_token
        )
    except AlreadySubscribed:
        raise SubscriptionThere from None
    except CallbackUnreachable:
        raise WebhookUnreachable from None
    mine = made.model_copy(update={"callback_url": settings.webhook_url})
    await note(session, remote, mine)
    view = await remember(session, remote, [mine])
    _audit(session, identity.subject, "webhook.created", made.id)
    return _shown(view, await repository.subscription(session, settings.strava_client_id), cached=False)


@router.delete("/{subscription_id}", status_code=204)
async def unsubscribe(
    session: DbSession, resources: ProcessResources, identity: CurrentUser, subscription_id: str
) -> None:
    """Delete a subscription at Strava. Activities are asked for every 15 minutes until there is one again."""
    remote = Remote.of(resources)
    there = await remote.push.view()
    chosen = next((each for each in there if str(each.id) == subscription_id), None)
    if chosen is None:
        raise SubscriptionMissing
    await remote.push.delete(chosen.id)
    await switch_off(session, remote)
    await remember(session, remote, [each for each in there if each.id != chosen.id])
    _audit(session, identity.subject, "webhook.deleted", chosen.id)


async def _kept(session: AsyncSession, remote: Remote) -> tuple[SubscriptionView | None, WebhookSubscription | None]:
    """What Strava said last and what we make of it, both of one moment: a worker may be changing them."""
    statement = (
        select(SubscriptionView, WebhookSubscription)
        .outerjoin(WebhookSubscription, WebhookSubscription.client_id == SubscriptionView.client_id)
        .where(SubscriptionView.client_id == remote.settings.strava_client_id)
    )
    row = (await session.execute(statement)).one_or_none()
    return (None, None) if row is None else (row[0], row[1])


async def _looked_up(resources: Resources, remote: Remote) -> View:
    """Ask Strava, and remember what it said and when; no transaction is open meanwhile."""
    asked_at = datetime.now(UTC)
    found = await remote.push.view()
    async with resources.database.transaction() as session:
        return await remember(session, remote, found, asked_at)


def _shown(view: View, known: WebhookSubscription | None, *, cached: bool) -> SubscriptionList:
    return SubscriptionList.model_validate(
        {
            "items": view.items,
            "state": known.state if known else "unknown",
            "reason": known.reason if known else None,
            "checked_at": view.checked_at,
            "cached": cached,
        }
    )


def _audit(session: AsyncSession, actor: str, action: str, subscription_id: int) -> None:
    audit.record(session, SERVICE, actor=actor, action=action, target=str(subscription_id))
