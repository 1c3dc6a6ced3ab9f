"""Strava's rate limits as its headers tell them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

QUARTER = timedelta(minutes=15)
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


def quarter_start(now: datetime) -> datetime:
    """The last :00, :15, :30 or :45, UTC."""
    now = now.astimezone(UTC)
    return now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)


def day_start(now: datetime) -> datetime:
    """The last midnight, UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def next_quarter(now: datetime) -> datetime:
    """When the limit of the quarter of an hour is reset."""
    return quarter_start(now) + QUARTER


def next_day(now: datetime) -> datetime:
    """When the limit of the day is reset."""
    return day_start(now) + timedelta(days=1)
