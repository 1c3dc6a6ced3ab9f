"""The side towards clients: plain reads that need no task, all else as ever, and one meaning for each request."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from gateway_doubles import Builder, Echo, Platform, RawHandler, read_head

from common.testing.wait import eventually
from gateway.dressing import Dressing
from gateway.routing import Router
from gateway.table import Route

TABLE = (
    Route("/api/v1/things/**", "strava", timeout=2.0, cache=60),
    Route("/api/v1/open/**", "strava", auth="public"),
)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def tasks_of_requests() -> int:
    """How many tasks serve requests of clients at this moment."""
    names = (getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
    return sum(name == "RequestResponseCycle.run_asgi" for name in names)


@dataclass
class Client:
    """One connection, one token: its requests are verified once."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    bearer: str

    def send(self, path: str, *lines: str, body: bytes = b"", method: str = "GET") -> None:
        head = [f"{method} {path} HTTP/1.1", "host: a", f"authorization: {self.bearer}", *lines, "", ""]
        self.writer.write("\r\n".join(head).encode("latin-1") + body)

    async def answer(self) -> tuple[str, bytes]:
        """Return head and body of the next answer; the head in lower case."""
        head = (await read_head(self.reader)).decode("latin-1").lower()
        lengths = [line.partition(":")[2] for line in head.split("\r\n") if line.startswith("content-length:")]
        assert len(lengths) <= 1, head
        return head, await self.reader.readexactly(int(lengths[0])) if lengths else b""

    async def get(self, path: str, *lines: str) -> tuple[str, bytes]:
        self.send(path, *lines)
        return await self.answer()

    async def become_known(self) -> None:
        """Have the token verified and a connection to the service opened: what comes next takes the short way."""
        head, _ = await self.get("/api/v1/things/known")
        assert head.startswith("http/1.1 200")


@asynccontextmanager
async def client_of(platform: Platform) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", platform.port)
    try:
        async with asyncio.timeout(20):
            yield Client(reader, writer, platform.bearer["Authorization"])
    finally:
        writer.close()


def after_the_first(*answers: bytes, tasks: list[int] | None = None, then_close: bool = False) -> RawHandler:
    """Answer the first request of all with OK and the next ones with these; note who serves them meanwhile."""
    left = [OK, *answers]

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await read_head(reader)
            if b" /health" in head:
                writer.write(OK)
                continue
            if tasks is not None:
                tasks.append(tasks_of_requests())
            writer.write(left.pop(0))
            await writer.drain()
            if then_close and not left:
                return

    return handle


async def behind(builder: Builder, handler: RawHandler, **settings: Any) -> Platform:
    return await builder.gateway(routes=TABLE, strava_url=await builder.raw(handler), **settings)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no busy machine pass for a slow service, nor a caller be forgotten, where a test tells the two ways apart."""
    monkeypatch.setattr("gateway.passage.WATCH_AFTER_SECONDS", 15.0)
    monkeypatch.setattr("gateway.admission.Admission.forget_seen", lambda _: None)


@pytest.mark.usefixtures("patient")
async def test_a_read_of_a_known_caller_needs_no_task_and_others_do(builder: Builder) -> None:
    tasks: list[int] = []
    platform = await behind(builder, after_the_first(OK, OK, OK, tasks=tasks))
    async with client_of(platform) as client:
        await client.become_known()
        assert (await client.get("/api/v1/things/1"))[1] == b"ok"
        assert (await client.get("/api/v1/open/1"))[1] == b"ok"
        client.send("/api/v1/things/1", "content-length: 4", body=b"body", method="POST")
        assert (await client.answer())[1] == b"ok"
    assert tasks == [1, 0, 1, 1]


@pytest.mark.usefixtures("patient")
async def test_both_ways_dress_an_answer_alike(builder: Builder) -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nserver: x/1\r\nx-powered-by: y\r\nconnection: keep-alive\r\ncontent-type: text/plain\r\n"
        b'x-request-id: z\r\nset-cookie: a=1\r\nset-cookie: b=2\r\netag: "7"\r\ncontent-length: 2\r\n\r\nok'
    )
    tasks: list[int] = []
    platform = await behind(builder, after_the_first(answer, answer, tasks=tasks), cors_origins=["https://run.example"])
    lines = ("origin: https://run.example", "x-request-id: one-and-the-same")
    async with client_of(platform) as client:
        await client.become_known()
        short, _ = await client.get("/api/v1/things/1", *lines)
        long, _ = await client.get("/api/v1/things/1", *lines, "content-length: 0")
    assert tasks == [1, 0, 1]

    def told(head: str) -> list[str]:
        return sorted(line for line in head.split("\r\n") if not line.startswith("ratelimit:"))

    assert told(short) == told(long)
    assert "access-control-allow-origin: https://run.example" in short
    assert "cache-control: private, max-age=60" in short


async def test_the_service_sees_the_same_request_either_way(builder: Builder) -> None:
    strava = Echo("strava")
    platform = await builder.gateway(routes=TABLE, strava=strava)
    lines = ("x-user-id: 1", "x-kept: 2", "connection: keep-alive, x-hop", "x-hop: 3", "x-request-id: same-id-here")
    trace = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with client_of(platform) as client:
        await client.become_known()
        await client.get("/api/v1/things/1?a=b%20c", *lines, trace)
        await client.get("/api/v1/things/1?a=b%20c", *lines, trace, "expect: 100-continue")
    _, short, long = strava.seen
    assert (short.target, short.headers) == (long.target, long.headers)
    assert (short.header("x-kept"), short.header("x-user-id"), short.header("x-hop")) == ("2", None, None)


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-user-id: 1\r\n\r\n", 200, b"ok"),
        (b"HTTP/1.1 103 Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-1/9\r\ncontent-length: 2\r\n\r\nok", 206, b"ok"),
        (b'HTTP/1.1 304 Not Modified\r\netag: "7"\r\ncontent-length: 2\r\n\r\n', 304, b""),
    ],
    ids=["chunks", "hints", "no content", "a part", "not modified"],
)
@pytest.mark.usefixtures("patient")
async def test_a_whole_answer_has_one_length_and_keeps_the_connection(
    builder: Builder, answer: bytes, status: int, body: bytes
) -> None:
    tasks: list[int] = []
    platform = await behind(builder, after_the_first(answer, OK, tasks=tasks))
    async with client_of(platform) as client:
        await client.become_known()
        head, got = await client.get("/api/v1/things/1")
        assert (head.split()[1], got) == (str(status), body)
        assert "transfer-encoding" not in head
        assert ("content-length" in head) == (status not in {204, 304})
        assert "x-user-id" not in head
        assert (await client.get("/api/v1/things/2"))[1] == b"ok"
    assert tasks == [1, 0, 0]
    assert platform.open_connections("strava") == 1


async def test_an_answer_that_ends_with_its_connection_gets_a_length(builder: Builder) -> None:
    platform = await behind(builder, after_the_first(b"HTTP/1.1 200 OK\r\n\r\nuntil the end", then_close=True))
    async with client_of(platform) as client:
        await client.become_known()
        client.send("/api/v1/things/1")
        head = (await read_head(client.reader)).lower()
        assert b"transfer-encoding: chunked" in head
        assert await client.reader.readuntil(b"0\r\n\r\n") == b"d\r\nuntil the end\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nx-split: a\x01b\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nx split: a\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxx\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 099 Hm\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n" + b"x: %b\r\n" % (b"y" * 70_000) + b"content-length: 2\r\n\r\nok",
        OK + OK,
    ],
    ids=["a control", "a space", "two lengths", "length and chunks", "bad chunks", "099", "a long head", "two answers"],
)
async def test_an_answer_with_two_meanings_is_none(builder: Builder, answer: bytes) -> None:
    platform = await behind(builder, after_the_first(*[answer] * 3))
    async with client_of(platform) as client:
        await client.become_known()
        head, body = await client.get("/api/v1/things/1")
    assert head.startswith("http/1.1 502")
    assert json.loads(body)["code"] == "upstream.failed"


async def test_pipelined_requests_are_answered_in_their_order(builder: Builder) -> None:
    platform = await builder.gateway(routes=TABLE, strava=Echo("strava"))
    async with client_of(platform) as client:
        await client.become_known()
        paths = (
            "/api/v1/things/1",
            "/health/live",
            "/api/v1/things/2",
            "/api/v1/open/3",
            "/nowhere",
            "/api/v1/things/4",
        )
        for path in paths:
            client.send(path)
        bodies = [json.loads((await client.answer())[1]) for _ in paths]
    assert [body.get("target") or body.get("status") for body in bodies] == [
        "/api/v1/things/1", "ok", "/api/v1/things/2", "/api/v1/open/3", 404, "/api/v1/things/4",
    ]  # fmt: skip


SMUGGLED = b"GET /api/v1/things/smuggled HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (["content-length: 5", "transfer-encoding: chunked"], b"0\r\n\r\n" + SMUGGLED),
        (["content-length: 0", f"content-length: {len(SMUGGLED)}"], SMUGGLED),
        ([f"content-length: 0,{len(SMUGGLED)}"], SMUGGLED),
        (["content-length: -1"], SMUGGLED),
        (["content-length: +0"], SMUGGLED),
        (["content-length: 0x0"], SMUGGLED),
        (["transfer-encoding: chunked"], b"z\r\n\r\n" + SMUGGLED),
        (["transfer-encoding: chunked"], b"1\r\nab\r\n0\r\n\r\n" + SMUGGLED),
        (["transfer-encoding: chunked"], b"ffffffffffffffff1\r\n" + SMUGGLED),
        (["transfer-encoding: chunked", "transfer-encoding: identity"], SMUGGLED),
        (["transfer-encoding: xchunked"], b"0\r\n\r\n" + SMUGGLED),
        (["content-length : 0"], SMUGGLED),
        (["x: a\rcontent-length: 3"], SMUGGLED),
        (["x: a\x00b"], SMUGGLED),
        (["x y: 1"], SMUGGLED),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_request_with_two_meanings_is_refused_and_nothing_follows_it(
    builder: Builder, lines: list[str], body: bytes, method: str
) -> None:
    strava = Echo("strava")
    platform = await builder.gateway(routes=TABLE, strava=strava)
    async with client_of(platform) as client:
        await client.become_known()
        client.send("/api/v1/things/1", *lines, body=body, method=method)
        head, told = await client.answer()
        assert head.split()[1] == "400"
        assert "content-type: application/problem+json" in head
        assert json.loads(told)["next_steps"]
        assert not await client.reader.read(), "the connection is closed"
    assert "/api/v1/things/smuggled" not in [seen.target for seen in strava.seen]


@pytest.mark.parametrize(
    "path", ["/api/v1/things/\xff", "/api/v1/things/a b", "/api/v1/things/\x7f", "/api/v1/things/?\xe9"]
)
async def test_an_address_that_is_none_is_refused(builder: Builder, path: str) -> None:
    strava = Echo("strava")
    platform = await builder.gateway(routes=TABLE, strava=strava)
    async with client_of(platform) as client:
        await client.become_known()
        head, told = await client.get(path)
        assert (head.split()[1], json.loads(told)["code"]) == ("400", "request.not_http")
    assert [seen.target for seen in strava.seen] == ["/api/v1/things/known"]


async def test_the_body_of_a_read_is_not_taken_for_a_request(builder: Builder) -> None:
    strava = Echo("strava")
    platform = await builder.gateway(routes=TABLE, strava=strava)
    async with client_of(platform) as client:
        await client.become_known()
        client.send("/api/v1/things/1", f"content-length: {len(SMUGGLED)}", body=SMUGGLED)
        assert json.loads((await client.answer())[1])["length"] == len(SMUGGLED)
        assert json.loads((await client.get("/api/v1/things/2"))[1])["target"] == "/api/v1/things/2"
    assert [seen.target for seen in strava.seen][1:] == ["/api/v1/things/1", "/api/v1/things/2"]


async def test_what_takes_its_time_is_seen_through_by_a_task(builder: Builder) -> None:
    go_on = asyncio.Event()

    async def patient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(OK)
        await read_head(reader)
        await go_on.wait()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nsl")
        await writer.drain()
        writer.write(b"ow")

    platform = await behind(builder, patient)
    async with client_of(platform) as client:
        await client.become_known()
        client.send("/api/v1/things/1")

        async def handed_over() -> bool:
            return tasks_of_requests() == 1

        await eventually(handed_over, within=2)
        go_on.set()
        assert (await client.answer())[1] == b"slow"


async def test_a_service_that_says_nothing_in_time_is_a_504(builder: Builder) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(OK)
        await reader.read()

    table = (Route("/api/v1/things/**", "strava", timeout=0.5),)
    platform = await builder.gateway(routes=table, strava_url=await builder.raw(silent))
    async with client_of(platform) as client:
        await client.become_known()
        head, body = await client.get("/api/v1/things/1")
    assert head.startswith("http/1.1 504")
    assert json.loads(body)["code"] == "upstream.timeout"


async def test_a_client_who_leaves_at_once_leaves_nothing_behind(builder: Builder) -> None:
    left = asyncio.Event()

    async def waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(OK)
        await read_head(reader)
        asked.set()
        await reader.read()
        left.set()

    asked = asyncio.Event()
    platform = await behind(builder, waiting)
    async with client_of(platform) as client:
        await client.become_known()
        client.send("/api/v1/things/1")
        await asked.wait()
        assert tasks_of_requests() == 0
        client.writer.transport.abort()
        await left.wait()

    async def let_go() -> bool:
        return platform.open_connections("strava") == 0 and not platform.gateway.proxy._exchanges

    await eventually(let_go, within=2)


async def test_a_connection_that_is_idle_is_closed_and_one_in_use_is_not(builder: Builder) -> None:
    builder.servers.keep_alive_seconds = 1
    platform = await behind(builder, after_the_first(*[OK] * 3))
    loop = asyncio.get_running_loop()
    async with client_of(platform) as client:
        await client.become_known()
        for _ in range(3):
            await asyncio.sleep(0.5)
            assert (await client.get("/api/v1/things/1"))[1] == b"ok"
        begun = loop.time()
        assert not await client.reader.read()
        assert 0.8 < loop.time() - begun < 5


@pytest.mark.parametrize(("of", "name"), [(Router, "find"), (Dressing, "passed")])
async def test_a_fault_of_ours_is_a_500_and_not_silence(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, of: type, name: str
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    platform = await behind(builder, after_the_first(OK, OK))
    async with client_of(platform) as client:
        await client.become_known()
        with monkeypatch.context() as patched:
            patched.setattr(of, name, fail)
            head, body = await client.get("/api/v1/things/1")
        assert (head.split()[1], json.loads(body)["code"]) == ("500", "internal")
        assert (await client.get("/api/v1/things/2"))[1] == b"ok"
