"""One connection of a client: nobody keeps a process busy or waiting for nothing.

The head of a request may be so long and be on its way for so long, and its body may stand still for so long. What comes
between the parts of a body (extensions of chunks, trailers) counts as a head does, and is not kept. What is refused
here is answered with a problem document, after the answers to all that came before it, and the connection ends.
"""

import asyncio
from enum import IntEnum
from typing import Any, Final, NoReturn, cast

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from common.context import accept_request_id
from common.errors import BadRequest, RequestTimeout, ServiceError, problem, problem_headers
from common.gathering import Gathering
from common.logs import get_logger

MOST_HEAD_BYTES: Final = 64 << 10
MOST_ADDRESS_BYTES: Final = 16 << 10
MOST_LINES: Final = 200
HEAD_SECONDS: Final = 15.0
BODY_SILENCE_SECONDS: Final = 30.0

# A connection that is closed at once, with something unread, may take the answer away from its reader.
_LINGER_SECONDS = 1.0
_BYTES_AROUND_A_HEADER = 4

Header = tuple[bytes, bytes]


class NotHttp(BadRequest):
    """What came is no HTTP request."""

    code = "request.not_http"
    title = "This is no HTTP request that can be read"
    next_steps = "Check the client, and whether it speaks HTTP/1.1 to this port."


class AddressTooLong(ServiceError):
    status_code = 414
    code = "request.address_too_long"
    title = "The address is too long"
    next_steps = "Send fewer or shorter parameters: the address may have 16 KiB."


class HeadTooLarge(ServiceError):
    status_code = 431
    code = "request.head_too_large"
    title = "Request header fields too large"
    next_steps = "Send fewer or smaller headers: all together may have 64 KiB and 200 lines."


class Reading(IntEnum):
    """Which part of a request comes next."""

    NOTHING = 0
    HEAD = 1
    BODY = 2


class GatheringProtocol(HttpToolsProtocol):
    """Give as ``http`` to uvicorn."""

    # None until the first request has come, which its base does not say.
    cycle: Any

    def __init__(self, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self.reading = Reading.NOTHING
        # Bytes of the last packet, and of all in which no head came to its end and no body came.
        self._arrived = self._unread = 0
        # When the head that is awaited was begun, or the last of a body came.
        self._waits_since: float | None = None
        self._look: asyncio.TimerHandle | None = None
        self._fault: ServiceError | None = None
        self.refusal: ServiceError | None = None

    def secure_headers(self) -> list[Header]:
        """Return what every answer on this connection carries."""
        return []

    # The transport's side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as its base has it
        super().connection_made(cast("asyncio.Transport", Gathering(transport, self.loop)))
        self._waits_since = self.loop.time()
        self._look_in(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        if self.refusal is not None:
            return
        self._unset_keepalive_if_required()
        self._arrived = arrived = len(data)
        self._unread += arrived
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # nothing else is spoken here: it is answered as if it had not been asked for
        except httptools.HttpParserError:
            self._refuse(self._fault or NotHttp())
            return
        if self._unread or self.reading:
            self._expect_more()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._look is not None:
            self._look.cancel()
            self._look = None

    # The parser's side

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.reading = Reading.HEAD

    def on_headers_complete(self) -> None:
        self.check_head()
        self._check_host()
        super().on_headers_complete()
        self.headers = []  # a trailer must not pass for a header
        self.head_is_read()

    def on_chunk_header(self) -> None:
        self._unread = 0

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.message_is_read()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on as uvicorn does, or end where nothing that can be read follows."""
        if self.refusal is not None and not self.pipeline:
            self._answer_refusal()
        else:
            super().on_response_complete()

    def check_head(self) -> None:
        """Refuse a head that is too long."""
        if len(self.url) > MOST_ADDRESS_BYTES:
            self._fail(AddressTooLong())
        if len(self.headers) > MOST_LINES:
            self._fail(HeadTooLarge())
        if max(self._arrived, self._unread) > MOST_HEAD_BYTES:  # else there is no need to count
            size = sum(len(name) + len(value) + _BYTES_AROUND_A_HEADER for name, value in self.headers)
            if len(self.url) + size > MOST_HEAD_BYTES:
                self._fail(HeadTooLarge())

    def head_is_read(self) -> None:
        """Note that a head has come to its end."""
        self.reading, self._unread, self._waits_since = Reading.BODY, 0, None

    def message_is_read(self) -> None:
        """Note that a request has come to its end."""
        self.reading, self._unread, self._waits_since = Reading.NOTHING, 0, None

    def _check_host(self) -> None:
        """Refuse a request that does not say for whom it is (RFC 9112 3.2)."""
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1:
            self._fail(BadRequest("The header host came more than once."))
        if not hosts and self.parser.get_http_version() == "1.1":
            self._fail(BadRequest("There is no Host header."))

    def _fail(self, error: ServiceError) -> NoReturn:
        """Have the parser stop, and ``error`` be the answer."""
        self._fault = error
        raise error

    # How long it takes

    def _expect_more(self) -> None:
        """Wait for the rest of what has begun to come, within limits."""
        in_head = self.reading is Reading.HEAD
        if in_head and len(self.url) > MOST_ADDRESS_BYTES:
            self._refuse(AddressTooLong())
            return
        if self._unread > MOST_HEAD_BYTES:
            self._refuse(HeadTooLarge())
            return
        if self._waits_since is None or self.reading is Reading.BODY:
            self._waits_since = self.loop.time()
        if self._look is None:
            self._look_in(HEAD_SECONDS)

    def _look_in(self, seconds: float) -> None:
        self._look = self.loop.call_later(seconds, self._look_after)

    def _look_after(self) -> None:
        """End what has been awaited for too long; look again later where it has not."""
        self._look = None
        if self._waits_since is None or self.refusal is not None or self.transport.is_closing():
            return
        now = self.loop.time()
        if self._is_kept_waiting():
            self._waits_since = now
        allowed = BODY_SILENCE_SECONDS if self.reading is Reading.BODY else HEAD_SECONDS
        left = self._waits_since + allowed - now
        if left > 0:
            self._look_in(min(left, HEAD_SECONDS))  # a head may begin meanwhile
        elif self.reading:
            self._refuse(RequestTimeout())
        else:
            self.transport.close()

    def _is_kept_waiting(self) -> bool:
        """Tell whether nothing comes because of us: more is not taken, or not asked for, or an answer is on its way."""
        if self.flow.read_paused:
            return True
        cycle = self.cycle
        if cycle is None or cycle.response_complete or self.reading is Reading.HEAD:
            return False
        return self.reading is Reading.NOTHING or cycle.waiting_for_100_continue or cycle.response_started

    # What is refused

    def _refuse(self, error: ServiceError) -> None:
        """Answer with ``error`` and close, once all requests before are answered."""
        self.refusal = error
        cycle = self.cycle
        if self.reading is not Reading.BODY:
            if cycle is None or cycle.response_complete:
                self._answer_refusal()
        elif self.pipeline:
            self.pipeline.popleft()  # it was not begun, as others are before it
        elif cycle.response_started:
            self.transport.close()
        else:
            cycle.disconnected = True
            cycle.message_event.set()
            self._answer_refusal()

    def _answer_refusal(self) -> None:
        error, transport = self.refusal, self.transport
        if error is None or transport.is_closing():
            return
        request_id = accept_request_id(None)
        body = orjson.dumps(problem(error, instance="", request_id=request_id).model_dump(exclude_none=True))
        told = {"X-Request-ID": request_id, "Content-Length": str(len(body)), "Connection": "close"}
        whole = problem_headers(error) | told
        headers = [f"{name.lower()}: {value}\r\n".encode("latin-1") for name, value in whole.items()]
        secure = [b"%b: %b\r\n" % header for header in self.secure_headers()]
        transport.write(b"".join((STATUS_LINE[error.status_code], *headers, *secure, b"\r\n", body)))
        get_logger().info("request", req_id=request_id, method="", route="unmatched", status=error.status_code)
        self._close_gently()

    def _close_gently(self) -> None:
        """Say that this was all, and pass over what still comes until the client has closed, or a moment is over."""
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)
