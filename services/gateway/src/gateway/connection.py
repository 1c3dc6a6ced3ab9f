"""One HTTP/1.1 connection to a service: bytes to and fro, with backpressure in both directions.

UpstreamError
├── ConnectFailed   no connection could be had
├── ConnectionDied  it ended before the first byte of an answer
├── BadAnswer       what came is no HTTP answer
├── Truncated       the answer ended before its end
└── TimedOut        nothing came, or nothing was taken, for too long
"""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools

from gateway.table import Header

_BUFFERED_BYTES = 256 << 10
_MAX_HEAD_BYTES = 64 << 10
_STATUSES = range(100, 600)
_FIRST_FINAL_STATUS = 200
_SWITCHING_PROTOCOLS = 101
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class UpstreamError(Exception):
    """The service gave no whole answer."""


class NoneFree(UpstreamError):
    """All connections are in use: that says nothing of the service's health."""


class ConnectFailed(UpstreamError):
    """No connection could be made."""


class ConnectionDied(UpstreamError):
    """The connection ended before the first byte of an answer."""


class BadAnswer(UpstreamError):
    """What came is no HTTP answer."""


class Truncated(UpstreamError):
    """The answer ended before its end."""


class TimedOut(UpstreamError):
    """Nothing came, or nothing was taken, for too long."""


class Connection(asyncio.Protocol):
    """Carries one exchange at a time: ``start``, ``write``..., ``begun``, then ``take`` until ``complete``.

    ``on_lost`` is told when it is gone. An exchange that failed has ``error`` set and everybody waiting for it gets
    that raised; the connection is then of no further use. A ``listener`` is called at each turn, in place of who waits.
    """

    __slots__ = (
        "_chunks",
        "_head_bytes",
        "_head_only",
        "_informational",
        "_keep_alive",
        "_loop",
        "_on_lost",
        "_parser",
        "_reading_paused",
        "_transport",
        "_waiter",
        "_writable",
        "active",
        "answered",
        "begun",
        "buffered",
        "complete",
        "error",
        "headers",
        "idle_since",
        "listener",
        "request_sent",
        "served",
        "status",
        "write_paused_at",
    )

    def __init__(self, on_lost: Callable[["Connection"], None]) -> None:
        self._on_lost = on_lost
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport = None  # type: ignore[assignment] # until connection_made
        self.listener: Callable[[], None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self.write_paused_at: float | None = None
        self.idle_since = 0.0
        self.served = 0
        self.active = False
        self._reset(head_only=False)

    def _reset(self, *, head_only: bool) -> None:
        self.status = 0
        self.headers: list[Header] = []
        self.error: Exception | None = None
        self.answered = self.begun = self.complete = self.request_sent = False
        self._head_only = head_only
        self._informational = self._keep_alive = self._reading_paused = False
        self._head_bytes = self.buffered = 0
        self._chunks: list[bytes] = []

    # The exchange's side

    def start(self, *, head_only: bool) -> None:
        """Begin an exchange; the answer to a HEAD has no body, whatever its headers say."""
        self._reset(head_only=head_only)
        self.active = True
        self.served += 1

    def write(self, data: bytes) -> None:
        """Send a part of the request; wait with ``drained`` before sending much more."""
        self._transport.write(data)

    async def drained(self) -> None:
        """Wait until the service has taken enough of the request. Raises what broke the exchange."""
        while self.write_paused_at is not None and self.error is None:
            self._writable = self._loop.create_future()
            await self._writable
        if self.error is not None:
            raise self.error

    async def wait_begun(self) -> None:
        """Wait for status and headers. Raises what broke the exchange."""
        while not self.begun and self.error is None:
            self._waiter = self._loop.create_future()
            await self._waiter
        if self.error is not None:
            raise self.error

    async def wait_more(self) -> None:
        """Wait for more of the answer's body, or its end. Raises what broke the exchange."""
        while not self._chunks and not self.complete and self.error is None:
            self._waiter = self._loop.create_future()
            await self._waiter
        if self.error is not None:
            raise self.error

    def take(self) -> bytes:
        """Return what has come of the body since the last time."""
        chunks = self._chunks
        if not chunks:
            return b""
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        self._chunks = []
        self.buffered = 0
        if self._reading_paused:
            self._reading_paused = False
            self._transport.resume_reading()
        return body

    def fail(self, error: Exception) -> None:
        """Break the exchange off: everybody waiting for it gets the error. The first error stays."""
        if self.error is None and self.active:
            self.error = error
            self._wake()
        self._transport.abort()

    def finish(self) -> bool:
        """End the exchange; tell whether the connection may carry another one."""
        self.active = False
        reusable = self.complete and self.request_sent and self._keep_alive and self.error is None
        if not reusable or self._transport.is_closing():
            self._transport.abort()
            return False
        return True

    @property
    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        """Close an idle connection."""
        self._transport.close()

    def abort(self) -> None:
        """Close at once, also a connection that was never made."""
        if self._transport is not None:
            self._transport.abort()

    def _wake(self) -> None:
        if self.listener is not None:
            self.listener()
            return
        for waiter in (self._waiter, self._writable):
            if waiter is not None and not waiter.done():
                waiter.set_result(None)

    # The transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_BUFFERED_BYTES)

    def data_received(self, data: bytes) -> None:
        if not self.active:
            self._transport.abort()  # nobody asked: whatever this is, it must not become the next answer
            return
        self.answered = True
        in_head = not self.begun
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.fail(BadAnswer())
            return
        if in_head and self._is_head_too_long(len(data)):
            self.fail(BadAnswer())
            return
        if self._head_only and self.complete:
            self._parser = httptools.HttpResponseParser(self)  # the old one still waits for a body
        if self.buffered > _BUFFERED_BYTES and not self._reading_paused and not self.complete:
            self._reading_paused = True
            self._transport.pause_reading()
        if self.listener is not None:
            self.listener()
        else:
            self._wake()

    def _is_head_too_long(self, received: int) -> bool:
        """Tell whether the head is, after so many bytes more; some of them may be of the body."""
        self._head_bytes += received
        if self._head_bytes <= _MAX_HEAD_BYTES:
            return False
        return not self.begun or sum(len(name) + len(value) for name, value in self.headers) > _MAX_HEAD_BYTES

    @property
    def _is_framed(self) -> bool:
        return any(name in _FRAMING for name, _ in self.headers)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.active and not self.complete and self.error is None:
            if self.begun and not self._is_framed and exc is None:
                self.complete = True  # a body without a length ends with the connection
            elif self.begun:
                self.error = Truncated()
            else:
                self.error = BadAnswer() if self.answered else ConnectionDied()
        self._wake()
        self._on_lost(self)

    def pause_writing(self) -> None:
        self.write_paused_at = self._loop.time()

    def resume_writing(self) -> None:
        self.write_paused_at = None
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # The parser's side

    def on_message_begin(self) -> None:
        if self.complete:
            raise BadAnswer  # a second answer to one request
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.begun:  # else it is a trailer
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.status = status = self._parser.get_status_code()
        self._informational = status < _FIRST_FINAL_STATUS
        if status not in _STATUSES or status == _SWITCHING_PROTOCOLS:
            raise BadAnswer
        if not self._informational:
            self.begun = True
            self._keep_alive = self._parser.should_keep_alive()
            self.complete = self._head_only

    def on_body(self, body: bytes) -> None:
        if self._head_only:
            raise BadAnswer  # these bytes would be taken for the next answer
        self._chunks.append(body)
        self.buffered += len(body)

    def on_message_complete(self) -> None:
        if not self._informational:
            self.complete = True
