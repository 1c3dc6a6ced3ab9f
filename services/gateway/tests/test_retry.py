import asyncio

import pytest
from gateway_doubles import Builder, Echo, Platform, read_head
from prometheus_client import REGISTRY

from common.http import Breaker, BreakerPolicy, RetryBudget
from common.testing.ports import free_port
from common.testing.wait import eventually
from gateway.table import Route

TABLE = (
    Route("/api/v1/things/**", "strava", timeout=0.5),
    Route("/api/v1/once/**", "strava", retry=False),
)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Flaky:
    """Drops the first requests, or those that come over a used connection, and counts all."""

    def __init__(self, *, drops: int = 0, answers_per_connection: int = 1000) -> None:
        self.drops = drops
        self.answers_per_connection = answers_per_connection
        self.requests: list[bytes] = []
        self.bodies: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answered = 0
        while True:
            head = await read_head(reader)
            if b" /health" in head:
                writer.write(OK)
                continue
            self.requests.append(head)
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self.bodies.append(await reader.readexactly(int(length or 0)))
            if len(self.requests) <= self.drops or answered >= self.answers_per_connection:
                writer.transport.abort()
                return
            writer.write(OK.removesuffix(b"ok") if head.startswith(b"HEAD") else OK)
            answered += 1


async def flaky_platform(builder: Builder, flaky: Flaky) -> Platform:
    return await builder.gateway(routes=TABLE, strava_url=await builder.raw(flaky))


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_an_idempotent_request_is_tried_again(builder: Builder, method: str) -> None:
    flaky = Flaky(drops=2)
    platform = await flaky_platform(builder, flaky)
    body = b"new" if method == "PUT" else None
    answer = await platform.client.request(method, "/api/v1/things/1", headers=platform.bearer, content=body)
    assert answer.status_code == 200
    assert len(flaky.requests) == 3
    assert flaky.bodies == [body or b""] * 3


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_other_requests_are_sent_once(builder: Builder, method: str) -> None:
    flaky = Flaky(drops=1)
    platform = await flaky_platform(builder, flaky)
    answer = await platform.client.request(method, "/api/v1/things/1", headers=platform.bearer, content=b"more")
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream.failed")
    assert len(flaky.requests) == 1


async def test_a_post_with_an_idempotency_key_is_tried_again(builder: Builder) -> None:
    flaky = Flaky(drops=1)
    platform = await flaky_platform(builder, flaky)
    headers = platform.bearer | {"Idempotency-Key": "k"}
    answer = await platform.client.post("/api/v1/things/1", headers=headers, content=b"more")
    assert answer.status_code == 200
    assert flaky.bodies == [b"more", b"more"]


async def test_a_large_body_that_was_passed_on_is_not_sent_again(builder: Builder) -> None:
    flaky = Flaky(drops=1)
    platform = await flaky_platform(builder, flaky)
    answer = await platform.client.put("/api/v1/things/1", headers=platform.bearer, content=b"x" * 900_000)
    assert answer.status_code == 502
    assert len(flaky.requests) == 1


async def test_a_route_may_forbid_it(builder: Builder) -> None:
    flaky = Flaky(drops=1)
    platform = await flaky_platform(builder, flaky)
    assert (await platform.get("/api/v1/once/1")).status_code == 502
    assert len(flaky.requests) == 1


async def test_a_request_that_was_never_sent_is_tried_again_whatever_it_is(builder: Builder, strava: Echo) -> None:
    port = free_port()
    platform = await builder.gateway(routes=TABLE, strava_url=f"http://127.0.0.1:{port}")
    upstream = platform.gateway.proxy.upstreams["strava"]
    before = upstream.budget
    assert (await platform.client.post("/api/v1/things/1", headers=platform.bearer)).status_code == 503
    assert upstream.budget is before
    await builder.serve(strava, port)

    async def works() -> bool:
        return (await platform.client.post("/api/v1/things/1", headers=platform.bearer)).status_code == 200

    await eventually(works, within=5)


def retries() -> float:
    return REGISTRY.get_sample_value("http_client_retries_total", {"name": "strava"}) or 0.0


async def test_so_it_is_while_nobody_is_there(builder: Builder) -> None:
    platform = await builder.gateway(routes=TABLE, strava_url=f"http://127.0.0.1:{free_port()}")
    before = retries()
    assert (await platform.client.post("/api/v1/things/1", headers=platform.bearer)).status_code == 503
    assert retries() - before == platform.gateway.proxy.upstreams["strava"].retry.attempts - 1


async def test_a_request_is_tried_three_times_at_most(builder: Builder) -> None:
    flaky = Flaky(answers_per_connection=0)
    platform = await flaky_platform(builder, flaky)
    assert (await platform.get("/api/v1/things/1")).status_code == 502
    assert len(flaky.requests) == 3


async def test_silence_is_not_met_with_more_requests(builder: Builder) -> None:
    requests = 0

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        if b" /health" not in await read_head(reader):
            requests += 1
        await reader.read()

    platform = await builder.gateway(routes=TABLE, strava_url=await builder.raw(silent))
    assert (await platform.get("/api/v1/things/1")).status_code == 504
    assert requests == 1


async def test_retries_stay_within_a_fifth_of_the_requests(builder: Builder) -> None:
    flaky = Flaky(answers_per_connection=0)
    platform = await flaky_platform(builder, flaky)
    # With a breaker that never opens, nothing but the budget holds retries back.
    platform.gateway.proxy.upstreams["strava"].breaker = Breaker(
        BreakerPolicy(consecutive_failures=10_000, minimum_calls=10_000, silence_s=1000)
    )
    asked = 100
    for _ in range(asked):
        assert (await platform.get("/api/v1/things/1")).status_code == 502
    # Each request, a fifth of them again, and the reserve of 3: the budget is spent and no more than that.
    assert len(flaky.requests) == asked * 1.2 + 3


class Counting(RetryBudget):
    """Says how many requests it was told of."""

    requests = 0

    def record_request(self) -> None:
        self.requests += 1
        super().record_request()


async def test_requests_of_both_ways_count_for_that(platform: Platform) -> None:
    platform.gateway.proxy.upstreams["strava"].budget = budget = Counting()
    headers = platform.bearer  # one token: after the first request the caller is known, and the way is the short one
    for _ in range(5):
        await platform.client.get("/api/v1/activities", headers=headers)
        await platform.client.post("/api/v1/activities", headers=headers)
    assert budget.requests == 10


async def test_a_connection_closed_while_idle_is_nobodys_failure(builder: Builder) -> None:
    flaky = Flaky(answers_per_connection=1)  # closes when the second request comes, as a server does that just let go
    platform = await flaky_platform(builder, flaky)
    answers = [await platform.get("/api/v1/things/1") for _ in range(40)]
    assert {answer.status_code for answer in answers} == {200}
    assert platform.gateway.proxy.upstreams["strava"].breaker.state == 0


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_nor_is_what_may_not_be_sent_twice_repeated_then(builder: Builder, method: str) -> None:
    flaky = Flaky(answers_per_connection=1)
    platform = await flaky_platform(builder, flaky)
    assert (await platform.get("/api/v1/things/1")).status_code == 200
    answer = await platform.client.request(method, "/api/v1/things/1", headers=platform.bearer, content=b"more")
    assert answer.status_code == 502
    assert flaky.bodies == [b"", b"more"]


async def test_a_request_that_breaks_every_connection_is_not_sent_on_and_on(builder: Builder) -> None:
    """Each looks like one that was closed while idle; that is believed once."""
    idle, all_here = 8, asyncio.Event()
    here = breaking = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal here, breaking
        if b" /health" in await read_head(reader):
            writer.write(OK)
            return
        here += 1
        if here == idle:
            all_here.set()
        await all_here.wait()
        writer.write(OK)
        await read_head(reader)
        breaking += 1
        writer.transport.abort()

    platform = await builder.gateway(routes=TABLE, strava_url=await builder.raw(handle))
    answers = await asyncio.gather(*(platform.get("/api/v1/once/1") for _ in range(idle)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await platform.get("/api/v1/things/1")).status_code == 502
    assert breaking == 1 + platform.gateway.proxy.upstreams["strava"].retry.attempts


async def test_a_connection_known_to_be_closed_is_not_used(builder: Builder, strava: Echo) -> None:
    port = free_port()
    url = await builder.serve(strava, port)
    platform = await builder.gateway(routes=TABLE, strava_url=url)
    assert (await platform.client.post("/api/v1/things/1", headers=platform.bearer)).status_code == 200
    await builder.servers.stop(url)
    assert platform.open_connections("strava") == 0
    await builder.serve(strava, port)
    assert (await platform.client.post("/api/v1/things/1", headers=platform.bearer)).status_code == 200
    assert len(strava.seen) == 2


async def test_connections_are_reused(platform: Platform, strava: Echo) -> None:
    for _ in range(20):
        await platform.get("/api/v1/activities")
    assert platform.open_connections("strava") == 1
    assert len(strava.seen) == 20
