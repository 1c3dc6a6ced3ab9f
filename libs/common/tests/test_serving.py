import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from common.serving import DrainingServer, GatheringProtocol, QuietServer
from common.testing.ports import free_port
from common.testing.wait import eventually

LARGE = bytes(range(256)) * 4096


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(LARGE), 100_000):
            yield LARGE[start : start + 100_000]

    answers: dict[str, Response] = {
        "/small": PlainTextResponse("hello"),
        "/large": Response(LARGE),
        "/stream": StreamingResponse(pieces()),
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


async def test_head_and_body_of_a_small_answer_arrive_together() -> None:
    async with served() as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
        writer.write(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n")
        first = await reader.read(65536)
        writer.close()
        await writer.wait_closed()
    assert first.endswith(b"\r\n\r\nhello")


@pytest.mark.parametrize(
    "sent", [b"NONSENSE\r\n\r\n", b"GET /%b HTTP/1.1\r\nhost: x\r\n\r\n" % (b"x" * 70_000), b"\x16\x03\x01\x00\xa5"]
)
async def test_what_is_no_http_request_is_answered_with_a_problem(sent: bytes) -> None:
    async with served() as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(sent)
        head, _, body = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    told = json.loads(body)
    assert (told["code"], told["status"], bool(told["next_steps"])) == ("request.not_http", 400, True)
    assert f"x-request-id: {told['request_id']}".encode() in head


async def test_a_request_on_a_connection_that_came_last_is_answered() -> None:
    port = free_port()
    config = uvicorn.Config(app, port=port, http=GatheringProtocol, lifespan="off", log_config=None)
    server = DrainingServer(config, notice_seconds=3.0, on_notice=lambda: None)
    running = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    async def is_closed() -> bool:
        try:
            _, probe = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return True
        probe.close()
        return False

    await eventually(started, within=5)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    server.should_exit = True
    await eventually(is_closed, within=10)
    writer.write(b"GET /small HTTP/1.1\r\nHost: here\r\n\r\n")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in head.lower()
    assert body == b"hello"
    writer.close()
    await running


@pytest.mark.parametrize("by_signal", [True, False])
async def test_a_server_that_has_nothing_to_do_stops_when_it_is_told(by_signal: bool) -> None:
    config = uvicorn.Config(app, port=free_port(), lifespan="off", log_config=None)
    server = QuietServer(config)
    running = asyncio.create_task(server._serve())

    async def started() -> bool:
        return server.started

    await eventually(started, within=5)
    if by_signal:
        server.handle_exit(signal.SIGTERM, None)
    else:
        server.should_exit = True
    await asyncio.wait_for(running, 10)
