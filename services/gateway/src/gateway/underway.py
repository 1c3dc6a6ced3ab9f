"""What is looked after while it goes on. Nothing is looked at ten times a second while nothing goes on."""

import asyncio
from typing import Final, TypeVar

TICK_SECONDS: Final = 0.1
IDLE_SECONDS: Final = 1.0

T = TypeVar("T")


class UnderWay(set[T]):
    """A set; ``pause`` lasts until its members are to be looked at again."""

    def __init__(self) -> None:
        super().__init__()
        self._begun: asyncio.Event | None = None

    def add(self, member: T) -> None:
        super().add(member)
        if self._begun is not None:
            self._begun.set()

    async def pause(self) -> None:
        """Wait for a tick from now or, while there is no member, from when one comes; at most a second for that."""
        if not self:
            self._begun = asyncio.Event()
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._begun.wait()
            except TimeoutError:
                return
            finally:
                self._begun = None
        await asyncio.sleep(TICK_SECONDS)
