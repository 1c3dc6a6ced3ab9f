"""One request on its way to a service, and the answer on its way back.

Nothing is kept whole: a body passes in pieces, and whoever is slow slows the other side down. Only a small request
body is read before the service is troubled, so that slow clients do not hold its connections.
"""

import asyncio
from typing import Final

from starlette.types import Receive, Send

from common.errors import RequestTimeout, ServiceError, TooLarge, Unavailable
from common.http import Permit, metrics
from common.http.retry import IDEMPOTENT_METHODS
from gateway.connection import ConnectFailed, Connection, ConnectionDied, NoneFree, TimedOut, UpstreamError
from gateway.inbound import Inbound
from gateway.table import READING, Header, Route
from gateway.upstream import SUSPECT_SECONDS, Upstream

HELD_BYTES: Final = 64 << 10
# An answer that takes longer than this is watched for a client who leaves; before, watching would cost more.
WATCH_AFTER_SECONDS: Final = 0.1


class ClientGone(Exception):
    """The client hung up; there is nobody to answer."""


class ServiceBusy(Unavailable):
    code = "upstream.busy"
    title = "Too much is going on at once"
    next_steps = "Try again in a few seconds."


class AnswerBroken(Exception):
    """The answer ended early after it had begun; the client sees it cut off."""


class Exchange:
    """Use: ``collect``, ``answer``, ``relay``, and always ``close``."""

    __slots__ = (
        "_held",
        "_path",
        "_permit",
        "_reader",
        "_receive",
        "_received",
        "_sent_at",
        "_stale",
        "_stale_met",
        "_streamed",
        "body_complete",
        "connection",
        "inbound",
        "route",
        "send",
        "upstream",
    )

    def __init__(
        self, inbound: Inbound, route: Route, path: str, upstream: Upstream, receive: Receive, send: Send
    ) -> None:
        self.inbound = inbound
        self.route = route
        self.upstream = upstream
        self.connection: Connection | None = None
        self.body_complete = not inbound.has_body
        self._path = path
        self._receive = receive
        self.send = send
        self._permit: Permit | None = None
        self._held = b""
        self._received = 0
        self._reader: asyncio.Task[None] | None = None
        self._sent_at: float | None = None
        self._stale = self._stale_met = self._streamed = False

    def take_over(self, connection: Connection, permit: Permit, sent_at: float) -> None:
        """Go on with a request without a body that was sent already."""
        self.connection, self._permit, self._sent_at = connection, permit, sent_at

    async def collect(self) -> bytes:
        """Read the body, or its first 64 KiB, and return it.

        Raises ``TooLarge``, ``RequestTimeout``, ``ClientGone``.
        """
        if (self.inbound.length or 0) > self.route.body_limit:
            raise self._too_large()
        parts = []
        size = 0
        while not self.body_complete and size < HELD_BYTES:
            part = await self._receive_part()
            parts.append(part)
            size += len(part)
        self._held += b"".join(parts)
        return self._held

    async def answer(self) -> Connection:
        """Send the request, again where that is allowed, and return the connection once an answer has begun.

        Raises ``UpstreamError``, ``ServiceError`` (breaker, body limit), ``ClientGone``.
        """
        upstream = self.upstream
        if self._permit is None:
            upstream.budget.record_request()
        attempt = 1
        while True:
            try:
                return await self._attempt()
            except UpstreamError as error:
                if self._stale and not self._stale_met and self._is_repeatable:
                    self._stale_met = True
                    continue
                upstream.suspect()
                if not self._may_retry(error, attempt):
                    raise
            await asyncio.sleep(upstream.retry.backoff(attempt))
            attempt += 1

    async def relay(self, headers: list[Header]) -> None:
        """Pass the answer on, with these headers.

        Raises ``AnswerBroken`` when it does not come to its end, ``ClientGone``.
        """
        connection = self.connection
        assert connection is not None
        await self.send({"type": "http.response.start", "status": connection.status, "headers": headers})
        if connection.complete:
            body = connection.take()
            self._give_back(connection)
            await self.send({"type": "http.response.body", "body": body})
            return
        self._watch_client(connection)
        try:
            await self._stream(connection)
        except (TimeoutError, UpstreamError, ServiceError):
            raise AnswerBroken from None
        self._give_back(connection)

    def close(self) -> None:
        """Let go of everything. What was not brought to its end is broken off."""
        if self._reader is not None:
            self._reader.cancel()
        if self.connection is not None:
            self.upstream.pool.discard(self.connection)
            self.connection = None

    def tick(self, now: float) -> None:
        """Look after an exchange that takes its time; called about ten times a second."""
        connection, route = self.connection, self.route
        if connection is None or connection.begun:
            return
        if connection.write_paused_at is not None and now - connection.write_paused_at > route.timeout:
            connection.fail(TimedOut())
        if self._sent_at is None:
            return
        waited = now - self._sent_at
        if waited > WATCH_AFTER_SECONDS:
            self._watch_client(connection)
        if waited > SUSPECT_SECONDS:
            self.upstream.suspect()
        if waited > route.timeout:
            connection.fail(TimedOut())
        elif self.upstream.hangs and self._may_be_given_up and not connection.answered:
            connection.fail(self.upstream.unavailable())

    # The request

    async def _attempt(self) -> Connection:
        upstream = self.upstream
        permit, self._permit = self._permit or upstream.permit(), None
        try:
            connection = self.connection
            if connection is None:
                self.connection = connection = upstream.pool.take_idle() or await upstream.pool.acquire()
                self._send_request(connection)
            await connection.wait_begun()
        except NoneFree:
            permit.abandoned()
            raise ServiceBusy from None
        except UpstreamError as error:
            # That a service closes an idle connection just as we use it is nobody's failure.
            reused = self._drop()
            self._stale = reused and isinstance(error, ConnectionDied)
            (permit.abandoned if self._stale else permit.failed)()
            raise
        except BaseException:
            permit.abandoned()
            raise
        permit.succeeded()
        upstream.heard(connection.status)
        return connection

    def _send_request(self, connection: Connection) -> None:
        inbound, body = self.inbound, self._held
        connection.start(head_only=inbound.method == "HEAD")
        if self.body_complete:
            length = (
                b"content-length: %d\r\n" % len(body) if inbound.has_body or inbound.header(b"content-length") else b""
            )
            # How long we shall wait goes along; while a body is still on its way nobody can say.
            connection.write(inbound.head(self._path, self.upstream.host, self.route.allowance + length) + body)
            self._is_sent(connection)
            return
        length = (
            b"transfer-encoding: chunked\r\n" if inbound.chunked else b"content-length: %d\r\n" % (inbound.length or 0)
        )
        connection.write(inbound.head(self._path, self.upstream.host, length) + self._framed(body))
        self._streamed = True
        self._reader = asyncio.create_task(self._read_client(connection))

    def _is_sent(self, connection: Connection) -> None:
        connection.request_sent = True
        self._sent_at = self.upstream.pool.now()

    def _framed(self, part: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(part), part) if self.inbound.chunked and part else part

    async def _read_client(self, connection: Connection) -> None:
        """Pass the rest of the body on, then watch for the client to leave."""
        try:
            if not self.body_complete:
                await self._pass_body(connection)
            while (await self._receive())["type"] != "http.disconnect":
                pass
            self._fail(connection, ClientGone())
        except (ServiceError, UpstreamError, ClientGone) as error:
            self._fail(connection, error)

    def _fail(self, connection: Connection, error: Exception) -> None:
        if self.connection is connection:  # else it is back in the pool and may be somebody else's
            connection.fail(error)

    async def _pass_body(self, connection: Connection) -> None:
        while not self.body_complete:
            connection.write(self._framed(await self._receive_part()))
            await connection.drained()
        if self.inbound.chunked:
            connection.write(b"0\r\n\r\n")
        self._is_sent(connection)

    async def _receive_part(self) -> bytes:
        try:
            async with asyncio.timeout(self.route.silence):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        self._received += len(part)
        if self._received > self.route.body_limit:
            raise self._too_large()
        self.body_complete = not message.get("more_body", False)
        return part

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The body is larger than the {self.route.body_limit} bytes that are taken here.")

    def _watch_client(self, connection: Connection) -> None:
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_client(connection))

    # Trying again

    @property
    def _may_be_given_up(self) -> bool:
        """Whether it makes no difference if the service still does what it was asked."""
        return self.inbound.method in READING and self.route.retry

    @property
    def _is_repeatable(self) -> bool:
        """Whether sending it twice does no harm and the body is still at hand."""
        inbound = self.inbound
        harmless = inbound.method in IDEMPOTENT_METHODS or inbound.header(b"idempotency-key") is not None
        return harmless and not self._streamed

    def _may_retry(self, error: UpstreamError, attempt: int) -> bool:
        upstream = self.upstream
        unsent = isinstance(error, ConnectFailed)
        if isinstance(error, TimedOut) or not (unsent or self._is_repeatable):
            return False
        if not self.route.retry or attempt >= upstream.retry.attempts:
            return False
        if not upstream.budget.try_spend():
            metrics.RETRIES_DENIED.labels(upstream.name).inc()
            return False
        metrics.RETRIES.labels(upstream.name).inc()
        return True

    # The answer

    async def _stream(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self.route.total
        async with asyncio.timeout_at(end) as deadline:
            while True:
                body, last = connection.take(), connection.complete
                if body or last:
                    await self.send({"type": "http.response.body", "body": body, "more_body": not last})
                    if last:
                        return
                deadline.reschedule(min(end, loop.time() + self.route.silence))
                await connection.wait_more()
                deadline.reschedule(end)

    def _give_back(self, connection: Connection) -> None:
        self.connection = None
        self.upstream.pool.give_back(connection)

    def _drop(self) -> bool:
        """Let go of a broken connection; tell whether it had served before."""
        reused = False
        if self.connection is not None:
            reused = self.connection.served > 1
            self.upstream.pool.discard(self.connection)
            self.connection = None
        self._sent_at = None
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None
        return reused
