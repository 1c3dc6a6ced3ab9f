"""The limits that all workers share through Redis; without Redis each process goes by what it has seen itself.

A call is admitted before it is made and settled when its fate is known. What is on its way counts as used, so that
however many workers ask at once the last place of a window is given away once. It counts in the window after as well:
Strava counts it where it arrives, which may be after the reset.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from prometheus_client import Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from strava.remote.errors import RateLimited
from strava.remote.limits import Quota, RateLimits, Window, Windows

RATE_LIMIT_LEFT = Gauge("strava_rate_limit_left", "Calls left in Strava's current window", ["kind", "window"])

RESERVE = 0.25
"""Share of a window that is kept for webhooks and people."""

KINDS = ("overall", "read")
DEFAULTS = {"overall": (200, 2_000), "read": (100, 1_000)}
"""Calls in a quarter and in a day that Strava allows a new application; every answer tells the application's own."""

_FAILURES = (RedisError, OSError, TimeoutError)
# KEYS are windows, then as many that come after them; ARGV the share to leave, then limit (where none is known) and
# end of each. Gives the places of the windows that are full; when none is, the call is on its way in all of them.
_ADMIT = """
local full = {}
for i = 1, #KEYS / 2 do
    local key = KEYS[i]
    local known = redis.call('HMGET', key, 'limit', 'used', 'pending', 'lost')
    local limit = tonumber(known[1] or ARGV[2 * i])
    local taken = tonumber(known[2] or '0') + tonumber(known[3] or '0') + tonumber(known[4] or '0')
    if limit - taken <= math.floor(limit * tonumber(ARGV[1])) then full[#full + 1] = i end
end
if #full == 0 then
    for i, key in ipairs(KEYS) do
        redis.call('HINCRBY', key, 'pending', 1)
        redis.call('EXPIREAT', key, ARGV[2 * i + 1])
    end
end
return full
"""
# Answers overtake each other: inside one window usage only grows. KEYS are windows; ARGV how many calls came back,
# then of each window limit and usage as the answer told (-1: it did not), its end, and calls of unknown fate.
_SETTLE = """
for i, key in ipairs(KEYS) do
    local limit, used, ends, lost = ARGV[4 * i - 2], tonumber(ARGV[4 * i - 1]), ARGV[4 * i], ARGV[4 * i + 1]
    local pending = tonumber(redis.call('HGET', key, 'pending') or '0')
    redis.call('HSET', key, 'pending', math.max(0, pending - tonumber(ARGV[1])))
    if used >= 0 then
        if used >= tonumber(redis.call('HGET', key, 'used') or '-1') then
            redis.call('HSET', key, 'limit', limit, 'used', used)
        end
        redis.call('HSET', key, 'lost', 0)
    else
        redis.call('HINCRBY', key, 'lost', lost)
    end
    redis.call('EXPIREAT', key, ends)
end
return redis.status_reply('OK')
"""


@dataclass(frozen=True, slots=True)
class _Place:
    """A window in time: its key, when it is reset, and the limit that holds until one is told."""

    key: str
    kind: str
    length: str
    ends: datetime
    limit: int


class _Fate(NamedTuple):
    """What became of a call in one window: what its answer told, else whether it may have been counted there."""

    place: _Place
    told: Window | None
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Admission:
    """Leave to make one call; give it back to ``settle``."""

    began: datetime
    _places: tuple[_Place, ...]


class SharedQuota:
    """Learns from every answer, and says before every call whether it may be made."""

    def __init__(
        self,
        redis: Redis,
        *,
        windows: Windows | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._redis = redis
        self.windows = windows or Windows()
        self._clock = clock
        self._seen: dict[str, Window] = {}
        self._pending: Counter[str] = Counter()
        self._limits = {kind: DEFAULTS[kind] for kind in KINDS}

    def _places(self, now: datetime, kinds: Iterable[str] = KINDS) -> list[_Place]:
        """Quarter and day of each kind."""
        quarter, day = self.windows.quarter_start(now), self.windows.day_start(now)
        return [
            place
            for kind in kinds
            for place in (
                self._place(kind, "quarter", quarter, self._limits[kind][0]),
                self._place(kind, "day", day, self._limits[kind][1]),
            )
        ]

    def _place(self, kind: str, length: str, start: datetime, limit: int) -> _Place:
        key = f"strava:limits:{kind}:{length}:{start:%Y%m%d%H%M%S}"
        return _Place(key, kind, length, start + timedelta(seconds=getattr(self.windows, length)), limit)

    def _after(self, places: Iterable[_Place]) -> list[_Place]:
        """The windows after."""
        return [self._place(place.kind, place.length, place.ends, place.limit) for place in places]

    async def admit(self, *, urgent: bool, reading: bool = True) -> Admission:
        """Let a call pass, or raise ``RateLimited``; what writes counts for the overall limit only.

        What is not urgent leaves the reserve to what is.
        """
        now = self._clock()
        places = self._places(now, KINDS if reading else KINDS[:1])
        share = 0.0 if urgent else RESERVE
        full = await self._take(places, share)
        if full:
            raise RateLimited(max(place.ends for place in full))
        self._pending.update(place.key for place in (*places, *self._after(places)))
        return Admission(now, tuple(places))

    async def _take(self, places: Sequence[_Place], share: float) -> list[_Place]:
        """Count a call as on its way, unless windows are full: return those."""
        counted = [*places, *self._after(places)]
        arguments = [share, *(each for place in counted for each in (place.limit, int(place.ends.timestamp())))]
        try:
            full = await self._run(_ADMIT, [place.key for place in counted], arguments)
        except _FAILURES:
            return [place for place in places if self._is_full(place, share)]
        return [places[number - 1] for number in full]

    def _is_full(self, place: _Place, share: float) -> bool:
        known = self._seen.get(place.key, Window(place.limit, 0))
        return known.left - self._pending[place.key] <= int(known.limit * share)

    async def settle(self, admission: Admission, headers: Mapping[str, str] | None, *, reached: bool = True) -> None:
        """Take over what the answer's headers say, for the windows in which its call began.

        An answer that crosses a reset may still speak of the window before; taken for the new one it would close it.
        Without an answer (None) a call that may have ``reached`` Strava counts until the next answer tells better.
        """
        told = self._told(headers or {}, admission.began)
        places, now = admission._places, self._clock()  # noqa: SLF001 - made in this module
        fates = [_Fate(place, told.get(place.key), int(reached)) for place in places]
        for place, after in zip(places, self._after(places), strict=True):
            fates.append(_Fate(after, None, int(reached and now >= place.ends)))
        await self._write(fates, returned=1)

    async def learn(self, headers: Mapping[str, str], began: datetime) -> None:
        """Take over what the headers of an answer say whose call took no admission."""
        told = self._told(headers, began)
        places = self._places(began)
        await self._write([_Fate(place, told[place.key]) for place in places if place.key in told], returned=0)

    def _told(self, headers: Mapping[str, str], began: datetime) -> dict[str, Window]:
        """Windows by key."""
        limits = RateLimits.from_headers(headers)
        found: dict[str, Window] = {}
        for kind, quota in (("overall", limits.overall), ("read", limits.read)):
            if quota is None:
                continue
            self._limits[kind] = (quota.quarter.limit, quota.day.limit)
            for place, window in zip(self._places(began, [kind]), (quota.quarter, quota.day), strict=True):
                RATE_LIMIT_LEFT.labels(kind, place.length).set(window.left)
                found[place.key] = window
        return found

    async def exceeded(self, headers: Mapping[str, str], began: datetime | None = None) -> RateLimited:
        """Learn from a 429 and return what ends it; without headers the next quarter of an hour does."""
        now = began or self._clock()
        await self.learn(headers, now)
        limits = RateLimits.from_headers(headers)
        if any(quota.day.left == 0 for quota in (limits.overall, limits.read) if quota is not None):
            return RateLimited(self.windows.next_day(now))
        place = self._places(now, ["overall"])[0]
        [known] = await self._known([place])
        limit = max(1, known.limit if known else place.limit)
        await self._write([_Fate(place, Window(limit, limit))], returned=0)  # whatever the headers said
        return RateLimited(place.ends)

    async def state(self) -> RateLimits:
        """What is known of the current windows."""
        found = await self._known(self._places(self._clock()))
        return RateLimits(overall=_quota(found[0], found[1]), read=_quota(found[2], found[3]))

    async def _write(self, fates: Sequence[_Fate], *, returned: int) -> None:
        if not fates:
            return
        current = self._places(self._clock())
        kept = {place.key for place in (*current, *self._after(current))}
        self._seen = {key: window for key, window in self._seen.items() if key in kept}
        self._pending = Counter({key: count for key, count in self._pending.items() if key in kept and count > 0})
        arguments: list[Any] = [returned]
        for place, window, lost in fates:
            self._pending[place.key] -= returned
            self._see(place, window, lost)
            limit, used = (window.limit, window.used) if window else (0, -1)
            arguments += [limit, used, int(place.ends.timestamp()), lost]
        with suppress(*_FAILURES):
            await self._run(_SETTLE, [fate.place.key for fate in fates], arguments)

    def _see(self, place: _Place, window: Window | None, lost: int) -> None:
        """Keep for the time without Redis."""
        known = self._seen.get(place.key, Window(place.limit, 0))
        now = window or Window(known.limit, known.used + lost)
        if now.used >= known.used:
            self._seen[place.key] = now

    async def _run(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        called = self._redis.eval(script, len(keys), *keys, *map(str, arguments))
        return await cast("Awaitable[Any]", called)

    async def _known(self, places: Sequence[_Place]) -> list[Window | None]:
        """What Strava told of the windows, in one round trip."""
        pipeline = self._redis.pipeline(transaction=False)
        for place in places:
            pipeline.hmget(place.key, ["limit", "used"])
        try:
            found: list[list[bytes | None]] = await pipeline.execute()
        except _FAILURES:
            return [self._seen.get(place.key) for place in places]
        return [Window(int(limit), int(used)) if limit and used else None for limit, used in found]


def _quota(quarter: Window | None, day: Window | None) -> Quota | None:
    return Quota(quarter, day) if quarter is not None and day is not None else None
