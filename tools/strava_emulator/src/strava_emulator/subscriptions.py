"""The app's webhook subscription."""

from fastapi import APIRouter, Response

from strava_emulator.dependencies import GivenFields, TheEmulator, text
from strava_emulator.emulator import Emulator
from strava_emulator.errors import as_json, bad_request
from strava_emulator.models import Json, Subscription
from strava_emulator.times import utc_text

router = APIRouter(tags=["webhooks"])


def _as_json(emulator: Emulator, subscription: Subscription) -> Json:
    client_id = emulator.settings.client_id
    return {
        "id": subscription.id,
        "resource_state": 2,
        "application_id": int(client_id) if client_id.isdecimal() else client_id,
        "callback_url": subscription.callback_url,
        "created_at": utc_text(subscription.created_at),
        "updated_at": utc_text(subscription.created_at),
    }


@router.post("/push_subscriptions")
async def subscribe(emulator: TheEmulator, fields: GivenFields) -> Response:
    """Keep a callback after it answered the challenge; one for the app."""
    emulator.check_client(text(fields, "client_id"), text(fields, "client_secret"))
    callback_url, verify_token = text(fields, "callback_url"), text(fields, "verify_token")
    if not callback_url:
        raise bad_request("PushSubscription", "callback url", "not verifiable")
    made = await emulator.subscribe(callback_url, verify_token or "")
    return as_json(_as_json(emulator, made), 201)


@router.get("/push_subscriptions")
async def subscriptions(emulator: TheEmulator, fields: GivenFields) -> Response:
    emulator.check_client(text(fields, "client_id"), text(fields, "client_secret"))
    subscription = emulator.store.app.subscription
    return as_json([_as_json(emulator, subscription)] if subscription else [])


@router.delete("/push_subscriptions/{subscription_id}")
async def unsubscribe(emulator: TheEmulator, fields: GivenFields, subscription_id: int) -> Response:
    emulator.check_client(text(fields, "client_id"), text(fields, "client_secret"))
    emulator.unsubscribe(subscription_id)
    return Response(status_code=204)
