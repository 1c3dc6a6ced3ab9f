"""Figures and steps as a runner says them."""

import datetime as dt
from enum import StrEnum

from contracts.trainer.api import Step, StepEnd, StepTarget

NBSP = "\u00a0"
TIMES = "\u00d7"
MILE = 1609.344
_KILOMETRE = 1000.0
_TRACK = 2000.0  # m; up to here runners speak of metres: 400 m, 1200 m
_MINUTE, _HOUR = 60, 3600
_LONGEST_IN_SECONDS = 90
_LABELS = {"warmup": "warm up", "cooldown": "cool down", "recovery": "recovery", "rest": "rest", "work": ""}


class Units(StrEnum):
    METRIC = "metric"
    IMPERIAL = "imperial"

    @property
    def long(self) -> str:
        """The unit of road distances."""
        return "mi" if self is Units.IMPERIAL else "km"

    @property
    def length(self) -> float:
        """Metres of that unit."""
        return MILE if self is Units.IMPERIAL else _KILOMETRE


def total(metres: float, units: Units) -> str:
    """A planned or summed distance: ``12.5 km``."""
    value = metres / units.length
    return f"{value:,.0f}{NBSP}{units.long}" if value >= 100 else f"{_trimmed(value, 1)}{NBSP}{units.long}"  # noqa: PLR2004 - three digits say enough


def distance(metres: float, units: Units) -> str:
    """The distance of a step. What is run on a track is in metres in either system."""
    on_track = metres < _TRACK and metres != _KILOMETRE and (units is Units.METRIC or metres % 100 == 0)
    if on_track:
        return f"{metres:.0f}{NBSP}m"
    return f"{_trimmed(metres / units.length, 2)}{NBSP}{units.long}"


def duration(seconds: float) -> str:
    """``90 s``, ``10 min``, ``7:30 min``, ``1 h 05 min``."""
    whole = round(seconds)
    if whole <= _LONGEST_IN_SECONDS and whole % _MINUTE:
        return f"{whole}{NBSP}s"
    hours, rest = divmod(whole, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    if hours:
        return f"{hours}{NBSP}h" if not minutes else f"{hours}{NBSP}h{NBSP}{minutes:02}{NBSP}min"
    return f"{minutes}:{left:02}{NBSP}min" if left else f"{minutes}{NBSP}min"


def planned_time(seconds: float) -> str:
    """A planned or summed time, to the minute: ``53 min``, ``4 h 05 min``."""
    return duration(max(round(seconds / _MINUTE), 1) * _MINUTE)


def clock(seconds: float) -> str:
    """A time to aim for: ``3:29:59`` or ``39:59``."""
    minutes, left = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def pace(seconds: float, units: Units) -> str:
    """A pace given in s/km: ``4:10``."""
    return clock(seconds * units.length / _KILOMETRE)


def steps(given: list[Step], units: Units) -> list[str]:
    """The steps of a workout, one text for each on the first level."""
    return [_capital(_step(step, units)) for step in given]


def day(date: dt.date) -> str:
    """``4 May``."""
    return f"{date.day}{NBSP}{_MONTHS[date.month - 1]}"


def full_day(date: dt.date) -> str:
    """``4 May 2026``."""
    return f"{day(date)}{NBSP}{date.year}"


def days(first: dt.date, last: dt.date) -> str:
    """``27 April - 3 May 2026``, with an en dash, and what both have in common said once."""
    if first == last:
        return full_day(first)
    start = full_day(first)
    if first.year == last.year:
        start = str(first.day) if first.month == last.month else day(first)
    return f"{start} \u2013 {full_day(last)}"


# Not by the process's locale: a document is in one language.
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _step(step: Step, units: Units) -> str:
    if step.steps is not None and step.repeat is not None:
        words = _group(step.repeat, [_step(each, units) for each in step.steps])
        if step.name:
            words = f"{step.name}: {words}"
    else:
        words = _part(step, units)
    return f"{words} at {_target(step.target, units)}" if step.target else words


def _group(repeat: int, parts: list[str]) -> str:
    inner = ", ".join(parts)
    if repeat == 1:
        return inner
    times = f"{repeat}{NBSP}{TIMES}{NBSP}"
    return f"{times}{inner}" if len(parts) == 1 and TIMES not in inner else f"{times}({inner})"


def _part(step: Step, units: Units) -> str:
    label = step.name or _LABELS[step.kind]
    amount = _amount(step.end, units)
    if not label:
        return amount or "run as long as you like"
    if not amount:
        return label
    return f"{amount} {label}" if step.kind in {"recovery", "rest"} else f"{label} {amount}"


def _amount(end: StepEnd | None, units: Units) -> str:
    if end is None:
        return ""
    if end.distance is not None:
        return distance(end.distance, units)
    return duration(end.duration or 0)


def _target(target: StepTarget, units: Units) -> str:
    if target.pace is not None:
        fast, slow = (pace(each, units) for each in target.pace)
        return f"{_range(fast, slow)}{NBSP}/{units.long}"
    if target.heartrate is not None:
        return f"{_range(*(f'{each:.0f}' for each in target.heartrate))}{NBSP}bpm"
    low, high = target.rpe or (1.0, 10.0)
    return f"effort{NBSP}{_range(f'{low:g}', f'{high:g}')}{NBSP}of{NBSP}10"


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low}\u2013{high}"


def _trimmed(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
