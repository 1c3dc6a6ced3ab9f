import asyncio
import time
from typing import Any

import httpx2
import pytest
from gateway_doubles import Builder, Echo, Platform, RawHandler, read_head
from starlette.types import Receive, Scope, Send

from common.testing.ports import free_port
from common.testing.wait import eventually
from gateway.table import Route

TABLE = (
    Route("/api/v1/quick/**", "strava", timeout=0.4, silence=0.4, total=1.5),
    Route("/api/v1/other/**", "analytics"),
)


def answering(data: bytes) -> RawHandler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(data)
        await writer.drain()

    return handle


def holding(data: bytes) -> RawHandler:
    """Say this much and no more, and stay."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(data)
        await reader.read()

    return handle


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_head(reader)
    writer.transport.abort()


def assert_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (problem["status"], problem["code"], problem["retryable"]) == (status, code, True)
    assert problem["next_steps"]
    assert problem["retry_after_s"] > 0
    assert answer.headers["retry-after"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem


async def behind(builder: Builder, handler: RawHandler) -> Platform:
    return await builder.gateway(routes=TABLE, strava_url=await builder.raw(handler))


BROKEN = {
    "reset": (resetting, 502, "upstream.failed"),
    "closed": (answering(b""), 502, "upstream.failed"),
    "garbage": (answering(b"SSH-2.0-OpenSSH_9.2\r\n"), 502, "upstream.failed"),
    "half a head": (answering(b"HTTP/1.1 200 OK\r\ncontent-le"), 502, "upstream.failed"),
    "a lying head": (answering(b"HTTP/1.1 abc OK\r\n\r\n"), 502, "upstream.failed"),
    "an upgrade": (answering(b"HTTP/1.1 101 Go\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"), 502, "upstream.failed"),
    "an unheard status": (answering(b"HTTP/1.1 999 Hm\r\ncontent-length: 0\r\n\r\n"), 502, "upstream.failed"),
    "an endless head": (answering(b"HTTP/1.1 200 OK\r\n" + b"x: yyyyyyyy\r\n" * 20_000), 502, "upstream.failed"),
    "two lengths": (
        answering(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
        502,
        "upstream.failed",
    ),
    "silence": (holding(b""), 504, "upstream.timeout"),
    "a head that stops": (holding(b"HTTP/1.1 200 OK\r\ncontent-"), 504, "upstream.timeout"),
}


@pytest.mark.parametrize("how", BROKEN)
async def test_a_service_that_fails_before_its_answer_is_a_problem(builder: Builder, how: str) -> None:
    handler, status, code = BROKEN[how]
    platform = await behind(builder, handler)
    assert_problem(await platform.get("/api/v1/quick/1"), status, code)
    assert await eventually(lambda: no_connections(platform), within=2)


async def no_connections(platform: Platform) -> bool:
    return platform.open_connections("strava") == 0


async def test_a_service_that_is_not_there_is_a_503(builder: Builder) -> None:
    platform = await builder.gateway(routes=TABLE, strava_url=f"http://127.0.0.1:{free_port()}")
    assert_problem(await platform.get("/api/v1/quick/1"), 503, "upstream.unreachable")


CUT = {
    "half a body": answering(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"),
    "half the chunks": answering(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
    "a body that stops": holding(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"),
    "broken chunks": answering(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n"),
}


@pytest.mark.parametrize("how", CUT)
async def test_an_answer_cut_off_is_seen_as_cut_off(builder: Builder, how: str) -> None:
    platform = await behind(builder, CUT[how])
    try:
        answer = await platform.get("/api/v1/quick/1")
    except httpx2.RemoteProtocolError:
        answer = None  # it had begun
    assert answer is None or answer.status_code == 502
    assert await eventually(lambda: no_connections(platform), within=2)


async def test_an_answer_that_never_ends_is_ended(builder: Builder) -> None:
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    platform = await behind(builder, dripping)
    started = time.monotonic()
    with pytest.raises(httpx2.RemoteProtocolError):
        await platform.get("/api/v1/quick/1")
    assert 1.4 < time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 103 Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-user-id: 1\r\n\r\n", b"ok"),
    ],
)
async def test_unusual_but_whole_answers_are_understood(builder: Builder, data: bytes, body: bytes) -> None:
    platform = await behind(builder, answering(data))
    answer = await platform.get("/api/v1/quick/1")
    assert (answer.status_code, answer.content) == (200, body)
    assert "link" not in answer.headers
    assert "x-user-id" not in answer.headers


async def test_what_a_service_sends_unasked_is_nobodys_answer(builder: Builder) -> None:
    async def eager(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_head(reader)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nmine")
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison")

    platform = await behind(builder, eager)
    for _ in range(3):
        assert (await platform.get("/api/v1/quick/1")).content == b"mine"
        await eventually(lambda: no_connections(platform), within=2)


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (500, b"text/html", 502),
        (502, b"text/html", 502),
        (503, b"text/plain", 503),
        (504, b"text/html", 504),
        (404, b"text/html", 404),
        (400, b"text/plain", 400),
        (405, b"application/json", 405),
    ],
)
async def test_error_pages_of_the_inside_do_not_leak(builder: Builder, status: int, kind: bytes, expected: int) -> None:
    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", kind), (b"x-inside", b"secret"), (b"allow", b"GET")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"Traceback: secret"})

    platform = await builder.gateway(routes=TABLE, strava=page)
    answer = await platform.get("/api/v1/quick/1")
    assert (answer.status_code, answer.headers["content-type"]) == (expected, "application/problem+json")
    assert answer.json()["status"] == expected
    assert "secret" not in answer.text
    assert "x-inside" not in answer.headers
    assert (answer.headers.get("allow") == "GET") == (expected not in {502, 400})


async def test_a_problem_of_a_service_passes_as_it_is(builder: Builder) -> None:
    body = b'{"type":"/docs/errors#internal","status":500,"code":"internal","next_steps":"..."}'

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"7")]
        await send({"type": "http.response.start", "status": 500, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    platform = await builder.gateway(routes=TABLE, strava=failing)
    answer = await platform.get("/api/v1/quick/1")
    assert (answer.status_code, answer.content, answer.headers["retry-after"]) == (500, body, "7")


async def test_a_hung_service_slows_no_other_down(builder: Builder) -> None:
    url = await builder.raw(holding(b""))
    table = (Route("/api/v1/quick/**", "strava", timeout=8), TABLE[1])
    platform = await builder.gateway(routes=table, strava_url=url, analytics=Echo("analytics"), upstream_connections=8)
    hung = [asyncio.create_task(platform.get("/api/v1/quick/1")) for _ in range(60)]
    durations = []
    for _ in range(100):
        started = time.monotonic()
        assert (await platform.get("/api/v1/other/1")).status_code == 200
        durations.append(time.monotonic() - started)
    assert sorted(durations)[95] < 0.2
    for task in hung:
        task.cancel()
    await asyncio.gather(*hung, return_exceptions=True)


async def test_web_app_and_sign_in_work_while_everything_else_is_down(builder: Builder) -> None:
    names = ("pdf", "thumbnails", "analytics", "strava")
    gone: dict[str, Any] = {f"{name}_url": f"http://127.0.0.1:{free_port()}" for name in names}
    platform = await builder.gateway(**gone, trainer=Echo("trainer"))
    client = platform.client
    for _ in range(10):  # until the breakers of all four are open
        for path in ("activities", "activities/1/thumbnail", "analytics/stats", "pdf/documents"):
            assert (await platform.get(f"/api/v1/{path}")).status_code == 503
    assert (await client.get("/")).status_code == 200
    assert (await client.get("/assets/app.js")).status_code == 200
    assert (await client.post("/api/v1/auth/login", json={"email": "a@example.org"})).json()["service"] == "auth"
    assert (await client.post("/api/v1/auth/refresh")).status_code == 200
    assert (await platform.get("/api/v1/auth/me")).status_code == 200
    assert (await platform.get("/api/v1/plans")).json()["service"] == "trainer"
    health = await client.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["checks"]["auth"]["status"] == "ok"
    assert (await client.get("/api/openapi.json")).json()["info"]["x-missing"] == sorted(names)


async def test_a_hung_service_takes_nothing_that_the_others_need(builder: Builder) -> None:
    platform = await builder.gateway(
        routes=(Route("/api/v1/quick/**", "strava", timeout=8), TABLE[1]),
        strava_url=await builder.raw(holding(b"")),
        analytics=Echo("analytics"),
        upstream_connections=4,
    )
    hung = [asyncio.create_task(platform.get("/api/v1/quick/1")) for _ in range(40)]

    async def full() -> bool:
        return platform.open_connections("strava") == 4

    await eventually(full, within=3)
    assert platform.open_connections("analytics") == 0
    answers = await asyncio.gather(*(platform.get("/api/v1/other/1") for _ in range(40)))
    assert {answer.status_code for answer in answers} == {200}
    upstreams = platform.gateway.proxy.upstreams
    assert upstreams["analytics"].pool.size <= 4
    assert upstreams["analytics"].breaker is not upstreams["strava"].breaker
    assert upstreams["analytics"].budget is not upstreams["strava"].budget
    for task in hung:
        task.cancel()
    await asyncio.gather(*hung, return_exceptions=True)


@pytest.mark.parametrize(("environment", "shown"), [("production", False), ("test", False), ("development", True)])
async def test_only_in_development_an_error_of_the_gateway_itself_is_told_in_full(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, environment: str, shown: bool
) -> None:
    platform = await builder.gateway(environment=environment)

    async def crash(*_: object) -> None:
        raise RuntimeError("of the inside")

    monkeypatch.setattr(platform.gateway.proxy._admission, "user", crash)
    answer = await platform.get("/api/v1/activities")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert ("of the inside" in answer.text) is shown
    if shown:
        assert answer.json()["debug"]["exception"] == "RuntimeError"
    else:
        assert "debug" not in answer.json()
