"""Which of the connections to a service are used again, and which are let go."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from gateway_doubles import raw_server, read_head

from common.testing.wait import eventually
from gateway.connection import Connection
from gateway.pool import IDLE_SECONDS, Pool

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Service:
    """Answers all requests; ``writers`` are its ends of the connections that are open."""

    def __init__(self) -> None:
        self.writers: list[asyncio.StreamWriter] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            while True:
                await read_head(reader)
                writer.write(OK)
        finally:
            self.writers.remove(writer)

    async def is_left(self) -> bool:
        return not self.writers


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def pool(service: Service) -> AsyncIterator[Pool]:
    async with raw_server(service) as url:
        pool = Pool("127.0.0.1", int(url.rpartition(":")[2]), limit=4)
        yield pool
        pool.close()
        await eventually(service.is_left, within=5)


async def used(pool: Pool) -> Connection:
    """Have one exchange over a connection and give it back."""
    connection = await pool.acquire()
    connection.start(head_only=False)
    connection.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    connection.request_sent = True
    while not connection.complete:
        await connection.wait_more()
    pool.give_back(connection)
    return connection


async def test_one_that_is_being_closed_is_not_used(pool: Pool) -> None:
    connection = await used(pool)
    connection.close()  # that it is lost, the pool is told at the loop's next turn
    assert pool.take_idle() is None


async def test_one_that_the_service_closed_is_forgotten(pool: Pool, service: Service) -> None:
    await used(pool)
    service.writers[0].close()

    async def forgotten() -> bool:
        return pool.size == 0

    await eventually(forgotten, within=5)
    assert pool.take_idle() is None


async def test_one_that_is_idle_is_closed_before_the_service_closes_it(pool: Pool) -> None:
    since = (await used(pool)).idle_since
    pool.expire(since + IDLE_SECONDS - 1)
    connection = pool.take_idle()
    assert connection is not None
    pool.put_back(connection)
    pool.expire(since + IDLE_SECONDS + 1)
    assert connection.is_closing
