"""Waiting for a condition with a deadline, in place of sleeping."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_PAUSE_SECONDS = 0.02


async def eventually(probe: Callable[[], Awaitable[T]], *, within: float, what: str = "") -> T:
    """Return the probe's first truthy result; raises ``AssertionError`` after ``within`` seconds."""
    deadline = time.monotonic() + within
    while True:
        result = await probe()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what or probe}, last seen: {result!r}")
        await asyncio.sleep(_PAUSE_SECONDS)
