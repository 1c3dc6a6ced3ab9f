"""What a client may not do on a connection, and what it is told then."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
import structlog
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from common import incoming
from common.incoming import GatheringProtocol
from common.testing.ports import free_port
from common.testing.wait import eventually

LARGE = bytes(range(256)) * 4096
LEFT: list[str] = []
SMALL = b"GET /small HTTP/1.1\r\nhost: x\r\n\r\n"
MIB = 1 << 20
SECONDS = {"/slow": 0.3, "/late": 1.2}  # the latter longer than a body may stand still, where tests are hasty


async def read(request: Request) -> int:
    """Return how many bytes the body has, and remember how it ended."""
    try:
        return len(await request.body())
    except ClientDisconnect:
        LEFT.append(request.url.path)
        raise


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(LARGE), 100_000):
            yield LARGE[start : start + 100_000]

    async def talk() -> AsyncIterator[bytes]:
        for _ in range(6):
            yield b"word"
            await asyncio.sleep(0.2)

    await asyncio.sleep(SECONDS.get(request.url.path, 0))
    if request.url.path in {"/read", "/late"}:
        taken = await read(request)
        await PlainTextResponse(str(taken))(scope, receive, send)
        return
    answers: dict[str, Response] = {
        "/small": PlainTextResponse("hello"),
        "/slow": PlainTextResponse("slow"),
        "/large": Response(LARGE),
        "/stream": StreamingResponse(pieces()),
        "/talk": StreamingResponse(talk()),
        "/empty": Response(status_code=204),
    }
    await answers[request.url.path](scope, receive, send)


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    port = free_port()
    config = uvicorn.Config(app, port=port, http=GatheringProtocol, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await eventually(started, within=5)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await running


async def test_answers_of_every_kind_arrive_whole_over_one_connection() -> None:
    async with served() as url, httpx2.AsyncClient(base_url=url) as client:
        for _ in range(3):
            assert (await client.get("/small")).text == "hello"
            assert (await client.get("/large")).content == LARGE
            assert (await client.get("/stream")).content == LARGE
            assert (await client.get("/empty")).status_code == 204
            assert (await client.head("/small")).headers["content-length"] == "5"


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with served() as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        async with asyncio.timeout(15):
            yield reader, writer
        writer.close()


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bytes]:
    """Return status, head and body of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return int(head.split()[1]), head, await reader.readexactly(length)


async def refusal(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Return status and code of the next answer, which is the last one."""
    status, head, body = await answer(reader)
    told = json.loads(body)
    assert (told["status"], bool(told["next_steps"])) == (status, True)
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert f"x-request-id: {told['request_id']}".encode() in head
    assert not await reader.read(), "nothing follows"
    return status, told["code"]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "HEAD_SECONDS", 0.4)
    monkeypatch.setattr(incoming, "BODY_SILENCE_SECONDS", 0.8)


@pytest.fixture
def hasty_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only heads have little time."""
    monkeypatch.setattr(incoming, "HEAD_SECONDS", 0.4)


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as caught:
        yield caught


@pytest.mark.parametrize(
    "sent", [b"NONSENSE\r\n\r\n", b"\x16\x03\x01\x00\xa5", b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n"]
)
async def test_what_is_no_http_request_is_answered_with_a_problem(sent: bytes) -> None:
    async with connected() as (reader, writer):
        writer.write(sent)
        assert await refusal(reader) == (400, "request.not_http")


@pytest.mark.parametrize("host", [b"", b"host: a\r\nhost: a\r\n"])
async def test_a_request_says_once_for_whom_it_is(host: bytes) -> None:
    async with connected() as (reader, writer):
        writer.write(b"GET /small HTTP/1.1\r\n%b\r\n" % host)
        assert await refusal(reader) == (400, "request.bad")


async def test_clients_of_old_need_not_say_it() -> None:
    async with connected() as (reader, writer):
        writer.write(b"GET /small HTTP/1.0\r\n\r\n")
        assert (await answer(reader))[0] == 200


BEGUN = b"POST /read HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begun", "endless", "expected"),
    [
        (b"GET /", b"a", (414, "request.address_too_long")),
        (b"GET / HTTP/1.1\r\nx-a: ", b"a", (431, "request.head_too_large")),
        (b"GET / HTTP/1.1\r\n", b"x-a: b\r\n", (431, "request.head_too_large")),
        (b"GET / HTTP/1.1\r\n", b"x", (431, "request.head_too_large")),
        (BEGUN + b"1;a=", b"b", (431, "request.head_too_large")),
        (BEGUN + b"1\r\na\r\n0\r\n", b"x-a: b\r\n", (431, "request.head_too_large")),
    ],
    ids=["address", "value", "lines", "name", "extension", "trailers"],
)
@pytest.mark.parametrize("piece", [1 << 10, MIB])
async def test_what_does_not_come_to_its_end_is_refused_soon(
    begun: bytes, endless: bytes, expected: tuple[int, str], piece: int
) -> None:
    async with connected() as (reader, writer):
        writer.write(begun)
        sent = 0
        told = asyncio.create_task(refusal(reader))
        while not told.done() and sent < 8 * MIB:
            writer.write(endless * (piece // len(endless)))
            sent += piece
            await asyncio.sleep(0)
            with_room = asyncio.wait_for(writer.drain(), 1)
            await asyncio.gather(with_room, return_exceptions=True)
        assert await told == expected


def headed(*headers: bytes, address: bytes = b"/small") -> bytes:
    return b"GET %b HTTP/1.1\r\nhost: x\r\n%b\r\n" % (address, b"".join(header + b"\r\n" for header in headers))


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (headed(address=b"/small?" + b"a" * 17_000), (414, "request.address_too_long")),
        (headed(b"x-a: " + b"a" * 66_000), (431, "request.head_too_large")),
        (headed(*[b"x-a: " + b"a" * 1000] * 70), (431, "request.head_too_large")),
        (headed(*[b"x-a: b"] * 200), (431, "request.head_too_large")),
    ],
    ids=["address", "header", "headers", "lines"],
)
async def test_a_whole_head_that_is_too_large_is_refused(sent: bytes, expected: tuple[int, str]) -> None:
    async with connected() as (reader, writer):
        writer.write(sent)
        assert await refusal(reader) == expected


async def test_a_large_head_after_a_request_in_the_same_packet_is_refused_too() -> None:
    async with connected() as (reader, writer):
        writer.write(SMALL + headed(b"x-a: " + b"a" * 66_000))
        assert (await answer(reader))[0] == 200
        assert await refusal(reader) == (431, "request.head_too_large")


async def test_large_heads_within_the_limits_and_many_requests_at_once_pass() -> None:
    async with connected() as (reader, writer):
        writer.write(headed(b"x-a: " + b"a" * 60_000))
        writer.write(headed(*[b"x-a: " + b"a" * 300] * 199))
        writer.write(headed(address=b"/small?" + b"a" * 16_000))
        writer.write(SMALL * 3000)
        for _ in range(3003):
            assert (await answer(reader))[0] == 200


async def test_a_large_body_passes_and_so_do_its_extensions_and_trailers() -> None:
    chunk = b"10000;a=b\r\n%b\r\n" % bytes(1 << 16)
    async with connected() as (reader, writer):
        writer.write(BEGUN + chunk * 64 + b"0\r\nx-a: b\r\n\r\n")
        assert (await answer(reader))[2] == b"%d" % (4 * MIB)
        writer.write(b"POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % MIB + bytes(MIB))
        assert (await answer(reader))[2] == b"%d" % MIB
        writer.write(SMALL)
        assert (await answer(reader))[2] == b"hello"


@pytest.mark.usefixtures("hasty_heads")
@pytest.mark.parametrize("sent", [b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\n", SMALL + b"GET /"])
async def test_a_head_that_does_not_come_in_time_is_a_408(sent: bytes) -> None:
    async with connected() as (reader, writer):
        writer.write(sent)
        if sent.startswith(SMALL):
            assert (await answer(reader))[0] == 200
        assert await refusal(reader) == (408, "request.timeout")


@pytest.mark.usefixtures("hasty_heads")
@pytest.mark.parametrize("before", [b"", SMALL])
async def test_a_head_that_drips_is_a_408(before: bytes) -> None:
    async with connected() as (reader, writer):
        writer.write(before)
        if before:
            await answer(reader)
            await asyncio.sleep(0.6)
        told = asyncio.create_task(refusal(reader))
        writer.write(b"GET / HTTP/1.1\r\n")
        began = asyncio.get_running_loop().time()
        while not told.done():
            writer.write(b"x-a: b\r\n")
            await asyncio.wait({told}, timeout=0.1)
        assert await told == (408, "request.timeout")
        assert 0.3 < asyncio.get_running_loop().time() - began < 2


@pytest.mark.usefixtures("hasty_heads")
@pytest.mark.parametrize("drips", [b"", b"\r\n"])
async def test_who_says_nothing_is_left(drips: bytes) -> None:
    async with connected() as (reader, writer):
        said = asyncio.create_task(reader.read())
        while not said.done():
            writer.write(drips)
            await asyncio.wait({said}, timeout=0.1)
        assert not await said


@pytest.mark.usefixtures("hasty")
async def test_a_connection_that_has_served_may_be_idle_for_longer() -> None:
    async with connected() as (reader, writer):
        for before, rest in ((b"", SMALL), (BEGUN, b"3\r\nabc\r\n0\r\n\r\n")):
            writer.write(before)
            await asyncio.sleep(0.1)
            writer.write(rest)
            assert (await answer(reader))[0] == 200
            await asyncio.sleep(1.2)
        writer.write(SMALL)
        assert (await answer(reader))[0] == 200


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("begun", [BEGUN, BEGUN + b"3\r\nabc", BEGUN + b"1;a=", BEGUN + b"1\r\na\r\n0\r\nx: "])
async def test_a_body_that_stands_still_is_a_408(begun: bytes) -> None:
    LEFT.clear()
    async with connected() as (reader, writer):
        writer.write(begun)
        assert await refusal(reader) == (408, "request.timeout")
        assert LEFT == ["/read"], "who reads it is told"


@pytest.mark.usefixtures("hasty")
async def test_a_body_that_nobody_wants_does_not_keep_the_connection() -> None:
    async with connected() as (reader, writer):
        writer.write(b"POST /small HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
        assert (await answer(reader))[2] == b"hello"
        assert not await reader.read()


@pytest.mark.usefixtures("hasty")
async def test_a_body_that_is_slow_passes() -> None:
    async with connected() as (reader, writer):
        writer.write(b"POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 8\r\n\r\n")
        for _ in range(8):
            await asyncio.sleep(0.3)
            writer.write(b"a")
        assert (await answer(reader))[2] == b"8"


@pytest.mark.usefixtures("hasty_heads")
async def test_a_body_may_stand_still_for_longer_than_a_head() -> None:
    async with connected() as (reader, writer):
        writer.write(b"POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n")
        for _ in range(3):
            await asyncio.sleep(0.9)
            writer.write(b"a")
        assert (await answer(reader))[2] == b"3"


@pytest.mark.usefixtures("hasty")
async def test_a_body_that_is_not_taken_does_not_stand_still() -> None:
    async with connected() as (reader, writer):
        writer.write(b"POST /late HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (8 * MIB))
        writer.write(bytes(8 * MIB))
        assert (await answer(reader))[2] == b"%d" % (8 * MIB)


@pytest.mark.usefixtures("hasty")
async def test_nor_does_one_that_was_not_asked_for_yet() -> None:
    async with connected() as (reader, writer):
        writer.write(b"POST /late HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(b"body")
        assert (await answer(reader))[2] == b"4"


TALKED = BEGUN.replace(b"/read", b"/talk")


@pytest.mark.usefixtures("hasty")
async def test_an_answer_that_has_begun_comes_to_its_end_whatever_the_body_does() -> None:
    async with connected() as (reader, writer):
        writer.write(TALKED)
        talked = await reader.read()
        assert talked.startswith(b"HTTP/1.1 200")
        assert talked.count(b"word") == 6


async def test_an_answer_that_has_begun_is_not_mixed_with_a_refusal() -> None:
    async with connected() as (reader, writer):
        writer.write(TALKED)
        talked = await reader.readuntil(b"word")
        writer.write(b"nonsense\r\n")
        talked += await reader.read()
        assert talked.count(b"HTTP/1.1") == 1
        assert talked.count(b"word") < 6, "cut off"


async def test_what_came_before_is_answered_first() -> None:
    async with connected() as (reader, writer):
        slow = SMALL.replace(b"small", b"slow")
        writer.write(slow + SMALL + b"BAD\r\n\r\n" + SMALL)
        assert (await answer(reader))[2] == b"slow"
        assert (await answer(reader))[2] == b"hello"
        assert await refusal(reader) == (400, "request.not_http")


async def test_a_bad_body_behind_another_request_does_not_take_its_answer() -> None:
    async with connected() as (reader, writer):
        writer.write(SMALL.replace(b"small", b"slow") + BEGUN + b"nonsense\r\n")
        assert (await answer(reader))[2] == b"slow"
        assert await refusal(reader) == (400, "request.not_http")


async def test_a_refusal_leaves_a_line_with_its_id(lines: list[Any]) -> None:
    async with connected() as (reader, writer):
        writer.write(b"BAD\r\n\r\n")
        told = json.loads((await answer(reader))[2])
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["req_id"], line["status"]) == (told["request_id"], 400)


async def test_nothing_is_read_after_a_refusal(lines: list[Any]) -> None:
    async with connected() as (reader, writer):
        writer.write(b"BAD\r\n\r\n")
        assert await refusal(reader) == (400, "request.not_http")
        writer.write(SMALL)
        await writer.drain()
        await asyncio.sleep(0.1)
    assert [line["status"] for line in lines if line["event"] == "request"] == [400]
