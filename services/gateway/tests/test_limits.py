import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from gateway_doubles import Builder, Echo
from redis.asyncio import Redis

from common.queue import redis_client
from common.testing.ports import free_port
from gateway.admission import account_in
from gateway.gcra import Limit
from gateway.limits import Limiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = redis_client(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def no_redis() -> AsyncIterator[Redis]:
    client = redis_client(f"redis://127.0.0.1:{free_port()}/0")
    yield client
    await client.aclose()


async def spend(limiter: Limiter, limit: Limit, times: int, key: str = "ana") -> int:
    return sum([(await limiter.spend(limit, key)).allowed for _ in range(times)])


SLOW = Limit("slow", per_minute=1, burst=40, batch=10)


async def test_a_burst_passes_and_no_more(redis: Redis) -> None:
    limiter = Limiter(redis)
    assert await spend(limiter, SLOW, 60) == 40
    verdict = await limiter.spend(SLOW, "ana")
    assert not verdict.allowed
    assert verdict.remaining == 0
    assert 55 < verdict.retry_after_s <= 60
    assert (await limiter.spend(SLOW, "ben")).allowed


async def test_remaining_counts_down_by_one(redis: Redis) -> None:
    limiter = Limiter(redis)
    assert [(await limiter.spend(SLOW, "ana")).remaining for _ in range(40)] == list(range(39, -1, -1))


async def test_two_processes_share_one_limit_up_to_a_batch(redis: Redis) -> None:
    first, second = Limiter(redis), Limiter(redis)
    passed = 0
    for _ in range(60):
        passed += await spend(first, SLOW, 1) + await spend(second, SLOW, 1)
    assert passed == 40


async def test_concurrent_requests_never_pass_more_than_the_limit(redis: Redis) -> None:
    limiters = [Limiter(redis) for _ in range(3)]
    for limiter in limiters:
        await limiter.spend(SLOW, "ben")  # the connection to Redis stands
    verdicts = await asyncio.gather(*(limiters[turn % 3].spend(SLOW, "ana") for turn in range(150)))
    assert 40 - 2 * SLOW.batch <= sum(verdict.allowed for verdict in verdicts) <= 40


async def test_allowance_comes_back_evenly(redis: Redis) -> None:
    quick = Limit("quick", per_minute=1200, burst=2, batch=1)
    limiter = Limiter(redis)
    assert await spend(limiter, quick, 5) <= 3
    verdict = await limiter.spend(quick, "ana")
    await asyncio.sleep(verdict.retry_after_s + 0.005)
    assert (await limiter.spend(quick, "ana")).allowed


class Counting(Redis):
    """Counts its script calls."""

    scripts = 0

    async def execute_command(self, *arguments: Any, **options: Any) -> Any:
        self.scripts += arguments[0] == "EVALSHA"
        return await super().execute_command(*arguments, **options)  # type: ignore[no-untyped-call] # redis-py


async def test_one_call_to_redis_serves_a_batch(redis_url: str) -> None:
    async with Counting.from_url(redis_url) as redis:
        limiter = Limiter(redis)
        limit = Limit("batched", per_minute=6000, burst=1000, batch=100)
        assert await spend(limiter, limit, 1000) >= 1000
        assert 10 <= redis.scripts <= 11


async def test_without_redis_each_process_counts_for_itself(no_redis: Redis) -> None:
    clock = Clock()
    limiter = Limiter(no_redis, clock=clock)
    assert await spend(limiter, SLOW, 60) == 40
    clock.now += 120
    assert await spend(limiter, SLOW, 60) == 2


async def test_a_redis_that_does_not_answer_delays_nobody_for_long() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    client = redis_client(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    limiter = Limiter(client)
    loop = asyncio.get_running_loop()
    started = loop.time()
    assert (await limiter.spend(SLOW, "ana")).allowed
    assert loop.time() - started < 0.5
    await limiter.aclose()
    await client.aclose()
    server.close()


async def test_an_emptied_redis_starts_anew_and_breaks_nothing(redis: Redis) -> None:
    limiter = Limiter(redis)
    assert await spend(limiter, SLOW, 15) == 15
    await redis.flushdb()
    await redis.script_flush()
    assert 40 <= await spend(limiter, SLOW, 60) <= 40 + SLOW.batch


async def test_memory_is_bounded(no_redis: Redis) -> None:
    limiter = Limiter(no_redis)
    for number in range(20_500):
        await limiter.spend(SLOW, str(number))
    assert len(limiter._accounts) == 20_000


async def test_answers_tell_the_limit_and_what_is_left(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, rate_user=60, rate_user_burst=3)
    bearer = platform.bearer
    answers = [await platform.client.get("/api/v1/activities", headers=bearer) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit-policy"] for answer in answers] == ['"user";q=60;w=60'] * 4
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
    problem = answers[3].json()
    assert answers[3].headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["retryable"]) == ("request.rate_limited", True)
    assert answers[3].headers["retry-after"] == "1"
    assert len(strava.seen) == 3
    assert (await platform.get("/api/v1/activities")).status_code == 200, "another user is not concerned"


async def test_requests_without_a_good_token_are_limited_by_address(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, rate_address=5)
    bad = {"Authorization": "Bearer guess"}
    statuses = [(await platform.client.get("/api/v1/activities", headers=bad)).status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    spoofed = {"X-Forwarded-For": "9.9.9.9"}
    assert (await platform.client.post("/api/v1/auth/refresh", headers=spoofed)).status_code == 429
    assert (await platform.get("/api/v1/activities")).status_code == 200


async def test_signed_addresses_and_webhooks_need_no_token_and_have_limits_of_their_own(builder: Builder) -> None:
    pictures, strava = Echo("thumbnails"), Echo("strava")
    platform = await builder.gateway(strava=strava, thumbnails=pictures, rate_address=2, rate_signed=3, rate_webhook=4)

    async def statuses(path: str, times: int) -> list[int]:
        return [(await platform.client.get(path)).status_code for _ in range(times)]

    picture = "/api/v1/activities/1/thumbnail"
    assert await statuses(f"{picture}?expires=1&signature=x", 4) == [200, 200, 200, 429]
    assert await statuses("/api/v1/strava/webhook/secret", 5) == [200] * 4 + [429]
    assert await statuses(picture, 3) == [401, 401, 429], "without a signature it takes a token"
    assert await statuses("/api/v1/activities?signature=x", 1) == [429], "other routes take no signature"
    assert (await platform.get(picture)).status_code == 200
    assert [len(service.seen) for service in (pictures, strava)] == [4, 4]


async def test_sign_ins_are_limited_by_account_and_address(builder: Builder) -> None:
    platform = await builder.gateway(rate_login=3, rate_login_address=8)

    async def login(email: str) -> int:
        body = {"email": email, "password": "x"}
        return (await platform.client.post("/api/v1/auth/login", json=body)).status_code

    assert [await login("Ana@example.org") for _ in range(3)] == [200] * 3
    assert [await login(" ana@EXAMPLE.org ") for _ in range(2)] == [429] * 2
    assert [await login("ben@example.org") for _ in range(3)] == [200] * 3
    assert await login("eve@example.org") == 429, "the address has used up its own limit"
    assert [seen.header("content-type") for seen in platform.auth.seen] == ["application/json"] * 6


@pytest.mark.parametrize(
    ("body", "account"),
    [
        (b'{"email": " Ana@Example.org "}', "ana@example.org"),
        (b'{"email": "eve@example.org", "email": "ana@example.org"}', "ana@example.org"),
        (b"grant_type=password&username=Ana%40Example.org", ""),
        (b'{"email": 7}', ""),
        (b"[1]", ""),
        (b"{", ""),
        (b"", ""),
        (b"\xff\xfe", ""),
        (b"[" * 60_000, ""),
    ],
)
def test_the_account_of_a_sign_in(body: bytes, account: str) -> None:
    assert account_in(body) == account


@pytest.mark.parametrize(
    ("body", "account"),
    [
        (b"grant_type=password&username=Ana%40Example.org", "ana@example.org"),
        (b"username=eve%40example.org&username=ana%40example.org", "ana@example.org"),
        (b'{"email": "x&username=ana%40example.org&y="}', "ana@example.org"),
        (b'{"email": "eve@example.org"}', ""),
        (b"", ""),
    ],
)
def test_the_account_of_a_form_is_the_one_that_auth_reads(body: bytes, account: str) -> None:
    assert account_in(body, form=True) == account


async def test_no_other_name_in_the_body_takes_the_limit_off_an_account(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, rate_login=2)
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    async def guess(number: int) -> int:
        body = f'{{"email": "{number}&username=ana%40example.org&password=x&grant_type=password&x="}}'
        return (await platform.client.post("/api/v1/auth/token", content=body, headers=form)).status_code

    assert [await guess(number) for number in range(4)] == [200, 200, 429, 429]


async def test_health_and_metrics_are_not_limited(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, rate_address=1)
    for _ in range(5):
        assert (await platform.client.get("/health/live")).status_code == 200
        assert (await platform.client.get("/metrics")).status_code == 200


async def test_the_platform_works_without_redis(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(
        strava=strava, redis_url=f"redis://127.0.0.1:{free_port()}/0", rate_user=60, rate_user_burst=3
    )
    bearer = platform.bearer
    statuses = [(await platform.client.get("/api/v1/activities", headers=bearer)).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
