"""A service that lives and does not answer: one whose database hangs is left alone, one that is slow is not."""

import asyncio
import time

import pytest
from ailing import Ailing, Asker, asker_at
from gateway_doubles import Builder

from common.http import BreakerState
from common.testing.wait import eventually


@pytest.fixture
def ailing() -> Ailing:
    """A service that answers neither good nor bad, until it is told to."""
    service = Ailing(200)
    service.answering.clear()
    return service


@pytest.fixture
async def asker(builder: Builder, ailing: Ailing) -> Asker:
    asker = await asker_at(builder, strava=ailing.app)
    assert await asker.code("good") == "its.own"
    return asker


async def waits(asker: Asker, ailing: Ailing, seconds: float) -> list[BreakerState]:
    """Have three people wait for an answer so long, then get it; return the states seen meanwhile."""
    waiting = [asyncio.create_task(asker.code()) for _ in range(3)]
    states = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        states.append(asker.state())
        await asyncio.sleep(0.05)
    ailing.answering.set()
    assert await asyncio.gather(*waiting) == ["its.own"] * 3
    return states


async def is_refused_at_once(asker: Asker) -> bool:
    try:
        async with asyncio.timeout(0.3):
            return await asker.is_refused()
    except TimeoutError:
        return False


async def test_a_service_whose_database_hangs_is_left_alone_within_five_seconds(asker: Asker, ailing: Ailing) -> None:
    ailing.database_answering.clear()
    started = time.monotonic()
    reading = asyncio.create_task(asker.code())
    writing = asyncio.create_task(asker.platform.client.post("/api/v1/things/new", headers=asker.headers))
    await eventually(lambda: is_refused_at_once(asker), within=5)
    assert await reading == "upstream.unavailable"
    assert time.monotonic() - started < 5
    assert asker.state() is not BreakerState.CLOSED
    assert await asker.code("good") == "upstream.unavailable"
    ailing.asked.clear()
    assert set(await asker.codes_for(2.5)) == {"upstream.unavailable"}
    assert set(ailing.asked) == {"/health"}

    ailing.database_answering.set()
    ailing.answering.set()
    assert (await writing).status_code == 200, "it may be under way"
    await eventually(lambda: is_well(asker), within=5, what="back without help")
    assert asker.state() is BreakerState.CLOSED


async def is_well(asker: Asker) -> bool:
    return await asker.code() == "its.own"


async def test_a_slow_service_that_says_it_is_well_is_waited_for(asker: Asker, ailing: Ailing) -> None:
    assert set(await waits(asker, ailing, 4)) == {BreakerState.CLOSED}
    assert 2 <= ailing.health_checks <= 4, "asked, but about once a second only"


async def test_one_that_says_it_is_down_but_once_is_waited_for(asker: Asker, ailing: Ailing) -> None:
    ailing.needed = False
    waiting = asyncio.create_task(waits(asker, ailing, 4))
    await asyncio.wait_for(ailing.has_told.wait(), 2)
    ailing.needed = True
    assert set(await waiting) == {BreakerState.CLOSED}


async def test_one_that_answers_others_is_busy_and_not_closed_off(asker: Asker, ailing: Ailing) -> None:
    ailing.needed = False
    waiting = asyncio.create_task(waits(asker, ailing, 4))
    assert set(await asker.codes_for(3.8, "good")) == {"its.own"}
    assert set(await waiting) == {BreakerState.CLOSED}
    assert ailing.health_checks


async def test_one_that_falls_silent_while_it_is_asked_is_left_alone_within_five_seconds(
    asker: Asker, ailing: Ailing
) -> None:
    ailing.needed = False
    waiting = asyncio.create_task(asker.code())
    await asyncio.wait_for(ailing.has_told.wait(), 2)
    ailing.talking.clear()
    started = time.monotonic()
    await eventually(lambda: is_refused_at_once(asker), within=5)
    assert time.monotonic() - started < 5
    assert await waiting == "upstream.unavailable", "it hangs, so reads are ended"
    ailing.talking.set()
    ailing.answering.set()
