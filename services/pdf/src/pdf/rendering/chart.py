"""Where the parts of the season's chart stand: one bar a week, or a few weeks, below the bands of the phases."""

import datetime as dt
import math
from dataclasses import dataclass

from contracts.trainer.api import Phase
from pdf.rendering import words
from pdf.rendering.season import DAYS, Season
from pdf.rendering.words import Units

WIDTH, HEIGHT = 180.0, 45.0  # mm, as on the page
_LEFT, _RIGHT = 11.0, 180.0
_TOP, _BOTTOM = 6.0, 39.0
_MOST_BARS = 60
_LABELLED_BARS = 26
_FEWEST_SLOTS = 8  # so that one week is no wall
_DIGIT = 1.6  # mm of a digit below the bars
_NARROWEST_BAND = 3.0  # mm; no letter fits into less than its margins
_LINES = 4


@dataclass(frozen=True)
class Bar:
    """One bar; ``longest`` is the height of the longest workout in it."""

    x: float
    y: float
    width: float
    height: float
    longest: float
    value: str
    label: str


@dataclass(frozen=True)
class Band:
    x: float
    width: float
    name: str
    dark: bool


@dataclass(frozen=True)
class Line:
    y: float
    label: str


@dataclass(frozen=True)
class Chart:
    """Coordinates in mm from the upper left corner; ``goal`` is where the race stands, None outside of the season."""

    bars: list[Bar]
    bands: list[Band]
    lines: list[Line]
    goal: float | None
    weeks_per_bar: int
    width: float = WIDTH
    height: float = HEIGHT
    left: float = _LEFT
    right: float = _RIGHT
    bottom: float = _BOTTOM


@dataclass(frozen=True)
class _Scale:
    season: Season
    slots: int

    def x(self, ordinal: int) -> float:
        """Where a day begins."""
        week = (ordinal - self.season.first_monday) / DAYS
        return _LEFT + (_RIGHT - _LEFT) * min(max(week / self.slots, 0.0), 1.0)


def draw(season: Season, units: Units) -> Chart | None:
    """Lay out the chart; None where no workout has a distance."""
    together = math.ceil(season.week_count / _MOST_BARS)
    slots = max(math.ceil(season.week_count / together), _FEWEST_SLOTS) * together
    sums, longest = _sums(season, together)
    most = max(sums.values(), default=0.0)
    if not most:
        return None
    scale = _Scale(season, slots)
    lines, ceiling = _lines(most, units)
    return Chart(
        bars=_bars(season, units, sums, longest, ceiling, scale, together),
        bands=[band for number, phase in enumerate(season.plan.phases) if (band := _band(phase, scale, number))],
        lines=lines,
        goal=_goal(season, scale),
        weeks_per_bar=together,
    )


def _sums(season: Season, together: int) -> tuple[dict[int, float], dict[int, float]]:
    """Distance and longest workout in m by the number of the bar, from 0."""
    sums: dict[int, float] = {}
    longest: dict[int, float] = {}
    for week in season.weeks:
        bar = (week.number - 1) // together
        sums[bar] = sums.get(bar, 0.0) + week.total.distance
        longest[bar] = max(longest.get(bar, 0.0), week.longest or 0.0)
    return sums, longest


def _bars(
    season: Season,
    units: Units,
    sums: dict[int, float],
    longest: dict[int, float],
    ceiling: float,
    scale: _Scale,
    together: int,
) -> list[Bar]:
    count = math.ceil(season.week_count / together)
    step = (_RIGHT - _LEFT) * together / scale.slots
    every = math.ceil((len(str(season.week_count)) + 1) * _DIGIT / step)
    bars = []
    for number in range(count):
        height = (_BOTTOM - _TOP) * sums.get(number, 0.0) / ceiling
        named = f"{sums.get(number, 0.0) / units.length:.0f}" if height and count <= _LABELLED_BARS else ""
        bars.append(
            Bar(
                x=_LEFT + step * (number + 0.14),
                y=_BOTTOM - height,
                width=step * 0.72,
                height=height,
                longest=(_BOTTOM - _TOP) * longest.get(number, 0.0) / ceiling,
                value=named,
                label=str(number * together + 1) if number % every == 0 else "",
            )
        )
    return bars


def _lines(most: float, units: Units) -> tuple[list[Line], float]:
    """Round lines of the scale, and what its top stands for in m."""
    step = _round_step(most / units.length / _LINES)
    count = math.ceil(most / units.length / step)
    ceiling = step * count
    height = (_BOTTOM - _TOP) / ceiling
    lines = [Line(_BOTTOM - height * step * each, f"{step * each:g}") for each in range(1, count + 1)]
    return lines, ceiling * units.length


def _round_step(least: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50, ... that is not below."""
    magnitude = 10.0 ** math.floor(math.log10(least))
    return next(magnitude * each for each in (1, 2, 5, 10) if magnitude * each >= least * 0.999)


def _band(phase: Phase, scale: _Scale, number: int) -> Band | None:
    begins, ends = scale.x(phase.start_date.toordinal()), scale.x(phase.end_date.toordinal() + 1)
    if ends <= begins:
        return None  # outside of the season
    return Band(begins, ends - begins, phase.name if ends - begins > _NARROWEST_BAND else "", number % 2 == 1)


def _goal(season: Season, scale: _Scale) -> float | None:
    goal = season.plan.goal
    if goal is None:
        return None
    date = goal.date.toordinal()
    if not 0 <= date - season.first_monday < season.week_count * DAYS:
        return None
    return (scale.x(date) + scale.x(date + 1)) / 2


def describe(season: Season, units: Units) -> str:
    """The chart in words, for those who do not see it."""
    top = max(season.weeks, key=lambda week: week.total.distance)
    return (
        f"Planned distance a week; the most is {words.total(top.total.distance, units)} in week {top.number}, "
        f"{words.days(dt.date.fromordinal(top.monday), top.last)}."
    )
