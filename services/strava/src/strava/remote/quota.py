"""The limits that all workers share through Redis; without Redis each process goes by what it has seen itself."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from prometheus_client import Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from strava.remote.errors import RateLimited
from strava.remote.limits import Quota, RateLimits, Window, day_start, next_day, next_quarter, quarter_start

RATE_LIMIT_LEFT = Gauge("strava_rate_limit_left", "Calls left in Strava's current window", ["kind", "window"])

RESERVE = 0.25
"""Share of a window that is kept for webhooks and people."""

KINDS = ("overall", "read")
_FAILURES = (RedisError, OSError, TimeoutError)
# Answers overtake each other: inside one window usage only grows. KEYS are windows, ARGV limit, usage and end of each.
_RAISE_TO = """
for i, key in ipairs(KEYS) do
    local limit, used, ends = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
    local known = tonumber(redis.call('HGET', key, 'used') or '-1')
    if tonumber(used) >= known then redis.call('HSET', key, 'limit', limit, 'used', used) end
    redis.call('EXPIREAT', key, ends)
end
return redis.status_reply('OK')
"""


@dataclass(frozen=True, slots=True)
class _Place:
    """A window in time: its key, and when it is reset."""

    key: str
    ends: datetime


def _quarter(kind: str, now: datetime) -> _Place:
    return _Place(f"strava:limits:{kind}:quarter:{quarter_start(now):%Y%m%d%H%M}", next_quarter(now))


def _day(kind: str, now: datetime) -> _Place:
    return _Place(f"strava:limits:{kind}:day:{day_start(now):%Y%m%d}", next_day(now))


def _places(now: datetime) -> list[_Place]:
    """Quarter and day of each kind, in the order of ``KINDS``."""
    return [place(kind, now) for kind in KINDS for place in (_quarter, _day)]


class SharedQuota:
    """Learns from every answer, and says before every call whether it may be made."""

    def __init__(self, redis: Redis, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._redis = redis
        self._clock = clock
        self._seen: dict[str, Window] = {}

    async def admit(self, *, urgent: bool) -> datetime:
        """Let a read pass and return its moment, or raise ``RateLimited``.

        What is not urgent leaves the reserve to what is.
        """
        now = self._clock()
        places = _places(now)
        closed = [
            place.ends
            for place, window in zip(places, await self._known(places), strict=True)
            if window is not None and window.left <= (0 if urgent else int(window.limit * RESERVE))
        ]
        if closed:
            raise RateLimited(max(closed))
        return now

    async def learn(self, headers: Mapping[str, str], began: datetime) -> None:
        """Take over what the headers of an answer say, for the windows in which its call began.

        An answer that crosses a reset may still speak of the window before; taken for the new one it would close it.
        """
        limits = RateLimits.from_headers(headers)
        told: dict[_Place, Window] = {}
        for kind, quota in (("overall", limits.overall), ("read", limits.read)):
            if quota is not None:
                RATE_LIMIT_LEFT.labels(kind, "quarter").set(quota.quarter.left)
                RATE_LIMIT_LEFT.labels(kind, "day").set(quota.day.left)
                told |= {_quarter(kind, began): quota.quarter, _day(kind, began): quota.day}
        await self._raise_to(told)

    async def exceeded(self, headers: Mapping[str, str], began: datetime | None = None) -> RateLimited:
        """Learn from a 429 and return what ends it; without headers the next quarter of an hour does."""
        now = began or self._clock()
        await self.learn(headers, now)
        limits = RateLimits.from_headers(headers)
        if any(quota.day.left == 0 for quota in (limits.overall, limits.read) if quota is not None):
            return RateLimited(next_day(now))
        place = _quarter("overall", now)
        [known] = await self._known([place])
        limit = max(1, known.limit if known else 1)
        await self._raise_to({place: Window(limit, limit)})  # whatever the headers said
        return RateLimited(place.ends)

    async def state(self) -> RateLimits:
        """What is known of the current windows."""
        found = await self._known(_places(self._clock()))
        return RateLimits(overall=_quota(found[0], found[1]), read=_quota(found[2], found[3]))

    async def _raise_to(self, told: Mapping[_Place, Window]) -> None:
        if not told:
            return
        current = {place.key for place in _places(self._clock())}
        self._seen = {key: window for key, window in self._seen.items() if key in current}
        for place, window in told.items():
            known = self._seen.get(place.key)
            if known is None or window.used >= known.used:
                self._seen[place.key] = window
        keys = [place.key for place in told]
        numbers = [(w.limit, w.used, int(place.ends.timestamp())) for place, w in told.items()]
        with suppress(*_FAILURES):
            arguments = [str(number) for each in numbers for number in each]
            await cast("Awaitable[str]", self._redis.eval(_RAISE_TO, len(keys), *keys, *arguments))

    async def _known(self, places: Sequence[_Place]) -> list[Window | None]:
        """What is known of the windows, in one round trip."""
        pipeline = self._redis.pipeline(transaction=False)
        for place in places:
            pipeline.hgetall(place.key)
        try:
            found: list[dict[bytes, bytes]] = await pipeline.execute()
        except _FAILURES:
            return [self._seen.get(place.key) for place in places]
        return [Window(int(each[b"limit"]), int(each[b"used"])) if each else None for each in found]


def _quota(quarter: Window | None, day: Window | None) -> Quota | None:
    return Quota(quarter, day) if quarter is not None and day is not None else None
