"""The side towards clients: uvicorn's protocol, which parses and keeps order, with the short way for plain reads."""

import asyncio
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from common.gathering import Gathering
from common.incoming import GatheringProtocol, Reading
from gateway.passage import Passage
from gateway.proxy import Proxy
from gateway.table import Header

# Nothing below is the gateway's own page; other spellings of it are rare.
_ROUTED = b"/api/v1/"


class Front(GatheringProtocol):
    """One connection of a client. Requests that the short way does not take are served by the ASGI application.

    A passage stands where uvicorn expects a cycle; it is asked for no more than how far it is.
    """

    def __init__(self, proxy: Proxy, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._proxy = proxy
        self._means = proxy.means
        self._passage: Passage | None = None
        self._quiet_since = 0.0
        self._gathering: Gathering

    def secure_headers(self) -> list[Header]:
        return self._proxy.secure_headers(self.scheme or "http")

    # The passage's side

    def answer(self, passage: Passage, status: int, lines: list[bytes], body: bytes) -> None:
        """Send a whole answer; ``lines`` are its headers, in pieces."""
        self._passed(passage, None)
        close = b"" if passage.keep_alive else b"connection: close\r\n"
        self._gathering.write_now(b"".join((STATUS_LINE[status], *lines, close, b"\r\n", body)))
        if close:
            self.transport.close()
        self.on_response_complete()

    def hand_over(self, passage: Passage) -> None:
        """Have the proxy see the request through, in a task, as uvicorn serves any other."""
        cycle = RequestResponseCycle(
            scope=cast("Any", passage.scope),
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=passage.keep_alive,
            on_response=self.on_response_complete,
        )
        cycle.more_body = False
        cycle.message_event.set()
        self._passed(passage, cycle)

        async def go_on(_scope: Any, receive: Any, send: Any) -> None:
            await self._proxy.go_on(passage, receive, send)

        self._start_asgi_task(cycle, go_on)

    def _passed(self, passage: Passage, cycle: RequestResponseCycle | None) -> None:
        self._passage = None
        if self.cycle is passage:  # else another request waits behind it
            self.cycle = cycle

    # The parser's and the transport's side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as its base has it
        super().connection_made(transport)
        self._gathering = cast("Gathering", self.transport)

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self.reading = Reading.HEAD

    def on_headers_complete(self) -> None:
        if self._means is not None and (scope := self._plain_read()) is not None:
            self.check_head()
            passage = Passage(self._means, self, scope)
            if passage.begin():
                self._passage = passage
                self.cycle = passage
                self.head_is_read()
                return
        self._begin_cycle()

    def on_message_complete(self) -> None:
        if self._passage is None or self.cycle is not self._passage:
            super().on_message_complete()
        else:
            self.message_is_read()

    def on_response_complete(self) -> None:
        """Go on as uvicorn does, but leave the timer that looks for idle connections to run."""
        if self.refusal is not None:
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._quiet_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_later(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        if (passage := self._passage) is not None:
            self._passed(passage, None)
            passage.left()
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def _unset_keepalive_if_required(self) -> None:
        """Note that something has come. Stopping the timer for each request costs more than a look now and then."""
        self._quiet_since = self.loop.time()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was idle all the time."""
        self.timeout_keep_alive_task = None
        if self.cycle is not None and not self.cycle.response_complete:
            return  # the timer is set again with the answer
        left = self._quiet_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_later(left)
        else:
            super().timeout_keep_alive_handler()

    def _look_later(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _begin_cycle(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        super().on_headers_complete()

    def _plain_read(self) -> Scope | None:
        """Return what was asked if it is a read of HTTP/1.1 on a connection that is to last and has nothing in hand."""
        parser, cycle = self.parser, self.cycle
        if cycle is not None and not cycle.response_complete:
            return None
        if self.server_state.default_headers or self.flow.write_paused or self.expect_100_continue:
            return None
        if parser.get_method() != b"GET" or parser.get_http_version() != "1.1":
            return None
        if not parser.should_keep_alive() or parser.should_upgrade():
            return None
        path, _, query = self.url.partition(b"?")
        if not path.startswith(_ROUTED) or b"%" in path or b"#" in self.url:
            return None
        return {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "scheme": self.scheme,
            "client": self.client,
            "headers": self.headers,
        }
