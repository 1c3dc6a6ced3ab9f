"""``/strava/webhook`` without its secret: there only where the operator has switched it on."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from emulated import Emulated, Runner
from sqlalchemy import func, select, text

from common.resources import Resources
from common.testing.plugin import serving
from common.testing.ports import free_port
from common.testing.tokens import TokenMint
from common.testing.upstream import serve
from strava.main import create
from strava.models import WebhookEvent, WebhookSubscription
from strava.settings import StravaSettings
from strava.webhooks.subscription import ensure_subscription

BARE = "/api/v1/strava/webhook"
HANDSHAKE = {"hub.mode": "subscribe", "hub.challenge": "15f7d1a9", "hub.verify_token": "verify-token-of-the-test"}
EVENT = {
    "aspect_type": "create",
    "event_time": 1_795_000_000,
    "object_id": 7,
    "object_type": "activity",
    "owner_id": 4_000_000_000,
    "subscription_id": 1,
    "updates": {},
}
OWN = {"client_id": "1", "client_secret": "emulator-secret"}


@pytest.fixture
async def switched_on(
    strava: httpx2.AsyncClient, mint: TokenMint, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx2.AsyncClient]:
    """The activity store as it answers then, to its client and at ``STRAVA_WEBHOOK_BASE``."""
    port = free_port()
    monkeypatch.setenv("STRAVA_BARE_WEBHOOK", "true")
    monkeypatch.setenv("STRAVA_WEBHOOK_BASE", f"http://127.0.0.1:{port}")
    app = create()
    async with serving(app, mint) as client, serve(app, port=port):
        yield client


async def test_by_default_there_is_nothing(strava: httpx2.AsyncClient, resources: Resources) -> None:
    for response in (
        await strava.get(BARE, params=HANDSHAKE),
        await strava.post(BARE, json=EVENT),
        await strava.post(BARE, content=b"no json"),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "request.not_found")
    async with resources.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(WebhookEvent)) == 0


async def test_switched_on_it_does_what_the_secret_path_does(
    switched_on: httpx2.AsyncClient, resources: Resources
) -> None:
    answer = await switched_on.get(BARE, params=HANDSHAKE)
    assert (answer.status_code, answer.json()) == (200, {"hub.challenge": "15f7d1a9"})
    refused = await switched_on.get(BARE, params=HANDSHAKE | {"hub.verify_token": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "strava.verify_token_wrong")
    assert (await switched_on.post(BARE, json=EVENT)).json() == {"status": "received"}
    assert (await switched_on.post(BARE, content=b"no json")).status_code == 422
    assert (await switched_on.post(f"{BARE}/guessed", json=EVENT)).status_code == 404
    async with resources.database.reading() as session:
        assert list(await session.scalars(select(WebhookEvent.object_id))) == [7]


async def test_switched_on_a_subscription_for_it_is_ours(
    runner: Runner, emulated: Emulated, switched_on: httpx2.AsyncClient
) -> None:
    settings = StravaSettings.from_environment()
    form = OWN | {"callback_url": f"{settings.strava_webhook_base}{BARE}", "verify_token": "verify-token-of-the-test"}
    async with httpx2.AsyncClient(base_url=emulated.url, trust_env=False) as client:
        for known in (await client.get("/push_subscriptions", params=OWN)).json():
            await client.delete(f"/push_subscriptions/{known['id']}", params=OWN)
        made = await client.post("/push_subscriptions", data=form)
        assert made.status_code == 201, made.text
        async with Resources.open("strava", settings) as resources:
            async with resources.database.transaction() as session:
                await session.execute(text("DELETE FROM webhook_subscriptions"))
            await ensure_subscription(resources)
            async with resources.database.reading() as session:
                [known] = await session.scalars(select(WebhookSubscription))
        await client.delete(f"/push_subscriptions/{made.json()['id']}", params=OWN)
    assert (known.state, known.subscription_id) == ("active", made.json()["id"])
