"""A service behind the gateway: its connections, its breaker, its retry budget, and whether it is alive."""

import asyncio
from collections.abc import Awaitable, Callable
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
# So many errors without another answer between them, over so long, and the service is asked how it is, at most that
# often. Who asks once a second has it left alone within 5 s.
ERRORS_IN_A_ROW = 3
ERRORS_SECONDS = 1.0
# After silence it has to say so twice: there were no errors yet, and one that is busy may be late once.
_WORDS_AFTER_SILENCE = 2
_WORDS_PAUSE_SECONDS = 0.5
_PROBE_PAUSE_SECONDS = 0.1
_BREAKER = BreakerPolicy(consecutive_failures=5, silence_s=1.5, cool_down_s=1.0)
_RETRY = RetryPolicy(attempts=3, base_s=0.05)
_HIGHEST_SUCCESS = 499
_SERVING = frozenset({"ok", "degraded"})


class SaysDown(UpstreamError):
    """The service says of itself that it cannot serve."""


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
        self._errors = 0
        self._erred_since = 0.0
        self._asked_at = -ERRORS_SECONDS
        self._is_down = False
        self._serves = True

    def permit(self) -> Permit:
        """Return leave for one request. Raises ``Unavailable`` while the service is left alone."""
        # While it says that it is down, only what it says is a probe: to requests it answers, with errors.
        permit = None if self._is_down else self.breaker.try_acquire()
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
        """Whether the service is left alone since it is there and says nothing, or only that it is down.

        One that cannot be reached may just be restarting, and still finish what it was asked.
        """
        return (self._hangs or self._is_down) and self.breaker.state is not BreakerState.CLOSED

    def take_at_once(self) -> Connection | None:
        """Return an idle connection, if there is one and the service is well; ``permit`` is sure to be had then."""
        return self.pool.take_idle() if self.breaker.state is BreakerState.CLOSED else None

    def suspect(self) -> None:
        """Find out whether the service is alive, and go on asking until it is; then whether it says that it is down.

        A slow answer alone is no sign of a dead service, and a dead one must not need the patience of a slow route. Nor
        must one whose database hangs.
        """
        now = asyncio.get_running_loop().time()
        if self._is_watched or now - self._suspected_at < SUSPECT_SECONDS:
            return
        self._suspected_at = now
        self._watch = asyncio.create_task(self._find_out())

    def heard(self, status: int) -> None:
        """Take note of an answer. After a row of errors the service is asked whether it is down.

        Errors alone are no sign of that: one faulty route has them, and whatever needs a third party that is away.
        """
        if status <= _HIGHEST_SUCCESS:
            self._errors = 0
            self._serves = True
            return
        now = self.pool.now()
        if not self._errors:
            self._erred_since = now
        self._errors += 1
        if self._errors < ERRORS_IN_A_ROW or now - max(self._erred_since, self._asked_at) < ERRORS_SECONDS:
            return
        if not self._is_watched:
            self._asked_at = now
            self._watch = asyncio.create_task(self._leave_alone_while_down(words=1))

    async def check_health(self) -> None:
        """Ask ``/health``. Raises ``UpstreamError`` when the service is down or says so, ``Degraded`` if it is that."""
        status, word = await self._health()
        if status > _HIGHEST_SUCCESS:
            raise UpstreamError
        if word == "degraded":
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

    @property
    def _is_watched(self) -> bool:
        return self._watch is not None and not self._watch.done()

    async def _find_out(self) -> None:
        await self._probe_until(self._live)
        await self._leave_alone_while_down(_WORDS_AFTER_SILENCE)

    async def _leave_alone_while_down(self, words: int) -> None:
        """Open the breaker until it no longer says that it is down, if it says so ``words`` times in a row.

        One that answers a request well meanwhile is busy, not down.
        """
        self._serves = False
        for pause in (0.0, *[_WORDS_PAUSE_SECONDS] * (words - 1)):
            await asyncio.sleep(pause)
            if not await self._says_down() or self._serves:
                return
        self._is_down = True
        self.breaker.trip()
        await self._probe_until(self._up)
        self._is_down = False

    async def _says_down(self) -> bool:
        try:
            await self._up()
        except SaysDown:
            return True
        except UpstreamError:
            return False  # who says nothing is found out by the requests that wait
        return False

    async def _probe_until(self, question: Callable[[], Awaitable[None]]) -> None:
        """Ask until the answer is a good one."""
        while True:
            permit = self.breaker.try_acquire()
            if permit is None:
                await asyncio.sleep(max(0.01, self.breaker.retry_after_s))
            elif await self._probe(permit, question):
                return
            else:
                await asyncio.sleep(_PROBE_PAUSE_SECONDS)

    async def _probe(self, permit: Permit, question: Callable[[], Awaitable[None]]) -> bool:
        recovering = self.breaker.state is not BreakerState.CLOSED
        try:
            await question()
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

    async def _live(self) -> None:
        """Ask whether the service runs. Raises ``UpstreamError`` when it does not say so."""
        status, _ = await self._ask(b"/health/live", PROBE_SECONDS)
        if status > _HIGHEST_SUCCESS:
            raise UpstreamError

    async def _up(self) -> None:
        """Ask whether the service has what it needs. Raises ``SaysDown``, ``UpstreamError`` when it says nothing.

        One that is about to stop refuses as well, and says that it is well: it takes requests until it is gone.
        """
        status, word = await self._health()
        if status > _HIGHEST_SUCCESS and word not in _SERVING:
            raise SaysDown

    async def _health(self) -> tuple[int, object]:
        status, body = await self._ask(b"/health", HEALTH_SECONDS)
        return status, _word(body)

    async def _ask(self, path: bytes, patience: float) -> tuple[int, bytes]:
        """Return status and body of the answer. Raises ``UpstreamError`` when there is none."""
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
        return connection.status, body


def _word(body: bytes) -> object:
    """Return what a report of health says in one word; None where it is no such report."""
    try:
        report = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return report.get("status") if isinstance(report, dict) else None


async def _whole_body(connection: Connection) -> bytes:
    parts = []
    while not connection.complete:
        await connection.wait_more()
        parts.append(connection.take())
    return b"".join([*parts, connection.take()])
