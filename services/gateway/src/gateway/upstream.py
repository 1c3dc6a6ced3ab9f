"""A service behind the gateway: its connections, its breaker, its retry budget, and whether it is alive."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

import orjson

from common.errors import Unavailable
from common.health import Degraded
from common.http import Breaker, BreakerPolicy, BreakerState, Permit, RetryBudget, RetryPolicy
from common.http.metrics import BREAKER_STATE
from gateway.connection import Connection, TimedOut, UpstreamError
from gateway.pool import Pool

# A service that answers nothing at all is found out by two failed probes, about 3.2 s after it fell silent.
SUSPECT_SECONDS = 1.0
PROBE_SECONDS = 1.0
# A service gives each thing that it needs a second; its answer is waited for.
HEALTH_SECONDS = 1.5
_PROBE_PAUSE_SECONDS = 0.1
_BREAKER = BreakerPolicy(consecutive_failures=5, silence_s=1.5, cool_down_s=1.0)
_RETRY = RetryPolicy(attempts=3, base_s=0.05)
_HIGHEST_SUCCESS = 499


class Upstream:
    """One service, for the whole process."""

    def __init__(self, name: str, url: str, *, connections: int) -> None:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
        self.name = name
        self.host = parts.netloc.encode("ascii")
        self.pool = Pool(host, port, limit=connections)
        self.breaker = Breaker(_BREAKER)
        self.breaker.watch(BREAKER_STATE.labels(name).set)
        self.budget = RetryBudget()
        self.retry = _RETRY
        self._probes = Pool(host, port, limit=4)
        self._watch: asyncio.Task[None] | None = None
        self._suspected_at = -SUSPECT_SECONDS
        self._hangs = False

    def permit(self) -> Permit:
        """Return leave for one request. Raises ``Unavailable`` while the service is left alone."""
        permit = self.breaker.try_acquire()
        if permit is None:
            raise self.unavailable()
        return permit

    def unavailable(self) -> Unavailable:
        """Return what is said to requests while the service is left alone."""
        return Unavailable(
            "This part of the platform does not answer at the moment.",
            code="upstream.unavailable",
            retry_after_s=max(1.0, self.breaker.retry_after_s),
        )

    @property
    def hangs(self) -> bool:
        """Whether the service is left alone since it is there and says nothing, not even that it lives.

        One that cannot be reached may just be restarting, and still finish what it was asked.
        """
        return self._hangs and self.breaker.state is not BreakerState.CLOSED

    def take_at_once(self) -> Connection | None:
        """Return an idle connection, if there is one and the service is well; ``permit`` is sure to be had then."""
        return self.pool.take_idle() if self.breaker.state is BreakerState.CLOSED else None

    def suspect(self) -> None:
        """Find out whether the service is alive, and go on asking until it is.

        A slow answer alone is no sign of a dead service, and a dead one must not need the patience of a slow route.
        """
        now = asyncio.get_running_loop().time()
        if now - self._suspected_at < SUSPECT_SECONDS:
            return
        self._suspected_at = now
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._probe_until_alive())

    async def check_health(self) -> None:
        """Ask ``/health``. Raises ``UpstreamError`` when the service is down or says so, ``Degraded`` if it is that."""
        if _says_degraded(await self._ask(b"/health", HEALTH_SECONDS)):
            raise Degraded

    def expire(self, now: float) -> None:
        """Close connections that nobody used for long."""
        self.pool.expire(now)
        self._probes.expire(now)

    async def aclose(self) -> None:
        """Stop probing and close all connections."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        self.pool.close()
        self._probes.close()

    async def _probe_until_alive(self) -> None:
        while True:
            permit = self.breaker.try_acquire()
            if permit is None:
                await asyncio.sleep(max(0.01, self.breaker.retry_after_s))
            elif await self._probe(permit):
                return
            else:
                await asyncio.sleep(_PROBE_PAUSE_SECONDS)

    async def _probe(self, permit: Permit) -> bool:
        recovering = self.breaker.state is not BreakerState.CLOSED
        try:
            await self._ask(b"/health/live", PROBE_SECONDS)
        except UpstreamError as error:
            permit.failed()
            self._hangs = isinstance(error, TimedOut)
            return False
        except BaseException:
            permit.abandoned()
            raise
        self._hangs = False
        if recovering:
            permit.succeeded()
        else:
            permit.abandoned()  # being alive takes nothing back of what requests have met
        return True

    async def _ask(self, path: bytes, patience: float) -> bytes:
        """Return the answer. Raises ``UpstreamError`` when there is none, or it is an error."""
        connection: Connection | None = None
        try:
            async with asyncio.timeout(patience):
                connection = await self._probes.acquire()
                connection.start(head_only=False)
                connection.write(b"GET %b HTTP/1.1\r\nhost: %b\r\nconnection: close\r\n\r\n" % (path, self.host))
                await connection.wait_begun()
                body = await _whole_body(connection)
        except TimeoutError:
            raise TimedOut from None
        finally:
            if connection is not None:
                self._probes.discard(connection)
        if connection.status > _HIGHEST_SUCCESS:
            raise UpstreamError
        return body


def _says_degraded(body: bytes) -> bool:
    try:
        report = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(report, dict) and report.get("status") == "degraded"


async def _whole_body(connection: Connection) -> bytes:
    parts = []
    while not connection.complete:
        await connection.wait_more()
        parts.append(connection.take())
    return b"".join([*parts, connection.take()])
