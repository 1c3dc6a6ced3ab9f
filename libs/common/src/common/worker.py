"""The background half of a service: relays its events, pulls others', works through its jobs.

Every loop is driven by wake-ups and, since those may be lost, by a poll. Losing Redis slows a worker down to
its poll; losing Postgres makes it wait. Neither needs a hand afterwards.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import uvicorn
from opentelemetry.sdk.trace import TracerProvider

from common.db.engine import is_connection_failure
from common.errors import ServiceError
from common.health import worker_app
from common.inbox import PULL_BATCH, Subscription, cursor_of, handle_page
from common.incoming import GatheringProtocol
from common.jobrunner import JobRunner, Task
from common.logs import configure_logs, get_logger
from common.maintenance import MAINTENANCE
from common.outbox import RELAY_BATCH, is_any_pending, relay
from common.queue import listen
from common.resources import Resources
from common.rhythm import Rhythm
from common.serving import QuietServer
from common.settings import DataSettings
from common.traces import configure_traces

NICENESS = 15
_PAUSE_AFTER_ERROR = 1.0


class Closable(Protocol):
    """Something tasks hold open."""

    async def aclose(self) -> None: ...


@dataclass(frozen=True)
class Periodic:
    """Something done every ``seconds``, by every worker: make it cheap and safe to do twice."""

    name: str
    seconds: float
    run: Callable[[Resources], Awaitable[None]]


class Worker:
    """Built by ``create_worker``; ``run()`` returns after SIGTERM once the jobs in hand are finished or given back."""

    def __init__(
        self,
        service: str,
        settings: DataSettings,
        *,
        tasks: Mapping[str, Task],
        subscriptions: Callable[[Resources], Sequence[Subscription]],
        periodic: Sequence[Periodic],
        closing: Sequence[Closable],
        concurrency: int,
        niceness: int = NICENESS,
        spans: TracerProvider | None = None,
    ) -> None:
        self.niceness = niceness
        self._spans = spans
        self._service = service
        self._settings = settings
        self._tasks = tasks
        self._make_subscriptions = subscriptions
        self._periodic = [*MAINTENANCE_PERIODICS, *periodic]
        self._closing = closing
        self._concurrency = concurrency
        self._stopping = asyncio.Event()
        self._woken: list[asyncio.Event] = []

    def stop(self) -> None:
        """Ask for a graceful stop."""
        self._stopping.set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        async with Resources.open(self._service, self._settings) as resources:
            runner = JobRunner(resources, self._tasks, concurrency=self._concurrency)
            subscriptions = self._make_subscriptions(resources)
            loops = [
                listen(self._settings.redis_url.get_secret_value(), self._service, self._wake_all),
                self._repeat("jobs", runner.dispatch),
                self._repeat("relay", lambda: _relay(resources)),
                self._repeat("subscribe", lambda: _subscribe(resources, subscriptions)),
                runner.heartbeat(),
                self._serve_metrics(resources),
                *(self._repeat(f"pull {s.publisher}", _puller(resources, s)) for s in subscriptions),
                *(self._every(resources, periodic) for periodic in self._periodic),
            ]
            background = [asyncio.create_task(each) for each in loops]
            get_logger().info("worker_started", tasks=sorted(self._tasks))
            stopping = asyncio.create_task(self._stopping.wait())
            done, _ = await asyncio.wait([stopping, *background], return_when=asyncio.FIRST_COMPLETED)
            runner.close()
            await _end(background)
            await runner.drain(self._settings.drain_seconds)
            for each in self._closing:
                await each.aclose()
            if self._spans is not None:
                await asyncio.to_thread(self._spans.shutdown)
            if stopping not in done:
                raise RuntimeError("a loop of the worker ended by itself")

    def _wake_all(self) -> None:
        for event in self._woken:
            event.set()

    async def _repeat(self, name: str, step: Callable[[], Awaitable[bool]]) -> None:
        """Run ``step`` until it says that nothing is left (False); again at a wake-up or a poll."""
        woken, rhythm = asyncio.Event(), Rhythm()
        self._woken.append(woken)
        while True:
            woken.clear()
            if await _guarded(name, step):
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(rhythm.pause):  # wait_for may swallow a cancellation on 3.11
                    await woken.wait()
            rhythm.waited(woken=woken.is_set())

    async def _every(self, resources: Resources, periodic: Periodic) -> None:
        while True:
            await _guarded(periodic.name, lambda: periodic.run(resources))
            await asyncio.sleep(periodic.seconds)

    async def _serve_metrics(self, resources: Resources) -> None:
        config = uvicorn.Config(
            worker_app(resources),
            host=self._settings.host,
            port=self._settings.metrics_port,
            http=GatheringProtocol,
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
        )
        server = QuietServer(config)
        try:
            await server._serve()  # noqa: SLF001 - serve() would take the worker's signals
        finally:
            for listener in getattr(server, "servers", ()):
                listener.close()


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: the queue's libraries now and then swallow a cancellation."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.5)
    for failure in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(failure, Exception):
            get_logger().error("worker_loop_ended", exc_info=failure)


MAINTENANCE_PERIODICS = [Periodic(name, seconds, run) for name, seconds, run in MAINTENANCE]


async def _guarded(name: str, step: Callable[[], Awaitable[Any]]) -> bool:
    """Run a step; an error is logged and the loop goes on after a pause."""
    try:
        return bool(await step())
    except Exception as error:  # noqa: BLE001 - a loop of the worker outlives any single failure
        expected = isinstance(error, ServiceError) or is_connection_failure(error)
        log = get_logger()
        (log.warning if expected else log.exception)("worker_loop_failed", loop=name, error=str(error))
        await asyncio.sleep(_PAUSE_AFTER_ERROR)
        return False


async def _relay(resources: Resources) -> bool:
    async with resources.database.reading() as session:
        if not await is_any_pending(session):
            return False
    async with resources.database.transaction() as session:
        published = await relay(session)
    if published:
        await resources.waker.wake(*await resources.waker.subscribers(resources.service))
    return published == RELAY_BATCH


async def _subscribe(resources: Resources, subscriptions: Sequence[Subscription]) -> bool:
    await resources.waker.subscribe(resources.service, [each.publisher for each in subscriptions])
    return False


def _puller(resources: Resources, subscription: Subscription) -> Callable[[], Awaitable[bool]]:
    async def pull() -> bool:
        async with resources.database.reading() as session:
            position = await cursor_of(session, subscription.publisher)
        page = await subscription.source.events_after(position, PULL_BATCH)
        if not page.items:
            return False
        async with resources.database.transaction() as session:
            await handle_page(session, subscription, page)
        return len(page.items) == PULL_BATCH

    return pull


def _no_subscriptions(_resources: Resources) -> Sequence[Subscription]:
    return ()


def create_worker(
    service: str,
    settings: DataSettings,
    *,
    tasks: Mapping[str, Task],
    subscriptions: Callable[[Resources], Sequence[Subscription]] = _no_subscriptions,
    periodic: Sequence[Periodic] = (),
    closing: Sequence[Closable] = (),
    concurrency: int = 4,
    niceness: int = NICENESS,
) -> Worker:
    """Make a service's worker.

    ``tasks`` by job kind, ``subscriptions`` to others' events, ``periodic`` chores; ``closing`` is closed at the end,
    once no task uses it any more. ``niceness`` is that of its process: what people wait for goes first.
    """
    configure_logs(f"{service}-worker", settings.log_level)
    endpoint = settings.otel_exporter_otlp_endpoint
    spans = configure_traces(f"{service}-worker", version=settings.version, otlp_endpoint=endpoint)
    return Worker(
        service,
        settings,
        tasks=tasks,
        subscriptions=subscriptions,
        periodic=periodic,
        closing=closing,
        concurrency=concurrency,
        niceness=niceness,
        spans=spans,
    )


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    """Run the worker inside another program for the time of the context, then stop it gracefully."""
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await task
