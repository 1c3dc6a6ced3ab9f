"""How processes serve: a process that stops loses no request.

uvicorn closes idle connections as soon as it is told to stop, also those on which a request is just coming in; here it
first tells that it is about to stop, and goes on answering meanwhile.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import uvicorn

from common.sharedport import steer_away, waiting

_NOTICE_STEP_SECONDS = 0.05
_LOOK_SECONDS = 1.0
_LAST_REQUESTS_SHARE = 0.2  # of the notice


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
