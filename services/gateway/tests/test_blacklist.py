import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import orjson
import pytest
from gateway_doubles import FAR_AWAY, AuthDouble, Builder, Echo, Platform, send_json
from redis.asyncio import Redis
from starlette.types import Receive, Scope, Send

from common.http import ServiceClient
from common.queue import redis_client
from common.testing.ports import free_port
from common.testing.wait import eventually
from gateway.blacklist import CHANNEL, Blacklist

PUSHED_SECONDS = 4
"""On a busy machine; still before auth is asked again, which is after 5 s."""


class Failing:
    """An auth that answers nothing but 503."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.asked += scope["path"] == "/internal/revocations"
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def asked_again(self, times: int) -> bool:
        return self.asked >= times


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = redis_client(redis_url)
    yield client
    await client.aclose()


def claims_of(headers: dict[str, str]) -> dict[str, Any]:
    token = headers["Authorization"].removeprefix("Bearer ")
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def announce(redis: Redis, kind: str, value: str) -> int:
    news = orjson.dumps({"kind": kind, "value": value, "expires_at": FAR_AWAY})
    listeners: int = await redis.publish(CHANNEL, news)
    return listeners


async def is_refused(platform: Platform, bearer: dict[str, str]) -> bool:
    answer = await platform.client.get("/api/v1/activities", headers=bearer)
    if answer.status_code == 401:
        assert answer.json()["code"] == "auth.token_revoked"
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    return answer.status_code == 401


@pytest.mark.parametrize("kind", ["jti", "sid"])
async def test_a_pushed_revocation_works_at_once(platform: Platform, redis: Redis, strava: Echo, kind: str) -> None:
    bearer, other = platform.bearer, platform.bearer
    assert not await is_refused(platform, bearer)
    assert await announce(redis, kind, claims_of(bearer)[kind]) >= 1
    await eventually(lambda: is_refused(platform, bearer), within=PUSHED_SECONDS)
    assert not await is_refused(platform, other)


async def test_news_that_make_no_sense_do_no_harm(platform: Platform, redis: Redis) -> None:
    for news in (b"", b"{", b"[]", b'{"kind": "jti"}', b'{"kind": "jti", "value": "x", "expires_at": "soon"}'):
        await redis.publish(CHANNEL, news)
    bearer = platform.bearer
    await eventually(lambda: announce(redis, "jti", claims_of(bearer)["jti"]), within=5, what="somebody listens")
    await eventually(lambda: is_refused(platform, bearer), within=PUSHED_SECONDS)


async def test_a_revocation_works_within_six_seconds_without_redis(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    bearer = platform.bearer
    assert not await is_refused(platform, bearer)
    platform.auth.revoke("sid", claims_of(bearer)["sid"])
    await eventually(lambda: is_refused(platform, bearer), within=6)


async def test_what_was_revoked_before_the_start_is_known_at_once(builder: Builder, strava: Echo) -> None:
    auth = AuthDouble()
    bearers = [auth.mint.headers() for _ in range(3)]
    for number in range(2500):
        auth.revoke("jti", f"somebody-{number}")
    for bearer in bearers:
        auth.revoke("jti", claims_of(bearer)["jti"])
    platform = await builder.gateway(strava=strava, auth=auth)
    for bearer in bearers:
        assert await is_refused(platform, bearer)


async def test_an_emptied_redis_revokes_nothing_back(platform: Platform, redis: Redis) -> None:
    bearer = platform.bearer
    await eventually(lambda: announce(redis, "jti", claims_of(bearer)["jti"]), within=5, what="somebody listens")
    await eventually(lambda: is_refused(platform, bearer), within=PUSHED_SECONDS)
    await redis.flushdb()
    assert await is_refused(platform, bearer)


async def test_with_auth_and_redis_away_the_last_known_list_holds(builder: Builder, strava: Echo) -> None:
    auth = AuthDouble()
    auth_url = await builder.serve(auth)
    platform = await builder.gateway(
        strava=strava,
        auth=auth,
        auth_url=auth_url,
        redis_url=f"redis://127.0.0.1:{free_port()}/0",
        revocation_poll_seconds=0.1,
    )
    bearer, other = platform.bearer, platform.bearer
    assert not await is_refused(platform, other)
    auth.revoke("jti", claims_of(bearer)["jti"])
    await eventually(lambda: is_refused(platform, bearer), within=2)
    await builder.servers.stop(auth_url)
    failing = Failing()
    await builder.serve(failing, port=int(auth_url.rpartition(":")[2]))
    await eventually(lambda: failing.asked_again(3), within=5, what="polls that fail")
    assert await is_refused(platform, bearer)
    assert not await is_refused(platform, other)


class Listless(AuthDouble):
    """An auth whose database is away: it has its keys at hand and no list of revocations."""

    def __init__(self) -> None:
        super().__init__()
        self.away = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.away and scope["path"] == "/internal/revocations":
            await send_json(send, {"code": "database.unavailable"}, 503)
        else:
            await super().__call__(scope, receive, send)


async def test_a_gateway_that_never_saw_the_list_lets_nobody_in(builder: Builder, strava: Echo) -> None:
    auth = Listless()
    platform = await builder.gateway(strava=strava, auth=auth, revocation_poll_seconds=0.1)
    bearer = platform.bearer
    auth.revoke("sid", claims_of(bearer)["sid"])
    answer = await platform.client.get("/api/v1/activities", headers=bearer)
    assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    assert strava.seen == []
    await asyncio.sleep(0.5)
    auth.away = False
    await eventually(lambda: is_refused(platform, bearer), within=2)


async def is_let_in(platform: Platform) -> bool:
    answer = await platform.client.get("/api/v1/activities", headers=platform.bearer)
    return answer.status_code == 200


async def test_the_first_request_after_auth_has_come_up_is_let_in(builder: Builder, strava: Echo) -> None:
    auth, port = AuthDouble(), free_port()
    platform = await builder.gateway(strava=strava, auth=auth, auth_url=f"http://127.0.0.1:{port}")
    await asyncio.sleep(1.5)  # in which auth was asked often enough for a breaker to open
    await builder.serve(auth, port=port)
    assert await is_let_in(platform)


async def test_who_asked_in_vain_while_auth_was_away_is_let_in_soon(builder: Builder, strava: Echo) -> None:
    auth, port = AuthDouble(), free_port()
    platform = await builder.gateway(strava=strava, auth=auth, auth_url=f"http://127.0.0.1:{port}")
    for _ in range(15):
        assert not await is_let_in(platform)
        await asyncio.sleep(0.1)
    await builder.serve(auth, port=port)
    await eventually(lambda: is_let_in(platform), within=2)


class Silent(AuthDouble):
    """An auth that has its keys at hand and never answers with its list."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/internal/revocations":
            await asyncio.sleep(30)
        await super().__call__(scope, receive, send)


async def test_a_list_that_does_not_come_is_not_waited_for_long(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, auth=Silent())
    started = time.monotonic()
    answer = await platform.client.get("/api/v1/activities", headers=platform.bearer)
    assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    assert time.monotonic() - started < 4  # a call to auth may take 5 s


@pytest.fixture
async def blacklist(builder: Builder, redis: Redis) -> AsyncIterator[tuple[Blacklist, AuthDouble]]:
    auth = AuthDouble()
    client = ServiceClient(await builder.serve(auth), name="auth-test")
    yield Blacklist(redis, client, poll_seconds=5), auth
    await client.aclose()


async def test_a_row_that_became_visible_late_is_not_missed(blacklist: tuple[Blacklist, AuthDouble]) -> None:
    known, auth = blacklist
    auth.revoke("jti", "first", 4998)
    auth.revoke("jti", "third", 5000)
    assert await known.reconcile()
    auth.revoke("jti", "second", 4999)  # its transaction took longer
    assert await known.reconcile()
    assert len(known) == 3
    assert auth.asked_after[-1] == 4000


async def test_expired_entries_are_forgotten(builder: Builder, redis: Redis) -> None:
    auth = AuthDouble()
    now = time.time()
    client = ServiceClient(await builder.serve(auth), name="auth-test")
    known = Blacklist(redis, client, poll_seconds=5, clock=lambda: now)
    auth.revocations.append({"id": 1, "kind": "jti", "value": "old", "expires_at": "2026-01-01T00:00:00+00:00"})
    assert await known.reconcile()
    auth.revocations.clear()
    now += 10**9
    assert await known.reconcile()
    assert len(known) == 0
    await client.aclose()


async def test_a_lost_subscription_is_taken_up_again(platform: Platform, redis: Redis) -> None:
    mine = redis.connection_pool.connection_kwargs["db"]
    for client in await redis.client_list(_type="pubsub"):
        if client["db"] == str(mine):  # others test on this server too
            await redis.client_kill_filter(_id=client["id"])
    bearer = platform.bearer

    async def heard() -> bool:
        await announce(redis, "jti", claims_of(bearer)["jti"])
        return await is_refused(platform, bearer)

    await eventually(heard, within=5)
