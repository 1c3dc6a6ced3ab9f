import asyncio
import signal

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from common.incoming import GatheringProtocol
from common.serving import DrainingServer, QuietServer
from common.testing.ports import free_port
from common.testing.wait import eventually


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


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
