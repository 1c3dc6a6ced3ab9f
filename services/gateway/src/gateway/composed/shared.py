"""One answer for all who ask the same at about the same time.

Of equal questions one is under way at a time, and what came of it is given for a while to whoever asks next. Its age
counts from the moment it was asked, so an answer that was long in coming is not kept any longer. A refusal names the
request it belongs to: who waited for another's and hears one asks again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from gateway.table import Header

OK = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of HTTP."""

    status: int
    headers: list[Header]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Question:
    """``good_until`` is the moment from which on its answer is too old."""

    task: asyncio.Task[Answer]
    good_until: float

    def serves(self, now: float) -> bool:
        """Tell whether it is under way, or was answered well a moment ago."""
        return not self.task.done() or (now < self.good_until and self.went_well())

    def went_well(self) -> bool:
        """Tell how it ended."""
        task = self.task
        return not task.cancelled() and task.exception() is None and task.result().status == OK


class Shared:
    """For one event loop. ``clock`` counts seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._latest: dict[Hashable, _Question] = {}
        self._under_way: set[asyncio.Task[Answer]] = set()

    async def get(self, key: Hashable, seconds: float, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the answer to ``key``, at most ``seconds`` old unless it is longer under way.

        Who gives up waiting takes it from nobody else. Raises what ``ask`` raises.
        """
        while True:
            question = self._latest.get(key)
            is_own = question is None or not question.serves(self._clock())
            if question is None or is_own:
                question = self._ask(key, seconds, ask)
            if not question.task.done():
                await asyncio.wait([question.task])  # a waiter that is cancelled leaves it to the others
            if is_own or question.went_well():
                return question.task.result()

    def drop(self) -> None:
        """Have everything asked anew: something has changed. Those who wait get what they asked for before."""
        self._latest.clear()

    async def aclose(self) -> None:
        """End what is under way."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ask(self, key: Hashable, seconds: float, ask: Callable[[], Awaitable[Answer]]) -> _Question:
        async def answered() -> Answer:
            return await ask()

        now = self._clock()
        self._latest = {known: question for known, question in self._latest.items() if question.serves(now)}
        question = _Question(asyncio.create_task(answered()), now + seconds)
        self._latest[key] = question
        self._under_way.add(question.task)
        question.task.add_done_callback(self._under_way.discard)
        return question
