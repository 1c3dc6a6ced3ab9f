"""The queue carries bare wake-ups: "there is work". Rows in Postgres carry the work.

arq is met here and nowhere else. What it is kept from: pickle (JSON instead), results in Redis
(``keep_result=0``), retries of its own (``max_tries=1``), a worker that ends when Redis restarts (run again
with a pause), leases as long as its longest timeout (a wake-up takes no time), and looking at its queue many times a
second: whoever puts a wake-up there rings a bell, and only then, or after a while, is the queue looked at.

A worker that was woken and did not look yet is not woken again: it will see what was written until it looks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, cast

import orjson
from arq.connections import ArqRedis
from arq.worker import Worker as ArqWorker
from arq.worker import func
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from common.logs import get_logger
from common.metrics import WAKE_FAILURES

_RECONNECT_SECONDS = 1.0
_WOKEN_SECONDS = 5  # a worker that died over it costs others no longer than a poll
_BELL_SECONDS = 10
_ANSWER_SECONDS = 5.0
_WAKE_SECONDS = 0.5
_CLOSE_SECONDS = 2.0
_TTL_SECONDS = 60
_FAILURES = (RedisError, OSError, TimeoutError)


def queue_name(service: str) -> str:
    return f"wake:{service}"


def redis_client(url: str, *, timeout: float = 1.0) -> Redis:
    """Make a client that fails fast: Redis is never waited for."""
    client: Redis = Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 1),
        retry_on_error=[ConnectionError],
        health_check_interval=30,
    )
    return client


def _arq_pool(url: str, *, timeout: float = _ANSWER_SECONDS) -> ArqRedis:
    source = redis_client(url, timeout=timeout)
    return ArqRedis(
        source.connection_pool,
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
    )


class QueueWaker:
    """Sends wake-ups; a Redis that does not answer is counted and forgotten."""

    def __init__(self, url: str) -> None:
        self._redis = _arq_pool(url)

    async def wake(self, *queues: str) -> None:
        """Wake the workers of the named services; whoever asks waits for Redis no longer than half a second."""
        try:
            async with asyncio.timeout(_WAKE_SECONDS):
                for service in queues:
                    if await self._redis.set(_woken(service), b"", nx=True, ex=_WOKEN_SECONDS):
                        await self._redis.enqueue_job("wake", _queue_name=queue_name(service), _expires=_TTL_SECONDS)
                        await self._ring(service)
        except _FAILURES:
            WAKE_FAILURES.inc()

    async def _ring(self, service: str) -> None:
        """One ring is kept for a worker that is not listening just now, also of many."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.lpush(_bell(service), b"")
            pipe.ltrim(_bell(service), 0, 0)
            pipe.expire(_bell(service), _TTL_SECONDS)
            await pipe.execute()

    async def subscribers(self, publisher: str) -> list[str]:
        """Return the services that said they read the publisher's events."""
        try:
            members = await cast("Awaitable[set[bytes]]", self._redis.smembers(_subscribers_key(publisher)))
        except _FAILURES:
            return []
        return sorted(member.decode() for member in members)

    async def subscribe(self, subscriber: str, publishers: list[str]) -> None:
        """Ask to be woken by the publishers; repeated with each poll, since Redis may forget."""
        with suppress(*_FAILURES):
            async with self._redis.pipeline(transaction=False) as pipe:
                for publisher in publishers:
                    pipe.sadd(_subscribers_key(publisher), subscriber)
                    pipe.expire(_subscribers_key(publisher), _TTL_SECONDS)
                await pipe.execute()

    async def aclose(self) -> None:
        with suppress(*_FAILURES):
            await self._redis.aclose(close_connection_pool=True)


def _woken(service: str) -> str:
    return f"woken:{service}"


def _bell(service: str) -> str:
    return f"bell:{service}"


def _subscribers_key(publisher: str) -> str:
    return f"subscribers:{publisher}"


class _BellWorker(ArqWorker):
    """Looks at its queue when the bell rings, in place of all the time."""

    def __init__(self, service: str, **arq: Any) -> None:
        super().__init__(**arq)
        self._bell = _bell(service)

    async def _poll_iteration(self) -> None:
        await super()._poll_iteration()
        await cast("Awaitable[Any]", self.pool.blpop([self._bell], timeout=_BELL_SECONDS))


async def _close(worker: ArqWorker, pool: ArqRedis) -> None:
    """Close what arq leaves open when it was cancelled.

    Wake-ups in hand come to their end first: cancelled, they would go on by a new connection that nobody closes.
    """
    try:
        with suppress(*_FAILURES, asyncio.CancelledError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                if worker.tasks:
                    await asyncio.wait(list(worker.tasks.values()))
                await worker.close()
    finally:
        with suppress(*_FAILURES):
            await pool.aclose(close_connection_pool=True)


async def _to_its_end(closing: Coroutine[Any, Any, None]) -> None:
    """Wait for it however often one is cancelled meanwhile, and be cancelled then."""
    task = asyncio.create_task(closing)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


async def listen(url: str, service: str, on_wake: Callable[[], None]) -> None:
    """Call ``on_wake`` for every wake-up of the service, for ever, across restarts of Redis."""

    async def wake(ctx: dict[Any, Any], *_arguments: Any, **_options: Any) -> None:
        try:
            await ctx["redis"].delete(_woken(service))  # first: who writes from now on wakes again
        finally:
            on_wake()

    log = get_logger()
    while True:
        pool = _arq_pool(url, timeout=_BELL_SECONDS + _ANSWER_SECONDS)  # a socket outlasts the wait for the bell
        worker = _BellWorker(
            service,
            functions=[func(wake, name="wake", max_tries=1, keep_result=0, timeout=5)],
            redis_pool=pool,
            queue_name=queue_name(service),
            handle_signals=False,
            poll_delay=0,
            keep_result=0,
            job_serializer=orjson.dumps,
            job_deserializer=orjson.loads,
            log_results=False,
        )
        try:
            await worker.async_run()
        except _FAILURES as error:
            log.warning("queue_lost", error=type(error).__name__)
        finally:
            await _to_its_end(_close(worker, pool))
        on_wake()
        await asyncio.sleep(_RECONNECT_SECONDS)
