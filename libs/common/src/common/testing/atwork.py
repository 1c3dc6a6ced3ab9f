"""Both processes of a service at work on real servers, seen by its users."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
from fastapi import FastAPI
from sqlalchemy import text

from common.db import Database
from common.queue import QueueWaker
from common.testing.plugin import Environment, serving
from common.testing.tokens import TokenMint
from common.testing.wait import eventually
from common.worker import Worker


@dataclass
class ServiceAtWork:
    """``published`` says how many events each publisher has told of."""

    service: str
    client: httpx2.AsyncClient
    database: Database
    mint: TokenMint
    waker: QueueWaker
    published: Callable[[], dict[str, int]]

    async def settle(self, within: float = 45) -> None:
        """Wake the worker and wait until it has pulled all events, done all work and told of it."""
        await self.waker.wake(self.service)
        await eventually(self._is_settled, within=within, what="all events pulled and all jobs done")

    async def _is_settled(self) -> bool:
        rows = await self.rows("SELECT publisher, position FROM inbox_cursors")
        pulled = {row.publisher: int(row.position) for row in rows}
        if any(pulled.get(publisher, 0) != count for publisher, count in self.published().items()):
            return False
        open_jobs = await self.scalar("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')")
        untold = await self.scalar("SELECT count(*) FROM outbox WHERE position IS NULL")
        return not open_jobs and not untold

    async def rows(self, query: str) -> list[Any]:
        async with self.database.transaction() as session:
            return list(await session.execute(text(query)))

    async def scalar(self, query: str) -> Any:
        async with self.database.transaction() as session:
            return await session.scalar(text(query))

    async def execute(self, statement: str) -> None:
        async with self.database.transaction() as session:
            await session.execute(text(statement))

    async def request(self, person: UUID, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {**self.mint.headers(str(person)), **options.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **options)

    async def get(self, person: UUID, path: str, **parameters: Any) -> httpx2.Response:
        return await self.request(person, "GET", path, params=parameters)


@asynccontextmanager
async def at_work(
    service: str,
    environment: Environment,
    mint: TokenMint,
    *,
    web: Callable[[], FastAPI],
    worker: Callable[[], Worker],
    published: Callable[[], dict[str, int]] = dict,
) -> AsyncIterator[ServiceAtWork]:
    """Start both processes' applications inside the test's loop; ``environment`` is in ``os.environ`` already."""
    database = Database(environment["DATABASE_URL"], service=service, pool_size=2)
    waker = QueueWaker(environment["REDIS_URL"])
    with warnings.catch_warnings():
        # arq closes its connections by an old name, and could not if that were an error
        warnings.filterwarnings("ignore", "Call to deprecated close", DeprecationWarning)
        async with serving(web(), mint) as client:
            process = worker()
            running = asyncio.create_task(process.run())
            yield ServiceAtWork(service, client, database, mint, waker, published)
            process.stop()
            await running
    await waker.aclose()
    await database.aclose()
