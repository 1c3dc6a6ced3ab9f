"""Until when a request is worth working on: who asked tells how long it waits, and passes on what is left of that.

The time goes along as seconds in a header, so clocks need not agree. It bounds the wait for an answer to begin; a
stream that has begun may take its time.
"""

import math
import time
from contextvars import ContextVar
from typing import Final

HEADER: Final = "x-internal-timeout"

_LONGEST_S = 3600.0


class Deadline:
    """``lift`` once the answer has begun: what outlives the request then has all the time again."""

    __slots__ = ("_at",)

    def __init__(self, seconds: float) -> None:
        self._at: float | None = time.monotonic() + seconds

    def remaining(self) -> float | None:
        """Return the seconds left, below 0 when it is over; None once it is lifted."""
        return None if self._at is None else self._at - time.monotonic()

    def lift(self) -> None:
        """Take the bound away."""
        self._at = None


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def accepted(header: str | None) -> float | None:
    """Return the seconds that a caller says it waits; None when it does not say so in earnest."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 < seconds <= _LONGEST_S else None


def begin(seconds: float) -> Deadline:
    """Bound what the current task and the tasks it starts ask of others."""
    deadline = Deadline(seconds)
    _current.set(deadline)
    return deadline


def remaining() -> float | None:
    """Return the seconds left for the request that is worked on; None when nothing bounds it."""
    deadline = _current.get()
    return None if deadline is None else deadline.remaining()
