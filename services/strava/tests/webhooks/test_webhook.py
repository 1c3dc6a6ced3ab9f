import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import orjson
import pytest
from emulated import Emulated, Runner
from sqlalchemy import select, text

from common.db.tables import Job
from common.resources import Resources
from common.testing.plugin import serving
from common.testing.tokens import TokenMint
from common.testing.wait import eventually
from strava.main import create
from strava.models import WebhookEvent, WebhookSubscription
from strava.webhooks import repository
from strava.webhooks.schemas import StravaEvent
from strava.webhooks.subscription import ensure_subscription

PATH = "/api/v1/strava/webhook/path-of-the-test"


def event(**values: Any) -> dict[str, Any]:
    known = {
        "aspect_type": "create",
        "event_time": 1_795_000_000,
        "object_id": 9_007_199_254_740_993,
        "object_type": "activity",
        "owner_id": 4_000_000_000,
        "subscription_id": 1,
        "updates": {},
    }
    return known | values


IMPOSSIBLE: list[dict[str, Any]] = [
    event(object_id=(1 << 63)),
    event(object_id=-1),
    event(object_id="x"),
    event(owner_id=(1 << 64) - 1),
    event(event_time=10**18),
    event(aspect_type="explode"),
    event(object_type=None),
    event(updates=[]),
]


async def events(resources: Resources) -> Sequence[WebhookEvent]:
    async with resources.database.transaction() as session:
        return (await session.scalars(select(WebhookEvent).order_by(WebhookEvent.id))).all()


async def settled(resources: Resources, count: int = 1) -> Sequence[WebhookEvent]:
    """Wait until so many events have an outcome."""

    async def found() -> list[WebhookEvent]:
        done = [each for each in await events(resources) if each.outcome]
        return done if len(done) >= count else []

    return await eventually(found, within=20, what="outcomes of events")


async def test_the_handshake_gives_the_challenge_back(strava: httpx2.AsyncClient) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "15f7d1a9", "hub.verify_token": "verify-token-of-the-test"}
    response = await strava.get(PATH, params=asked)
    assert (response.status_code, response.json()) == (200, {"hub.challenge": "15f7d1a9"})
    for wrong in ({"hub.verify_token": "x"}, {"hub.verify_token": "é"}, {"hub.mode": "unsubscribe"}):
        refused = await strava.get(PATH, params=asked | wrong)
        assert (refused.status_code, refused.json()["code"]) == (403, "strava.verify_token_wrong")


@pytest.mark.parametrize("path", ["wrong", "path-of-the-tes", "PATH-OF-THE-TEST", "%C3%A9%00", ""])
async def test_without_the_secret_path_there_is_nothing(strava: httpx2.AsyncClient, path: str) -> None:
    for response in (
        await strava.post(f"/api/v1/strava/webhook/{path}", json=event()),
        await strava.post(f"/api/v1/strava/webhook/{path}", content=b"no json"),
        await strava.get(f"/api/v1/strava/webhook/{path}"),
    ):
        assert response.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b'{"object_type": "activity"}',
        *(orjson.dumps(each) for each in IMPOSSIBLE),
    ],
)
async def test_what_is_no_event_is_refused(strava: httpx2.AsyncClient, resources: Resources, body: bytes) -> None:
    response = await strava.post(PATH, content=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert await events(resources) == []


async def test_odd_updates_are_taken(strava: httpx2.AsyncClient, resources: Resources) -> None:
    updates = {"title": "a\x00b" * 1000, "x": {"y": [1]}, "far": 1 << 70, **{str(number): "v" for number in range(100)}}
    assert (await strava.post(PATH, content=json.dumps(event(updates=updates)))).status_code == 200
    [kept] = await settled(resources)
    assert len(kept.updates) == 20


async def test_an_event_of_nobody_here_is_kept_with_the_reason(
    strava: httpx2.AsyncClient, resources: Resources
) -> None:
    response = await strava.post(PATH, json=event())
    assert response.status_code == 200
    [kept] = await settled(resources)
    assert (kept.outcome, kept.object_id) == ("ignored", 9_007_199_254_740_993)
    assert "No athlete here" in (kept.reason or "")


async def test_the_same_event_again_is_dropped_until_the_first_is_worked_through(resources: Resources) -> None:
    first = StravaEvent.model_validate(event(updates={"title": "A", "type": "Run"}))
    same = StravaEvent.model_validate(event(updates={"type": "Run", "title": "A"}))
    async with resources.database.transaction() as session:
        event_id = await repository.add(session, first)
        assert event_id is not None
        assert await repository.add(session, same) is None
        assert await repository.add(session, StravaEvent.model_validate(event())) is not None
        await repository.settle(session, event_id, "stored", "")
        assert await repository.add(session, same) is not None


async def test_the_answer_comes_after_the_commit(strava: httpx2.AsyncClient, resources: Resources) -> None:
    for number in range(20):
        response = await strava.post(PATH, json=event(object_id=number))
        assert response.status_code == 200
        assert len(await events(resources)) == number + 1


async def test_an_event_of_another_subscription_is_ignored(runner: Runner, resources: Resources) -> None:
    await runner.tells(77, subscription_id=999_999)
    [kept] = await settled(resources)
    assert (kept.outcome, kept.reason) == ("ignored", "It belongs to another subscription.")


async def test_the_subscription_is_made_once_and_found_again(
    runner: Runner, resources: Resources, emulated: Emulated
) -> None:
    before = (await emulated.control("GET", "/state"))["subscription"]
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE webhook_subscriptions SET checked_at = now() - interval '2 hours'"))
    await ensure_subscription(resources)
    assert (await emulated.control("GET", "/state"))["subscription"] == before
    async with resources.database.transaction() as session:
        [known] = await session.scalars(select(WebhookSubscription))
    assert (known.subscription_id, known.state) == (before["id"], "active")


async def test_what_happened_before_the_subscription_is_made_up_for_when_it_stands(
    runner: Runner, resources: Resources, emulated: Emulated
) -> None:
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    strava_id = await runner.runs()
    failed = "UPDATE webhook_subscriptions SET state = 'failed', checked_at = now() - interval '1 minute'"
    async with resources.database.transaction() as session:
        await session.execute(text(failed))
    await runner.sees(strava_id)


async def subscribe_elsewhere(emulated: Emulated, resources: Resources) -> int:
    """The application's one subscription leads to another address of ours."""
    own = {"client_id": "1", "client_secret": "emulator-secret"}
    async with httpx2.AsyncClient(base_url=emulated.url, trust_env=False) as client:
        for known in (await client.get("/push_subscriptions", params=own)).json():
            await client.delete(f"/push_subscriptions/{known['id']}", params=own)
        elsewhere = f"{resources.settings.model_dump()['public_url']}{PATH}?elsewhere=1"
        form = own | {"callback_url": elsewhere, "verify_token": "verify-token-of-the-test"}
        made = await client.post("/push_subscriptions", data=form)
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


async def test_a_subscription_of_somebody_else_is_left_alone(
    runner: Runner, resources: Resources, emulated: Emulated
) -> None:
    foreign = await subscribe_elsewhere(emulated, resources)
    async with resources.database.transaction() as session:
        await session.execute(text("DELETE FROM webhook_subscriptions"))
    await ensure_subscription(resources)
    webhook = (await runner.status())["webhook"]
    assert webhook["state"] == "foreign"
    assert (await emulated.control("GET", "/state"))["subscription"]["id"] == foreign
    await forget_subscription(emulated)


async def test_a_subscription_that_was_ours_is_replaced_when_the_address_changes(
    runner: Runner, resources: Resources, emulated: Emulated
) -> None:
    former = await subscribe_elsewhere(emulated, resources)
    async with resources.database.transaction() as session:
        changed = text("UPDATE webhook_subscriptions SET subscription_id = :id, callback_hash = '\\x00'")
        await session.execute(changed, {"id": former})

    async def active() -> bool:
        await ensure_subscription(resources)
        return bool((await runner.status())["webhook"]["state"] == "active")

    await eventually(active, within=10, what="the new subscription")
    assert (await emulated.control("GET", "/state"))["subscription"]["id"] != former


async def forget_subscription(emulated: Emulated) -> None:
    own = {"client_id": "1", "client_secret": "emulator-secret"}
    async with httpx2.AsyncClient(base_url=emulated.url, trust_env=False) as client:
        for known in (await client.get("/push_subscriptions", params=own)).json():
            await client.delete(f"/push_subscriptions/{known['id']}", params=own)


async def test_every_event_has_one_job(strava: httpx2.AsyncClient, resources: Resources) -> None:
    await strava.post(PATH, json=event())
    await settled(resources)
    async with resources.database.transaction() as session:
        jobs = (await session.scalars(select(Job).where(Job.kind == "strava-event"))).all()
    assert len(jobs) == 1


@asynccontextmanager
async def hung_redis() -> AsyncIterator[str]:
    """The address of something that takes connections and never answers."""

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"


async def test_a_hung_redis_does_not_hold_the_answer_up(
    strava: httpx2.AsyncClient, mint: TokenMint, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hung_redis() as address:
        monkeypatch.setenv("REDIS_URL", address)
        async with serving(create(), mint) as client:
            started = time.perf_counter()
            assert (await client.post(PATH, json=event())).status_code == 200
            assert time.perf_counter() - started < 2
    assert len(await events(resources)) == 1
