"""A circuit breaker without I/O: it counts outcomes and says whether the next call may be made."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from common.http.window import RollingCount


class BreakerState(IntEnum):
    """The value is what the gauge shows."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When to open and for how long. All times in seconds.

    Open after ``consecutive_failures`` in a row; or when ``failure_ratio`` of at least ``minimum_calls``
    within ``window_s`` failed; or when calls have only failed for ``silence_s``. The last one is for an
    upstream that hangs: with a timeout of 2 s two calls in sequence are enough, so it opens within 5 s
    however little traffic there is.
    """

    consecutive_failures: int = 5
    failure_ratio: float = 0.5
    minimum_calls: int = 20
    window_s: float = 10.0
    silence_s: float = 3.5
    cool_down_s: float = 3.0


EAGER = BreakerPolicy(cool_down_s=0.1)
"""For what nobody is let in without: who starts beside auth must not wait for a breaker that saw it come up."""


@dataclass(slots=True)
class _Streak:
    """Failures with no success between them."""

    count: int = 0
    since: float = 0.0
    last: float = 0.0


class Permit:
    """Leave to make one call; tell it exactly one outcome."""

    __slots__ = ("_breaker", "generation", "started")

    def __init__(self, breaker: "Breaker", generation: int, started: float) -> None:
        self._breaker = breaker
        self.generation = generation
        self.started = started

    def succeeded(self) -> None:
        """Report that the upstream answered, whatever it thought of the request."""
        self._breaker.record_success(self)

    def failed(self) -> None:
        """Report that the upstream did not answer or said that it cannot."""
        self._breaker.record_failure(self)

    def abandoned(self) -> None:
        """Report that the caller gave up before anything could be learned."""
        self._breaker.record_abandoned(self)


def _ignore_change(_state: BreakerState) -> None:
    """Stand in when nobody watches."""


class Breaker:
    """Closed -> open -> half-open -> closed, for one upstream.

    For one event loop: it is not meant to be shared by threads. ``clock`` counts seconds and never
    goes back. ``on_change`` is told each new state.
    """

    def __init__(
        self,
        policy: BreakerPolicy | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[BreakerState], None] = _ignore_change,
    ) -> None:
        self._policy = policy or BreakerPolicy()
        self._clock = clock
        self._on_change = on_change
        self._state = BreakerState.CLOSED
        self._generation = 0
        self._retry_at = 0.0
        self._streak = _Streak()
        self._calls = RollingCount(self._policy.window_s)
        self._failures = RollingCount(self._policy.window_s)

    @property
    def state(self) -> BreakerState:
        """The state as of the last call; an open breaker turns half-open when the next call comes."""
        return self._state

    @property
    def retry_after_s(self) -> float:
        """Seconds until a call may be tried again; 0 when closed."""
        if self._state is BreakerState.CLOSED:
            return 0.0
        return max(0.0, self._retry_at - self._clock())

    def watch(self, on_change: Callable[[BreakerState], None]) -> None:
        """Have ``on_change`` told every new state from now on, and the present one at once."""
        self._on_change = on_change
        on_change(self._state)

    def try_acquire(self) -> Permit | None:
        """Return leave for one call, or None while the upstream is left alone."""
        now = self._clock()
        if self._state is not BreakerState.CLOSED:
            if now < self._retry_at:
                return None
            self._enter(BreakerState.HALF_OPEN)
            # One probe at a time. Should its outcome never be told, the next may go after a cool-down.
            self._retry_at = now + self._policy.cool_down_s
        return Permit(self, self._generation, now)

    def trip(self) -> None:
        """Open at once: the upstream says of itself that it cannot serve. Calls under way no longer count."""
        self._open(self._clock())

    def record_success(self, permit: Permit) -> None:
        """Use ``Permit.succeeded``."""
        if permit.generation != self._generation:
            return
        if self._state is BreakerState.HALF_OPEN:
            self._close()
        if self._streak.count:
            self._streak = _Streak()
        self._calls.add(self._clock())

    def record_failure(self, permit: Permit) -> None:
        """Use ``Permit.failed``."""
        if permit.generation != self._generation:
            return
        now = self._clock()
        self._calls.add(now)
        self._failures.add(now)
        self._lengthen_streak(permit.started, now)
        if self._state is BreakerState.HALF_OPEN or self._has_had_enough(now):
            self._open(now)

    def record_abandoned(self, permit: Permit) -> None:
        """Use ``Permit.abandoned``. The next probe may go at once, as this one found nothing out."""
        if permit.generation == self._generation and self._state is BreakerState.HALF_OPEN:
            self._retry_at = self._clock()

    def _lengthen_streak(self, started: float, now: float) -> None:
        streak = self._streak
        if streak.count == 0 or now - streak.last > self._policy.window_s:
            self._streak = streak = _Streak(since=started)
        streak.count += 1
        streak.since = min(streak.since, started)
        streak.last = now

    def _has_had_enough(self, now: float) -> bool:
        policy, streak = self._policy, self._streak
        if streak.count >= policy.consecutive_failures:
            return True
        if streak.count > 1 and now - streak.since >= policy.silence_s:
            return True
        calls = self._calls.total(now)
        return calls >= policy.minimum_calls and self._failures.total(now) >= policy.failure_ratio * calls

    def _open(self, now: float) -> None:
        self._retry_at = now + self._policy.cool_down_s
        self._enter(BreakerState.OPEN)

    def _close(self) -> None:
        self._calls.clear()
        self._failures.clear()
        self._enter(BreakerState.CLOSED)

    def _enter(self, state: BreakerState) -> None:
        # Calls that began before belong to an older generation: their late outcomes say nothing about now.
        self._generation += 1
        if state is not self._state:
            self._state = state
            self._on_change(state)
