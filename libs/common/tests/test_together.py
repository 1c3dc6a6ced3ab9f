import asyncio

import pytest

from common.together import together


async def test_results_come_in_order() -> None:
    async def late(value: int, turns: int) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        return value

    assert await together(late(1, 3), late(2, 1), late(3, 2)) == [1, 2, 3]


async def test_an_error_waits_for_those_who_are_still_at_it() -> None:
    ended = asyncio.Event()

    async def fails() -> None:
        raise ValueError("first")

    async def goes_on() -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        ended.set()

    with pytest.raises(ValueError, match="first"):
        await together(fails(), goes_on())
    assert ended.is_set()
