"""Which failed calls are tried again, when, and how many of them."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from common.http.window import RollingCount

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""RFC 9110 9.2.2, without TRACE."""

RETRYABLE_STATUSES = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most ``attempts`` in all; waits are random between 0 and ``base_s * 2**n``, capped at ``cap_s``."""

    attempts: int = 3
    base_s: float = 0.05
    cap_s: float = 1.0

    def backoff(self, attempt: int) -> float:
        """Seconds to wait after failed attempt number ``attempt`` (from 1), with full jitter."""
        return random.uniform(0, min(self.cap_s, self.base_s * 2 ** (attempt - 1)))  # noqa: S311 - spreading load, not a secret


class RetryBudget:
    """Retries may add ``ratio`` of the recent requests, so an ailing upstream is not drowned in them.

    Within any ``window_s`` seconds at most ``reserve + ratio * requests`` retries are granted; the
    reserve lets a service with little traffic retry at all.
    """

    def __init__(
        self,
        *,
        ratio: float = 0.2,
        reserve: int = 3,
        window_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ratio = ratio
        self._reserve = reserve
        self._clock = clock
        self._requests = RollingCount(window_s)
        self._retries = RollingCount(window_s)

    def record_request(self) -> None:
        """Count a first attempt."""
        self._requests.add(self._clock())

    def try_spend(self) -> bool:
        """Take one retry out of the budget; False when it is used up."""
        now = self._clock()
        if self._retries.total(now) >= self._reserve + self._ratio * self._requests.total(now):
            return False
        self._retries.add(now)
        return True


def parse_retry_after(value: str | None, *, now: datetime | None = None) -> float | None:
    """Seconds that a ``Retry-After`` header asks for, as a number or an HTTP date; None when garbled."""
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
