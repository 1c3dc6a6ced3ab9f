"""The parent's side: one child at a time, started when needed, killed when it must be."""

import asyncio
import math
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Generic, Literal, Self, TypeVar

from common.sandbox.protocol import ANSWERED, FAILED, REPLY, REQUEST

MIB = 1024 * 1024
BUSY = 3
"""On a busy box a child may take so many times as long by the clock as it may take of a processor."""
_LAST_WORDS_SECONDS = 1.0
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH")

Cause = Literal["memory", "time", "crash"]
ReplyT = TypeVar("ReplyT")


class SandboxKilled(Exception):
    """The child died of a request, or was killed over it.

    Attributes:
        cause: ``memory``, ``time`` or ``crash``.
    """

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class Sandbox(Generic[ReplyT]):
    """Has requests answered by a child process under a limit of memory and time.

    The child starts with the first request, answers one after another, is replaced when it dies or has grown, and
    ends when idle, so it costs nothing while there is nothing to do. It gets no secrets from the environment.

    Args:
        module: run as ``python -m module``; it calls ``common.sandbox.child.serve``.
        decode: makes a reply of the bytes that came. It must not trust them: what it raises counts as a crash.
        time_limit: processor seconds for one request; by the clock, the start of the child included, ``BUSY`` times
            as many.
        memory_limit: bytes of address space of the child.
        recycle_above: resident bytes after a request above which the child is replaced.
        idle_limit: seconds without a request after which the child ends.
        environment: variables for the child, besides the few that every child gets.
    """

    def __init__(
        self,
        module: str,
        decode: Callable[[bytes], ReplyT],
        *,
        time_limit: float,
        memory_limit: int,
        recycle_above: int,
        idle_limit: float = 60.0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._module = module
        self._decode = decode
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._recycle_above = recycle_above
        self._idle_limit = idle_limit
        self._environment = dict(environment or {})
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

    async def ask(self, *request: bytes) -> ReplyT:
        """Return the child's reply to the parts of a request, put together.

        Raises:
            SandboxKilled: the child ran out of memory or time, or died; the next request gets a new one.
        """
        async with self._turn:
            await self._stop_waiting()
            used = self.pid is not None
            try:
                return await self._one(request)
            except SandboxKilled as killed:
                if not used or killed.cause != "crash":
                    raise
            return await self._one(request)  # the old child may have died of something else

    async def aclose(self) -> None:
        """End the child, after the request it is answering."""
        async with self._turn:
            await self._stop_waiting()
            await self._kill()

    async def _one(self, request: tuple[bytes, ...]) -> ReplyT:
        """One request; whatever goes wrong, no child is left that is not ready for the next."""
        try:
            async with asyncio.timeout(self._time_limit * BUSY):
                kind, payload, resident = await self._exchange(request)
            reply = self._decoded(kind, payload)
        except TimeoutError:
            await self._kill()
            raise SandboxKilled("time") from None
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise SandboxKilled(await self._cause_of_end()) from error
        except BaseException:
            await self._kill()
            raise
        if resident > self._recycle_above:
            await self._kill()
        else:
            self._idle = asyncio.create_task(self._retire())
        return reply

    async def _cause_of_end(self) -> Cause:
        """What a child that closed its pipe died of; one that lives on is killed."""
        ended_by = None
        if self._child is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WORDS_SECONDS):
                    ended_by = await self._child.wait()
        await self._kill()
        return "time" if ended_by == -signal.SIGPROF else "crash"

    def _decoded(self, kind: bytes, payload: bytes) -> ReplyT:
        if kind != ANSWERED:
            raise SandboxKilled(FAILED.get(kind, "crash"))
        try:
            return self._decode(payload)
        except Exception as error:  # a child that a request took over may send anything
            raise SandboxKilled("crash") from error

    async def _exchange(self, request: tuple[bytes, ...]) -> tuple[bytes, bytes, int]:
        """(kind, reply, resident bytes) of the child; starts one when there is none."""
        if self.pid is None:
            await self._kill()
            self._child = await self._start()
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            raise ConnectionResetError
        child.stdin.writelines((REQUEST.pack(sum(map(len, request))), *request))
        await child.stdin.drain()
        kind, size, resident = REPLY.unpack(await child.stdout.readexactly(REPLY.size))
        return kind, await child.stdout.readexactly(size), resident

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
            self._module,
            str(self._memory_limit),
            str(math.ceil(self._time_limit)),
            stdin=PIPE,
            stdout=PIPE,
            env=environment | self._environment,
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
        if child.stdin is not None:
            with suppress(OSError):  # what a broken pipe says is known by now; unheard, it would be logged
                await child.stdin.wait_closed()
