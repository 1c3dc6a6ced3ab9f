import asyncio
import time

from gateway.underway import IDLE_SECONDS, TICK_SECONDS, UnderWay


async def passed(pause: "asyncio.Task[None]") -> float:
    started = time.monotonic()
    await pause
    return time.monotonic() - started


async def test_while_something_is_under_way_it_is_looked_at_each_tick() -> None:
    under_way: UnderWay[str] = UnderWay()
    under_way.add("a request")
    assert await passed(asyncio.create_task(under_way.pause())) < IDLE_SECONDS


async def test_nothing_is_looked_at_while_there_is_nothing() -> None:
    assert await passed(asyncio.create_task(UnderWay[str]().pause())) > 5 * TICK_SECONDS


async def test_what_comes_then_is_looked_at_a_tick_later() -> None:
    under_way: UnderWay[str] = UnderWay()
    pause = asyncio.create_task(under_way.pause())
    await asyncio.sleep(0)
    under_way.add("a request")
    assert await passed(pause) < IDLE_SECONDS
    assert under_way == {"a request"}
