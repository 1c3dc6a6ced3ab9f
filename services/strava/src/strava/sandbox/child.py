"""The process that reads files: ``python -m strava.sandbox.child``, spoken to over its standard streams."""

import os
import resource
import sys
import traceback
from pathlib import Path
from typing import BinaryIO

from strava.files import FileRefused, parse
from strava.kernels import clean, derive
from strava.sandbox.results import REPLY, REQUEST, Failure, ParsedActivity, ParsedFile, Refusal, Reply, dumps

PAGE = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Answer requests until the parent closes the pipe; leave after running out of memory."""
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not land between replies
    requests = sys.stdin.buffer
    while header := requests.read(REQUEST.size):
        _limit_time(seconds)
        name_size, size = REQUEST.unpack(header)
        reply = _answer(requests, name_size, size)
        _send(replies, reply)
        if isinstance(reply, Failure):
            return


def _limit_time(seconds: int) -> None:
    """The parent watches the clock; this ends a child whose parent is gone."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(spent.ru_utime + spent.ru_stime) + 2 * seconds + 1, hard))


def _answer(requests: BinaryIO, name_size: int, size: int) -> Reply:
    try:
        name = requests.read(name_size).decode("utf-8", "replace")
        return read_file(requests.read(size), name)
    except FileRefused as refused:
        return Refusal(refused.reason, refused.code)
    except MemoryError:
        return Failure("memory")
    except Exception:  # noqa: BLE001 - the parent must hear of it; the log gets all of it
        traceback.print_exc()
        return Failure("crash")


def read_file(data: bytes, name: str) -> ParsedFile:
    """Parse, clean and derive one plain file.

    Recordings without usable samples are left out with a note.

    Raises:
        FileRefused: the file is refused, or none of its recordings is usable.
    """
    parsed = parse(data, name=name)
    activities: list[ParsedActivity] = []
    notes = list(parsed.notes)
    refused: FileRefused | None = None
    for recording in parsed.recordings:
        try:
            cleaned = clean(recording)
        except FileRefused as error:
            refused = error
            notes.append(error.reason)
        else:
            activities.append(ParsedActivity(cleaned, derive(cleaned)))
    if refused and not activities:
        raise refused
    return ParsedFile(parsed.kind, parsed.format, tuple(activities), tuple(notes))


def _send(replies: BinaryIO, reply: Reply) -> None:
    try:
        payload = dumps(reply)
    except MemoryError:
        payload = dumps(Failure("memory"))
    resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE
    replies.write(REPLY.pack(len(payload), resident))
    replies.write(payload)
    replies.flush()


if __name__ == "__main__":
    main()
