"""A plan as its pages show it: weeks with their days, phases, totals."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from contracts.trainer.api import Phase, PlanDocument, WorkoutDocument

DAYS = 7
_LAST_DAY = dt.date.max.toordinal()


@dataclass(frozen=True)
class Total:
    """Sums in m and s, and of how many workouts each is not known."""

    workouts: int
    distance: float
    duration: float
    without_distance: int

    @classmethod
    def of(cls, workouts: list[WorkoutDocument]) -> "Total":
        """Sum what is planned; rest days are no workouts."""
        counted = [each for each in workouts if each.kind != "rest"]
        return cls(
            workouts=len(counted),
            distance=sum(each.planned.distance or 0 for each in counted),
            duration=sum(each.planned.duration or 0 for each in counted),
            without_distance=sum(each.planned.distance is None for each in counted),
        )


@dataclass(frozen=True)
class Day:
    date: dt.date
    workouts: list[WorkoutDocument]


@dataclass(frozen=True)
class Week:
    """Monday to Sunday; ``number`` counts from the first week of the plan, which is 1."""

    number: int
    monday: int  # ordinal, as Sunday may lie behind the last date there is
    workouts: list[WorkoutDocument]
    phase: Phase | None = None

    @property
    def first(self) -> dt.date:
        return dt.date.fromordinal(self.monday)

    @property
    def last(self) -> dt.date:
        return dt.date.fromordinal(min(self.monday + DAYS - 1, _LAST_DAY))

    @cached_property
    def total(self) -> Total:
        return Total.of(self.workouts)

    @cached_property
    def longest(self) -> float | None:
        """The longest planned distance of a workout, m."""
        return max((each.planned.distance for each in self.workouts if each.planned.distance), default=None)

    @property
    def days(self) -> Iterator[Day]:
        """All days of the week in order."""
        by_date = defaultdict(list)
        for workout in self.workouts:
            by_date[workout.date].append(workout)
        for ordinal in range(self.monday, self.last.toordinal() + 1):
            date = dt.date.fromordinal(ordinal)
            yield Day(date, by_date[date])


@dataclass(frozen=True)
class Gap:
    """Weeks in a row in which nothing is planned."""

    first: Week
    last: Week


@dataclass(frozen=True)
class Season:
    """A plan and its weeks. ``weeks`` are those with workouts, so a plan over centuries has no more than workouts."""

    plan: PlanDocument
    first_monday: int
    week_count: int
    weeks: list[Week] = field(default_factory=list)

    @classmethod
    def of(cls, plan: PlanDocument) -> "Season":
        """Arrange the workouts; those outside of the plan's dates make it longer here."""
        mondays = defaultdict(list)
        for workout in sorted(plan.workouts, key=lambda each: each.date):
            mondays[_monday(workout.date)].append(workout)
        first = min([_monday(plan.start_date), *mondays])
        last = max([_monday(plan.end_date), *mondays])
        weeks = [
            Week((monday - first) // DAYS + 1, monday, workouts, _phase_of(plan.phases, monday))
            for monday, workouts in sorted(mondays.items())
        ]
        return cls(plan, first, (last - first) // DAYS + 1, weeks)

    @cached_property
    def total(self) -> Total:
        return Total.of(self.plan.workouts)

    @property
    def parts(self) -> Iterator[Week | Gap]:
        """The weeks in order, and what lies empty before, between and after them."""
        expected = 1
        for week in self.weeks:
            if week.number > expected:
                yield self._gap(expected, week.number - 1)
            yield week
            expected = week.number + 1
        if self.weeks and expected <= self.week_count:
            yield self._gap(expected, self.week_count)

    def _gap(self, first: int, last: int) -> Gap:
        return Gap(self._empty(first), self._empty(last))

    def _empty(self, number: int) -> Week:
        return Week(number, self.first_monday + (number - 1) * DAYS, [])


def _monday(date: dt.date) -> int:
    return date.toordinal() - date.weekday()


def _phase_of(phases: list[Phase], monday: int) -> Phase | None:
    """The phase that most of the week belongs to, the earlier one of two."""

    def common(phase: Phase) -> int:
        begins, ends = phase.start_date.toordinal(), phase.end_date.toordinal()
        return min(ends, monday + DAYS - 1) - max(begins, monday) + 1

    longest = max(phases, key=common, default=None)
    return longest if longest is not None and common(longest) > 0 else None
