"""The story of the athlete: four build-ups of two years, what each week is for, and how fit the athlete is in it.

A fifth build-up is planned for the time after.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Phase = Literal["base", "build", "peak", "taper", "easy", "away"]

WEEKS = 105
FIVE, TEN, HALF, MARATHON = 5_000.0, 10_000.0, 21_097.5, 42_195.0  # m
INJURY = range(50, 53)
RETURN = range(53, 57)
REST_WEEK = 4
RECOVERY_SHARE = 0.72
TUNE_UP_SHARE = 0.85
TAPER_SHARES = (0.35, 0.6, 0.8)  # of the peak week, by weeks until the race; the race itself comes on top
TRANSITION_SHARE = 0.6
# Threshold speed in m/s by week: what the athlete could run for an hour.
FITNESS_WEEKS = (0, 21, 24, 47, 50, 53, 60, 78, 81, 102, 104)
FITNESS_SPEEDS = (3.36, 3.50, 3.46, 3.64, 3.60, 3.42, 3.53, 3.73, 3.69, 3.87, 3.83)
FATIGUE_EXPONENT = 0.06  # Riegel 1981: T2 = T1 (D2 / D1)^1.06
HOUR = 3_600.0


@dataclass(frozen=True)
class Cycle:
    """A build-up from one week to a race; ``start`` and ``peak`` are km a week, ``longest`` km of one run."""

    first: int
    last: int
    start: float
    peak: float
    longest: float
    races: dict[int, float]

    @property
    def race(self) -> float:
        """Metres of the race it leads to."""
        return self.races[self.last]


@dataclass(frozen=True)
class Week:
    """What one week is to be: ``volume`` in km without a race, ``longest`` in km, ``race`` in m."""

    number: int
    phase: Phase
    volume: float
    longest: float
    recovery: bool = False
    race: float | None = None
    marathon: bool = False


CYCLES = (
    Cycle(0, 21, 25.0, 43.0, 16.0, {16: FIVE, 21: TEN}),
    Cycle(24, 47, 34.0, 53.0, 21.0, {42: TEN, 47: HALF}),
    Cycle(53, 78, 17.0, 52.0, 18.0, {74: FIVE, 78: TEN}),
    Cycle(81, 102, 40.0, 72.0, 32.0, {97: HALF, 102: MARATHON}),
)
MARATHON_BUILD_UP = CYCLES[-1]
NEXT_WEEKS = 10


def next_cycle(first: int) -> Cycle:
    """The build-up after the story, to a 10 km race in its tenth week."""
    last = first + NEXT_WEEKS - 1
    return Cycle(first, last, 40.0, 56.0, 18.0, {last: TEN})


def week(number: int) -> Week:
    """The week of this number, 0 to 104; weeks between two build-ups are easy, three are lost to an injury."""
    if number in INJURY:
        return Week(number, "away", 0.0, 0.0)
    cycle = next((each for each in CYCLES if each.first <= number <= each.last), None)
    if cycle is None:
        before = max((each for each in CYCLES if each.last < number), key=lambda each: each.last)
        return Week(number, "easy", TRANSITION_SHARE * before.peak, 0.5 * before.longest, recovery=True)
    return week_of(cycle, number)


def threshold_speed(weeks: float) -> float:
    """Speed in m/s that the athlete holds for an hour, so many weeks after the beginning."""
    return float(np.interp(weeks, FITNESS_WEEKS, FITNESS_SPEEDS))


def race_intensity(metres: float, threshold: float) -> float:
    """Speed over a race as a share of the threshold speed (Riegel 1981, doi 10.1511/1981.07)."""
    return float((threshold * HOUR / metres) ** FATIGUE_EXPONENT)


def week_of(cycle: Cycle, number: int) -> Week:
    """The week of this number within a build-up."""
    left = cycle.last - number
    taper = len(TAPER_SHARES) if cycle.race == MARATHON else len(TAPER_SHARES) - 1
    race = cycle.races.get(number)
    recovery = (number - cycle.first) % REST_WEEK == REST_WEEK - 1 and left >= taper
    progress = min(1.0, (number - cycle.first) / (cycle.last - cycle.first - taper))
    volume = cycle.start + (cycle.peak - cycle.start) * progress
    if left < taper:
        volume = cycle.peak * TAPER_SHARES[left]
    elif recovery:
        volume *= RECOVERY_SHARE
    elif race:
        volume *= TUNE_UP_SHARE
    longest = max(6.0, cycle.longest * min(1.0, 0.4 + 0.65 * progress))
    if recovery or left < taper:
        longest *= 0.7
    return Week(
        number,
        phase=_phase(progress, tapering=left < taper, returning=number in RETURN),
        volume=volume,
        longest=longest,
        recovery=recovery,
        race=race,
        marathon=cycle.race == MARATHON,
    )


def _phase(progress: float, *, tapering: bool, returning: bool) -> Phase:
    if returning:
        return "easy"
    if tapering:
        return "taper"
    if progress < 0.4:  # noqa: PLR2004 - share of the build-up
        return "base"
    return "build" if progress < 0.75 else "peak"  # noqa: PLR2004 - share of the build-up
