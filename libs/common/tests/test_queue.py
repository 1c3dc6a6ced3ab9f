import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from arq.connections import ArqRedis
from redis.asyncio import Redis

from common.queue import QueueWaker, listen, queue_name
from common.testing.wait import eventually

SERVICE = "sleeper"


@pytest.fixture
async def waker(redis_url: str) -> AsyncIterator[QueueWaker]:
    made = QueueWaker(redis_url)
    yield made
    await made.aclose()


class Sleeper:
    """A worker that counts how often it was woken."""

    def __init__(self, redis_url: str) -> None:
        self.woken = 0
        self._task = asyncio.create_task(listen(redis_url, SERVICE, self._wake))

    def _wake(self) -> None:
        self.woken += 1

    async def wakes(self, times: int) -> None:
        async def enough() -> bool:
            return self.woken >= times

        await eventually(enough, within=10, what=f"{times} times woken")

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
async def sleeper(redis_url: str) -> AsyncIterator[Sleeper]:
    made = Sleeper(redis_url)
    yield made
    await made.end()


async def waiting(redis_url: str) -> int:
    async with Redis.from_url(redis_url) as client:
        return int(await client.zcard(queue_name(SERVICE)))


async def test_every_wake_up_after_a_look_leads_to_another_look(waker: QueueWaker, sleeper: Sleeper) -> None:
    for time in range(1, 21):
        await waker.wake(SERVICE)
        await sleeper.wakes(time)


async def test_who_is_woken_already_is_not_woken_again_before_looking(
    waker: QueueWaker, redis_url: str, sleeper: Sleeper
) -> None:
    await sleeper.end()
    for _ in range(50):
        await waker.wake(SERVICE)
    assert await waiting(redis_url) == 1
    late = Sleeper(redis_url)
    await late.wakes(1)
    await waker.wake(SERVICE)
    await late.wakes(2)
    await late.end()


async def test_a_wake_up_that_was_forgotten_stands_in_the_way_of_none(
    waker: QueueWaker, sleeper: Sleeper, redis_url: str
) -> None:
    async with Redis.from_url(redis_url) as client:
        for time in range(1, 4):
            await client.flushdb()
            await waker.wake(SERVICE)
            await sleeper.wakes(time)


async def connections(client: Redis) -> set[str]:
    """Who is connected to this test's database."""
    own = await client.client_info()
    return {each["id"] for each in await client.client_list() if int(each["db"]) == int(own["db"])}


async def test_who_is_told_to_stop_finishes_the_wake_up_in_hand_and_leaves_no_connection(
    waker: QueueWaker, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, delete = asyncio.Event(), ArqRedis.delete

    async def delete_slowly(self: ArqRedis, *names: Any) -> Any:
        begun.set()
        await asyncio.sleep(0.3)
        return await delete(self, *names)

    monkeypatch.setattr(ArqRedis, "delete", delete_slowly)
    async with Redis.from_url(redis_url) as client:
        await waker.wake(SERVICE)
        before = await connections(client)
        woken: list[bool] = []
        task = asyncio.create_task(listen(redis_url, SERVICE, lambda: woken.append(True)))
        await begun.wait()
        while not task.done():  # impatient, as a worker is that is to end
            task.cancel()
            await asyncio.wait([task], timeout=0.05)
        assert woken
        assert await client.zcard(queue_name(SERVICE)) == 0
        assert await connections(client) <= before
