"""Strava's rate limits as its headers tell them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

_PAIR = 2


@dataclass(frozen=True, slots=True)
class Window:
    """Calls in the current quarter of an hour or the current UTC day: ``used`` of ``limit``."""

    limit: int
    used: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Quota:
    """Both windows of one kind of call."""

    quarter: Window
    day: Window

    @classmethod
    def parse(cls, limits: str | None, usage: str | None) -> Self | None:
        """Read ``"200,2000"`` and ``"14,203"``; None when either is missing or garbled (``","`` happens)."""
        limit, used = _pair(limits), _pair(usage)
        if limit is None or used is None:
            return None
        return cls(Window(limit[0], used[0]), Window(limit[1], used[1]))


@dataclass(frozen=True, slots=True)
class RateLimits:
    """``overall`` counts every call, ``read`` those that only read; None where a response said nothing."""

    overall: Quota | None = None
    read: Quota | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Self:
        """Read the four headers of a response; ``headers`` ignores case or is in lower case."""
        return cls(
            overall=Quota.parse(headers.get("x-ratelimit-limit"), headers.get("x-ratelimit-usage")),
            read=Quota.parse(headers.get("x-readratelimit-limit"), headers.get("x-readratelimit-usage")),
        )


def _pair(text: str | None) -> tuple[int, int] | None:
    parts = [part.strip() for part in (text or "").split(",")]
    if len(parts) != _PAIR or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    return int(parts[0]), int(parts[1])


@dataclass(frozen=True, slots=True)
class Windows:
    """How long Strava counts calls, in s: a quarter of an hour and a day.

    Both begin at whole multiples since 1970-01-01 00:00 UTC: on :00, :15, :30 and :45, and at midnight UTC.
    """

    quarter: int = 900
    day: int = 86_400

    def quarter_start(self, now: datetime) -> datetime:
        return _start(now, self.quarter)

    def day_start(self, now: datetime) -> datetime:
        return _start(now, self.day)

    def next_quarter(self, now: datetime) -> datetime:
        """When the limit of the quarter of an hour is reset."""
        return self.quarter_start(now) + timedelta(seconds=self.quarter)

    def next_day(self, now: datetime) -> datetime:
        """When the limit of the day is reset."""
        return self.day_start(now) + timedelta(seconds=self.day)

    @property
    def grace(self) -> timedelta:
        """To be waited after a reset, since two clocks never agree: 3 s of a quarter of an hour."""
        return timedelta(seconds=self.quarter / 300)


def _start(now: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
