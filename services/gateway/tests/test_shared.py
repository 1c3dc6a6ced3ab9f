import asyncio

import pytest

from gateway.composed.shared import Answer, Shared

SECONDS = 1.0


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Asked:
    """Answers with how often it was asked, once it may; remembers how many questions were under way at a time."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.times = self.at_once = self._now = 0
        self.may_answer = asyncio.Event()

    async def __call__(self) -> Answer:
        self.times += 1
        number = self.times
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        await self.may_answer.wait()
        self._now -= 1
        return Answer(self.status, [], b"%d" % number)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shared(clock: Clock) -> Shared:
    return Shared(clock)


async def started(asked: Asked, times: int = 1) -> None:
    async with asyncio.timeout(5):
        while asked.times < times:  # noqa: ASYNC110 - what is asked has no event for it
            await asyncio.sleep(0)


async def test_equal_questions_at_the_same_time_are_asked_once(shared: Shared) -> None:
    asked = Asked()
    waiting = [asyncio.create_task(shared.get("same", SECONDS, asked)) for _ in range(5)]
    await started(asked)
    asked.may_answer.set()
    assert [answer.body for answer in await asyncio.gather(*waiting)] == [b"1"] * 5


async def test_an_answer_is_given_until_it_is_too_old(shared: Shared, clock: Clock) -> None:
    asked = Asked()
    asked.may_answer.set()
    bodies = []
    for pause in (0.0, 0.5, 0.49, 0.02):
        clock.now += pause
        bodies.append((await shared.get("same", SECONDS, asked)).body)
    assert bodies == [b"1", b"1", b"1", b"2"]


async def test_other_questions_have_answers_of_their_own(shared: Shared) -> None:
    asked = Asked()
    asked.may_answer.set()
    assert [(await shared.get(key, SECONDS, asked)).body for key in ("a", "b", "a")] == [b"1", b"2", b"1"]


async def test_the_age_of_an_answer_counts_from_when_it_was_asked(shared: Shared, clock: Clock) -> None:
    asked = Asked()
    slow = asyncio.create_task(shared.get("same", SECONDS, asked))
    await started(asked)
    clock.now += 4
    joining = asyncio.create_task(shared.get("same", SECONDS, asked))
    await asyncio.sleep(0)
    asked.may_answer.set()
    assert [(await slow).body, (await joining).body] == [b"1", b"1"]
    assert (await shared.get("same", SECONDS, asked)).body == b"2"


async def test_a_refusal_is_each_ones_own_and_still_one_is_asked_at_a_time(shared: Shared) -> None:
    asked = Asked(status=422)
    waiting = [asyncio.create_task(shared.get("same", SECONDS, asked)) for _ in range(3)]
    await started(asked)
    asked.may_answer.set()
    assert sorted(answer.body for answer in await asyncio.gather(*waiting)) == [b"1", b"2", b"3"]
    assert asked.at_once == 1


async def test_a_failure_is_told_to_who_asked_and_not_kept(shared: Shared) -> None:
    async def failing() -> Answer:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await shared.get("same", SECONDS, failing)
    asked = Asked()
    asked.may_answer.set()
    assert (await shared.get("same", SECONDS, asked)).body == b"1"


async def test_who_gives_up_first_takes_the_answer_from_nobody(shared: Shared) -> None:
    asked = Asked()
    first = asyncio.create_task(shared.get("same", SECONDS, asked))
    await started(asked)
    second = asyncio.create_task(shared.get("same", SECONDS, asked))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    asked.may_answer.set()
    assert (await second).body == b"1"


async def test_after_a_change_nobody_gets_what_was_asked_before_it(shared: Shared) -> None:
    asked = Asked()
    before = asyncio.create_task(shared.get("same", SECONDS, asked))
    await started(asked)
    shared.drop()
    after = asyncio.create_task(shared.get("same", SECONDS, asked))
    await started(asked, times=2)
    asked.may_answer.set()
    assert [(await before).body, (await after).body] == [b"1", b"2"]
    assert (await shared.get("same", SECONDS, asked)).body == b"2"


async def test_closing_ends_what_is_under_way(shared: Shared) -> None:
    asked = Asked()
    waiting = asyncio.create_task(shared.get("same", SECONDS, asked))
    await started(asked)
    await shared.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting
