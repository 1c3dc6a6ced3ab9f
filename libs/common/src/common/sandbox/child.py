"""The child's side: answers requests on its standard streams until the parent closes them."""

import fcntl
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from common.niceness import be_nice
from common.sandbox.protocol import ANSWERED, REPLY, REQUEST

PIPE_BYTES = 1024 * 1024
PAGE = os.sysconf("SC_PAGE_SIZE")


def serve(answer: Callable[[bytes], bytes]) -> None:
    """Answer requests until the parent closes the pipe; leave after running out of memory or a fault.

    Called by a module that a ``Sandbox`` runs: ``sys.argv`` holds the limits of memory (bytes) and time (s).
    """
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _widen_pipes()
    be_nice()  # as its parent is: it has a session of its own
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not land between replies
    requests = sys.stdin.buffer
    while header := requests.read(REQUEST.size):
        _limit_time(seconds)
        kind, reply = _answer(answer, requests, *REQUEST.unpack(header))
        replies.write(REPLY.pack(kind, len(reply), _resident()))
        replies.write(reply)
        replies.flush()
        if kind != ANSWERED:
            return


def _widen_pipes() -> None:
    """Let the pipes hold as much as they may: each refill costs both sides a turn."""
    for number in (0, 1):
        with suppress(OSError):  # no pipe, or more than the system allows
            fcntl.fcntl(number, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _limit_time(seconds: int) -> None:
    """The kernel ends the process (SIGPROF) when a request takes more of a processor; the parent watches the clock.

    Not by RLIMIT_CPU: that counts ticks of the scheduler since the child began, which run away from what any clock
    shows it to have used, so that a child that has answered for long would be ended over nothing.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _answer(answer: Callable[[bytes], bytes], requests: BinaryIO, size: int) -> tuple[bytes, bytes]:
    try:
        return ANSWERED, answer(requests.read(size))
    except MemoryError:
        return b"m", b""
    except Exception:  # noqa: BLE001 - the parent must hear of it; the log gets all of it
        traceback.print_exc()
        return b"c", b""


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE
