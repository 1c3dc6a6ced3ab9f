"""Counting what happened lately."""

from collections import deque


class RollingCount:
    """How many events fell into the last ``span_s`` seconds, kept in a few slots and not one by one."""

    def __init__(self, span_s: float, slots: int = 10) -> None:
        self._slot_s = span_s / slots
        self._slots = slots
        self._counts: deque[list[int]] = deque()
        self._total = 0

    def add(self, now: float) -> None:
        """Count one event at ``now`` (seconds of a monotonic clock)."""
        slot = int(now / self._slot_s)
        if not self._counts or self._counts[-1][0] != slot:
            self._counts.append([slot, 0])
            self._forget_before(now)
        self._counts[-1][1] += 1
        self._total += 1

    def total(self, now: float) -> int:
        """Return the number of events in the window that ends at ``now``."""
        self._forget_before(now)
        return self._total

    def _forget_before(self, now: float) -> None:
        oldest = int(now / self._slot_s) - self._slots
        while self._counts and self._counts[0][0] <= oldest:
            self._total -= self._counts.popleft()[1]

    def clear(self) -> None:
        """Forget everything."""
        self._counts.clear()
        self._total = 0
