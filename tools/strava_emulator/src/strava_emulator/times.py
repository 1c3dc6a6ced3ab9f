"""Times as Strava writes them."""

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local(epoch: int, zone: str) -> dt.datetime:
    """The moment on the clock of a zone."""
    return dt.datetime.fromtimestamp(epoch, _zone(zone))


def utc_text(epoch: float) -> str:
    """``2026-11-20T07:00:00Z``."""
    return dt.datetime.fromtimestamp(int(epoch), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_text(epoch: int, zone: str) -> str:
    """Local time with a Z behind it that is not true, as Strava has it."""
    return local(epoch, zone).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_local(text: str, zone: str) -> int:
    """Epoch seconds of a local time; an offset or Z in it is ignored. Raises ``ValueError``."""
    naive = dt.datetime.fromisoformat(text).replace(tzinfo=None)
    if not 1970 < naive.year < 2100:  # noqa: PLR2004 - zones say nothing useful beyond
        raise ValueError(f"not a year to train in: {naive.year}")
    return int(naive.replace(tzinfo=_zone(zone)).timestamp())


def zone_text(epoch: int, zone: str) -> str:
    """``(GMT-05:00) America/New_York``: the standard offset, whatever the season."""
    moment = local(epoch, zone)
    standard = (moment.utcoffset() or dt.timedelta()) - (moment.dst() or dt.timedelta())
    minutes = int(standard.total_seconds()) // 60
    return f"(GMT{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}) {zone}"


def offset(epoch: int, zone: str) -> float:
    """Seconds that the zone is ahead of UTC at that moment."""
    return (local(epoch, zone).utcoffset() or dt.timedelta()).total_seconds()
