"""How processes serve: an answer leaves in one packet, and a process that stops loses no request.

uvicorn writes head and body one after the other, and each write is a system call that wakes the client. Sending them
together saves the second one. uvicorn closes idle connections as soon as it is told to stop, also those on which a
request is just coming in; here it first tells that it is about to stop, and goes on answering meanwhile.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, cast

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from common.context import accept_request_id
from common.errors import BadRequest, problem
from common.sharedport import steer_away, waiting

_AT_ONCE_BYTES = 64 << 10
_NOTICE_STEP_SECONDS = 0.05
_LOOK_SECONDS = 1.0
_LAST_REQUESTS_SHARE = 0.2  # of the notice


class Gathering:
    """A transport that holds what is written until the event loop comes round, or until it is much."""

    __slots__ = ("_held", "_loop", "_parts", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._held = 0

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._held += len(data)
        if self._held >= _AT_ONCE_BYTES:
            self._flush()

    def write_now(self, data: bytes) -> None:
        """Send what is whole, after what is held."""
        if self._parts:
            self.write(data)
            self._flush()
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            parts, self._parts, self._held = self._parts, [], 0
            self._transport.write(b"".join(parts))

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class NotHttp(BadRequest):
    """What came is no HTTP request, or its head is longer than the parser takes (64 KiB)."""

    code = "request.not_http"
    title = "This is no HTTP request that can be read"
    next_steps = "Check the client. Most often the address or a header is far too long."


class GatheringProtocol(HttpToolsProtocol):
    """Give as ``http`` to uvicorn. Its own words on what is no HTTP request are a plain text; ours are a problem."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - as its base has it
        """Answer what cannot be parsed, and close: what follows cannot be told from it."""
        request_id = accept_request_id(None)
        body = orjson.dumps(problem(NotHttp(), instance="", request_id=request_id).model_dump(exclude_none=True))
        head = (
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n"
            b"x-request-id: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head % (request_id.encode("ascii"), len(body)) + body)
        self.transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as its base has it
        super().connection_made(cast("asyncio.Transport", Gathering(transport, self.loop)))


class QuietServer(uvicorn.Server):
    """Waits to be told to stop, where uvicorn looks ten times a second: most of what an idle process would take."""

    _told: asyncio.Event
    _loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Return once a signal has come, or soon after ``should_exit`` was set."""
        await self.on_tick(0)
        self._told = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        while not self.should_exit:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._told.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal, in whatever code it comes."""
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)


class DrainingServer(QuietServer):
    """Told to stop, it calls ``on_notice`` (health says so then), and for ``notice_seconds`` asks clients to leave.

    Every answer of that time closes its connection, so that the next request goes elsewhere. Then it stops as ever.
    """

    def __init__(self, config: uvicorn.Config, *, notice_seconds: float, on_notice: Callable[[], None]) -> None:
        super().__init__(config)
        self._notice_seconds = notice_seconds
        self._on_notice = on_notice

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Give notice, then stop; a second signal cuts the notice short."""
        self._on_notice()
        state = self.server_state
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        for listener in sockets or []:
            steer_away(listener)
        await self._pass(self._notice_seconds, lambda: True)
        await self._pass(self._notice_seconds, lambda: any(waiting(listener) for listener in sockets or []))
        await self._take_no_more(sockets)
        await super().shutdown(sockets)

    async def _pass(self, seconds: float, more: Callable[[], bool]) -> None:
        """Let time pass while there is `more`, unless a second signal comes."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end and more() and not self.force_exit:  # noqa: ASYNC110 - neither has an event
            await asyncio.sleep(_NOTICE_STEP_SECONDS)

    async def _take_no_more(self, sockets: list[socket.socket] | None) -> None:
        """Close the door, and wait for the requests of those who came in last: stopping closes what looks idle."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        await self._pass(self._notice_seconds * _LAST_REQUESTS_SHARE, lambda: True)
