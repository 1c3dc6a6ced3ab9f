"""Over which distances, in which sports and since when best efforts count."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

RUNNING = frozenset({"Run", "TrailRun", "VirtualRun"})
"""The sport types that are runs, as Strava names them."""


class Distance(StrEnum):
    M400 = "400m"
    M800 = "800m"
    KM1 = "1km"
    MILE = "1mi"
    KM5 = "5k"
    KM10 = "10k"
    HALF = "21.1k"
    MARATHON = "42.2k"
    KM50 = "50k"


METERS: Mapping[Distance, float] = {
    Distance.M400: 400.0,
    Distance.M800: 800.0,
    Distance.KM1: 1000.0,
    Distance.MILE: 1609.344,
    Distance.KM5: 5000.0,
    Distance.KM10: 10000.0,
    Distance.HALF: 21097.5,
    Distance.MARATHON: 42195.0,
    Distance.KM50: 50000.0,
}


class Window(StrEnum):
    """How far back ranks look."""

    ALL = "all"
    YEARS_2 = "2y"
    YEAR = "1y"
    MONTHS_3 = "3m"


_MONTHS: Mapping[Window, int] = {Window.YEARS_2: 24, Window.YEAR: 12, Window.MONTHS_3: 3}


def since(window: Window, now: datetime) -> datetime | None:
    """Start of the window that ends now: the same day of an earlier month, None for all time."""
    return _shifted(now, -_MONTHS[window]) if window in _MONTHS else None


def leaves(window: Window, moment: datetime) -> datetime | None:
    """When at the earliest a moment drops out of the window, None for all time."""
    return _shifted(moment, _MONTHS[window]) if window in _MONTHS else None


def _shifted(moment: datetime, months: int) -> datetime:
    """The same time of day months later; at the month's last day where the month is too short."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
