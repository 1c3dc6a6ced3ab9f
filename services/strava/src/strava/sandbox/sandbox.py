"""The parent's side of reading files."""

import asyncio
from types import TracebackType
from typing import Literal, Self

from common import sandbox
from strava.files.accounts import Told
from strava.files.recording import FileRefused
from strava.sandbox.results import Order, ParsedFile, Refusal, Reply, SandboxKilled, ToldList, loads

MIB = 1024 * 1024


class _Child(sandbox.Sandbox[Reply]):
    """One process that reads files."""

    def __init__(self, *, time_limit: float, memory_limit: int, recycle_above: int, idle_limit: float) -> None:
        super().__init__(
            "strava.sandbox.child",
            loads,
            time_limit=time_limit,
            memory_limit=memory_limit,
            recycle_above=recycle_above,
            idle_limit=idle_limit,
        )


class Sandbox:
    """Reads files in child processes under a limit of memory and time.

    Args:
        children: files that are read at a time; a child is started when all others are at work.
        time_limit: processor seconds for one file; three times as many by the clock.
        memory_limit: bytes of address space of a child.
        recycle_above: resident bytes after a file above which a child is replaced.
        idle_limit: seconds without a file after which a child ends.
    """

    def __init__(
        self,
        *,
        children: int = 1,
        time_limit: float = 30.0,
        memory_limit: int = 1536 * MIB,
        recycle_above: int = 192 * MIB,
        idle_limit: float = 60.0,
    ) -> None:
        self._children = [
            _Child(
                time_limit=time_limit,
                memory_limit=memory_limit,
                recycle_above=recycle_above,
                idle_limit=idle_limit,
            )
            for _ in range(children)
        ]
        self._free = list(self._children)
        self._turns = asyncio.Semaphore(children)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def pids(self) -> list[int]:
        """Process ids of the children that run."""
        return [child.pid for child in self._children if child.pid is not None]

    @property
    def pid(self) -> int | None:
        """Process id of a child, None when none runs."""
        return next(iter(self.pids), None)

    async def run(self, data: bytes, name: str = "", *, sport: str | None = None) -> ParsedFile:
        """Parse, clean and derive one plain file (not compressed).

        ``sport`` is that of its one recording, where somebody knows better than the file.

        Raises:
            FileRefused: the file cannot become an activity or a route.
            SandboxKilled: the child ran out of memory or time, or died; the next file gets a new one.
        """
        reply = await self._ask(Order("file", name, sport), data)
        if not isinstance(reply, ParsedFile):
            raise SandboxKilled("crash")
        return reply

    async def read_list(self, what: Literal["strava", "garmin"], data: bytes) -> tuple[Told, ...]:
        """Read what the archive of an account says of its activities.

        Raises:
            FileRefused: the list cannot be read.
            SandboxKilled: as in `run`.
        """
        reply = await self._ask(Order(what), data)
        if not isinstance(reply, ToldList):
            raise SandboxKilled("crash")
        return reply.items

    async def aclose(self) -> None:
        """End the children, after the files they are reading."""
        for child in self._children:
            await child.aclose()

    async def _ask(self, order: Order, data: bytes) -> Reply:
        async with self._turns:
            child = self._free.pop()  # the one that worked last: the others may end
            try:
                reply = await child.ask(order.pack(), data)
            except sandbox.SandboxKilled as killed:
                raise SandboxKilled(killed.cause) from killed
            finally:
                self._free.append(child)
        if isinstance(reply, Refusal):
            raise FileRefused(reply.reason, reply.code)
        return reply
