"""Weeks become runs: on which days, how far, how fast, part by part."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from local.demo.season import FIVE, HALF, MARATHON, TEN, WEEKS, Week, race_intensity, threshold_speed, week

Kind = Literal["easy", "long", "intervals", "tempo", "race"]

SEED = 20_240_811
ZONE = ZoneInfo("Australia/Adelaide")
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
WARM, EASY, JOG = 0.74, 0.765, 0.66  # shares of the threshold speed
TEMPO, MARATHON_PACE = 0.985, 0.925
MISSED = 0.06
RACE_NAMES = {FIVE: "5 km", TEN: "10 km", HALF: "Half marathon", MARATHON: "Marathon"}
GPS_EXCESS = 1.004  # nobody runs the ideal line
# Repeats by phase: metres, share of the threshold speed, metres of jogging after each, at most so many.
REPEATS = {
    "base": ((200.0, 1.15, 200.0, 12), (400.0, 1.10, 300.0, 10), (600.0, 1.07, 300.0, 8)),
    "build": ((400.0, 1.11, 200.0, 14), (800.0, 1.07, 400.0, 8), (1000.0, 1.05, 400.0, 7)),
    "peak": ((1000.0, 1.05, 400.0, 7), (1200.0, 1.04, 400.0, 6), (1600.0, 1.03, 400.0, 5)),
    "taper": ((400.0, 1.10, 400.0, 6), (800.0, 1.05, 400.0, 4)),
}
HOURS = {"easy": (6, 15), "long": (7, 10), "intervals": (18, 5), "tempo": (17, 50), "race": (8, 30)}


@dataclass(frozen=True)
class Part:
    """A stretch at one effort: ``distance`` in m, ``intensity`` as a share of the threshold speed."""

    distance: float
    intensity: float


@dataclass(frozen=True)
class Session:
    """One run to be made: when, what kind, how fit the athlete is (m/s for an hour), its parts, its random seed.

    A ``missed`` one was to be run and was not.
    """

    start: dt.datetime
    kind: Kind
    name: str | None
    threshold: float
    parts: tuple[Part, ...]
    seed: tuple[int, ...]
    missed: bool = False

    @property
    def day(self) -> dt.date:
        """The athlete's local date."""
        return self.start.astimezone(ZONE).date()

    @property
    def distance(self) -> float:
        """Metres of all parts."""
        return sum(part.distance for part in self.parts)

    @property
    def file_name(self) -> str:
        """Name of its file, the same whenever it is made."""
        return f"{self.start:%Y-%m-%d}-{self.kind}.fit"


def sessions(end: dt.date, months: int) -> list[Session]:
    """All runs of the ``months`` before ``end``, which has none itself, oldest first.

    A run depends on ``end`` and its day alone: fewer months give the same runs, only fewer of them.
    """
    first = months_before(end, months)
    found = (one for number in range(WEEKS) for one in planned_in(monday_of(number, end), week(number)))
    return [one for one in found if first <= one.day < end and not one.missed]


def monday_of(number: int, end: dt.date) -> dt.date:
    """The first day of a week of the story, which ends in its last week (104) on the day before ``end``."""
    last = end - dt.timedelta(days=1)
    return last - dt.timedelta(days=last.weekday()) + dt.timedelta(weeks=number - WEEKS + 1)


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day so many months earlier, at most the 28th."""
    index = day.year * 12 + day.month - 1 - months
    return dt.date(index // 12, index % 12 + 1, min(day.day, 28))


def planned_in(monday: dt.date, plan: Week) -> Iterator[Session]:
    """All that is to be run in a week, also what is missed in the end."""
    if plan.phase == "away":
        return
    for weekday, kind, kilometres in _days(plan):
        seed = (SEED, plan.number, weekday)
        random = np.random.default_rng(seed)
        missed = kind == "easy" and bool(random.random() < MISSED)
        threshold = threshold_speed(plan.number + weekday / 7)
        parts = _parts(kind, kilometres, plan, threshold, random)
        hour, minute = HOURS[kind]
        jitter = 0 if kind == "race" else int(random.integers(-12, 20))
        local = dt.datetime.combine(monday + dt.timedelta(days=weekday), dt.time(hour, minute), ZONE)
        start = (local + dt.timedelta(minutes=jitter, seconds=int(random.integers(0, 60)))).astimezone(dt.UTC)
        yield Session(start, kind, _name(kind, parts, plan), threshold, parts, seed, missed)


def _days(plan: Week) -> Iterator[tuple[int, Kind, float]]:
    """(weekday, kind, km) in the order of the week."""
    count = 4 if plan.volume < 36 or plan.recovery else 5 if plan.volume < 60 else 6  # noqa: PLR2004 - km
    long = min(plan.longest, plan.volume * (0.46 if plan.marathon else 0.38))
    last: tuple[int, Kind, float] = (SUNDAY, "race", plan.race / 1000) if plan.race else (SUNDAY, "long", long)
    rest = plan.volume - (0.0 if plan.phase == "taper" and plan.race else last[2])
    # Tuesday and Thursday carry more than the easy days; all of them together what Sunday leaves.
    share = rest / (2 * 1.15 + count - 3) if count > 3 else 0.0  # noqa: PLR2004 - Tuesday, Thursday, Sunday
    quality = min(1.15 * share, 15.0)
    hard = plan.phase != "easy" and not (plan.recovery and plan.number % 2)
    easy_days = {4: (SATURDAY,), 5: (WEDNESDAY, SATURDAY), 6: (WEDNESDAY, FRIDAY, SATURDAY)}[count]
    yield TUESDAY, "intervals" if hard else "easy", max(quality, 4.0)
    for day in (WEDNESDAY, THURSDAY, FRIDAY, SATURDAY):
        if day == THURSDAY:
            yield THURSDAY, "tempo" if hard and not plan.race else "easy", max(quality, 4.0)
        elif day in easy_days:
            yield day, "easy", max(3.0, min(share, 14.0) * (0.6 if plan.race and day == SATURDAY else 1.0))
    yield last


def _parts(
    kind: Kind, kilometres: float, plan: Week, threshold: float, random: np.random.Generator
) -> tuple[Part, ...]:
    metres = 1000.0 * kilometres
    if kind == "race":
        return (Part(metres * GPS_EXCESS, race_intensity(metres, threshold)),)
    metres *= random.uniform(0.95, 1.05)
    if kind == "intervals":
        return _intervals(metres, plan, random)
    if kind == "tempo":
        return _tempo(metres, plan)
    if kind == "long" and plan.marathon and plan.phase in {"build", "peak"} and not plan.recovery:
        fast = 0.3 * metres
        return Part(metres - fast, EASY), Part(fast, MARATHON_PACE)
    return (Part(metres, EASY * random.uniform(0.97, 1.02)),)


def _intervals(metres: float, plan: Week, random: np.random.Generator) -> tuple[Part, ...]:
    options = REPEATS[plan.phase]
    distance, intensity, jog, most = options[int(random.integers(len(options)))]
    warm_up = 2000.0 if metres > 6000.0 else 1500.0  # noqa: PLR2004 - m
    count = int(np.clip((metres - warm_up - 1000.0) // (distance + jog), 3, most))
    repeats = [part for _ in range(count) for part in (Part(distance, intensity), Part(jog, JOG))]
    left = metres - warm_up - count * (distance + jog)
    return Part(warm_up, WARM), *repeats, Part(max(1000.0, left), WARM)


def _tempo(metres: float, plan: Week) -> tuple[Part, ...]:
    warm_up, cool_down = 2000.0 if metres > 6000.0 else 1200.0, 1200.0  # noqa: PLR2004 - m
    fast = float(np.clip(metres - warm_up - cool_down, 1500.0, 9000.0 if plan.marathon else 7000.0))
    intensity = TEMPO - 0.03 * (plan.phase == "base")
    return Part(warm_up, WARM), Part(fast, intensity), Part(max(cool_down, metres - warm_up - fast), WARM)


def _name(kind: Kind, parts: tuple[Part, ...], plan: Week) -> str | None:
    """What the athlete calls it; nobody gives every easy run a name."""
    if kind == "race" and plan.race:
        return f"{RACE_NAMES[plan.race]} race"
    if kind == "intervals":
        return f"Intervals {(len(parts) - 2) // 2} x {parts[1].distance:.0f} m"
    if kind == "tempo":
        return f"Tempo {parts[1].distance / 1000:.1f} km"
    if kind == "long":
        return "Long run, end at marathon pace" if len(parts) > 1 else "Long run"
    return None
