"""Waiting for a condition with a deadline, in place of sleeping."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.02, 0.25
_SHARE = 0.1
"""Of the time waited so far: looking often takes the machine from what is waited for."""


async def eventually(probe: Callable[[], Awaitable[T]], *, within: float, what: str = "") -> T:
    """Return the probe's first truthy result; raises ``AssertionError`` after ``within`` seconds."""
    started = time.monotonic()
    while True:
        result = await probe()
        if result:
            return result
        waited = time.monotonic() - started
        if waited > within:
            raise AssertionError(f"not within {within} s: {what or probe}, last seen: {result!r}")
        await asyncio.sleep(pause_after(waited))


def pause_after(waited: float) -> float:
    """Return how long to pause, in s, before the next look after ``waited`` s."""
    return min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, waited * _SHARE))
