"""The parent's side: one child at a time, started when needed, killed when it must be."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from types import TracebackType
from typing import Self

from strava.files.recording import FileRefused
from strava.sandbox.results import REPLY, REQUEST, ParsedFile, SandboxKilled, loads

MIB = 1024 * 1024
LONGEST_NAME = 1000
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


class Sandbox:
    """Reads files in a child process under a limit of memory and time.

    The child starts with the first file, serves one file after another, is replaced when it dies or has grown, and
    ends when idle, so it costs nothing while there is nothing to read. It gets no secrets from the environment.

    Args:
        time_limit: wall seconds for one file, the start of the child included.
        memory_limit: bytes of address space of the child.
        recycle_above: resident bytes after a file above which the child is replaced.
        idle_limit: seconds without a file after which the child ends.
    """

    def __init__(
        self,
        *,
        time_limit: float = 30.0,
        memory_limit: int = 1536 * MIB,
        recycle_above: int = 192 * MIB,
        idle_limit: float = 60.0,
    ) -> None:
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._recycle_above = recycle_above
        self._idle_limit = idle_limit
        self._turn = asyncio.Lock()
        self._child: Process | None = None
        self._idle: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def pid(self) -> int | None:
        """Process id of the child, None when there is none."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def run(self, data: bytes, name: str = "") -> ParsedFile:
        """Parse, clean and derive one plain file (not compressed).

        Raises:
            FileRefused: the file cannot become an activity or a route.
            SandboxKilled: the child ran out of memory or time, or died; the next file gets a new one.
        """
        async with self._turn:
            await self._stop_waiting()
            used = self.pid is not None
            try:
                return await self._one(data, name)
            except SandboxKilled as killed:
                if not used or killed.cause != "crash":
                    raise
            return await self._one(data, name)  # the old child may have died of something else

    async def _one(self, data: bytes, name: str) -> ParsedFile:
        """One file in the child; whatever goes wrong, no child is left that is not ready for the next."""
        try:
            async with asyncio.timeout(self._time_limit):
                reply, resident = await self._ask(data, name.encode(errors="replace")[:LONGEST_NAME])
            parsed = loads(reply)
        except FileRefused:
            self._idle = asyncio.create_task(self._retire())
            raise
        except BaseException as error:
            await self._kill()
            if isinstance(error, TimeoutError):
                raise SandboxKilled("time") from None
            if isinstance(error, asyncio.IncompleteReadError | ConnectionError):
                raise SandboxKilled("crash") from error
            raise
        if resident > self._recycle_above:
            await self._kill()
        else:
            self._idle = asyncio.create_task(self._retire())
        return parsed

    async def aclose(self) -> None:
        """End the child, after the file it is reading."""
        async with self._turn:
            await self._stop_waiting()
            await self._kill()

    async def _ask(self, data: bytes, name: bytes) -> tuple[bytes, int]:
        """(reply, resident bytes) of the child; starts one when there is none."""
        if self.pid is None:
            await self._kill()
            self._child = await self._start()
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            raise ConnectionResetError
        child.stdin.writelines((REQUEST.pack(len(name), len(data)), name, data))
        await child.stdin.drain()
        size, resident = REPLY.unpack(await child.stdout.readexactly(REPLY.size))
        return await child.stdout.readexactly(size), resident

    async def _start(self) -> Process:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "OPENBLAS_NUM_THREADS": "1",  # its threads would each reserve address space
            "MALLOC_ARENA_MAX": "1",
        }
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "strava.sandbox.child",
            str(self._memory_limit),
            str(int(self._time_limit) + 1),
            stdin=PIPE,
            stdout=PIPE,
            env=environment,
            start_new_session=True,
        )

    async def _retire(self) -> None:
        await asyncio.sleep(self._idle_limit)
        async with self._turn:
            if self._idle is asyncio.current_task():
                self._idle = None
                await self._kill()

    async def _stop_waiting(self) -> None:
        waiting, self._idle = self._idle, None
        if waiting is not None:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    async def _kill(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.returncode is None:
            child.kill()
        if child.stdin is not None:
            child.stdin.close()
        await child.communicate()
