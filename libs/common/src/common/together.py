"""Doing several things at a time so that nothing goes on behind the caller's back."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def together(*coroutines: Coroutine[Any, Any, T]) -> list[T]:
    """Return the results of all, in order; where some fail, raise the first one's error once all have ended."""
    results = await asyncio.gather(*coroutines, return_exceptions=True)
    for each in results:
        if isinstance(each, BaseException):
            raise each
    return [each for each in results if not isinstance(each, BaseException)]
