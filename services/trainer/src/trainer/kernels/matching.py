"""Which run was which workout, on one day: a pure function of what is planned and what was done.

Of all pairs of a workout and a run the closest is taken first, then the closest of those left, until one side is
used up. So no workout and run that are closer to each other than to their partners are kept apart, and the order in
which things became known does not matter. A pair is as far apart as the logarithm of its ratio says (half is as far
as double), of distance where it is planned, and of duration; the mean of both where both are.
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from uuid import UUID

UNPLANNED_MISFIT = math.log(2)
"""A workout without figures fits any run as badly as one planned half or twice as long."""

MOST_A_DAY = 100
"""Beyond so many workouts or runs of one day the rest is left alone."""

_SMALLEST = 1.0
_OTHER_SPORTS = frozenset({"cross", "other"})


@dataclass(frozen=True)
class PlannedWorkout:
    """A workout that waits for a run; ``distance`` in m and ``duration`` in s where they are planned."""

    id: UUID
    kind: str
    distance: float | None
    duration: float | None


@dataclass(frozen=True)
class DoneRun:
    """A run that may have been a workout; ``start`` orders runs that fit alike, those without one come last."""

    id: UUID
    distance: float
    duration: float
    start: dt.datetime | None


@dataclass(frozen=True)
class Match:
    workout_id: UUID
    run_id: UUID
    reason: str


def match_day(day: dt.date, workouts: Sequence[PlannedWorkout], runs: Sequence[DoneRun]) -> list[Match]:
    """Return the pairs of one day, the closest first: as many as the smaller side has members.

    Workouts of other sports (``cross``, ``other``) get what runs are left. Of pairs that fit alike the earlier run and
    the earlier planned workout go first.
    """
    workouts = sorted(workouts, key=lambda workout: workout.id)[:MOST_A_DAY]
    runs = sorted(runs, key=_run_order)[:MOST_A_DAY]
    places = {run.id: place for place, run in enumerate(runs)}
    candidates = sorted(
        product(workouts, runs),
        key=lambda pair: (pair[0].kind in _OTHER_SPORTS, misfit(*pair), places[pair[1].id], pair[0].id),
    )
    choice = f", best fit of {len(workouts)} planned and {len(runs)} done that day" if len(candidates) > 1 else ""
    found: list[Match] = []
    paired: set[UUID] = set()
    used: set[UUID] = set()
    for workout, run in candidates:
        if workout.id not in paired and run.id not in used:
            paired.add(workout.id)
            used.add(run.id)
            found.append(Match(workout.id, run.id, f"planned for {day.isoformat()}{_compared(workout, run)}{choice}"))
    return found


def misfit(workout: PlannedWorkout, run: DoneRun) -> float:
    """Return how far run and plan are apart: 0 when equal, 0.69 when one is twice the other."""
    apart = [
        abs(math.log(max(done, _SMALLEST) / max(planned, _SMALLEST)))
        for planned, done in ((workout.distance, run.distance), (workout.duration, run.duration))
        if planned is not None
    ]
    return sum(apart) / len(apart) if apart else UNPLANNED_MISFIT


def _run_order(run: DoneRun) -> tuple[float, UUID]:
    return run.start.timestamp() if run.start else math.inf, run.id


def _compared(workout: PlannedWorkout, run: DoneRun) -> str:
    if workout.distance is not None:
        return f", {run.distance / 1000:.1f} km of {workout.distance / 1000:.1f} km planned"
    if workout.duration is not None:
        return f", {run.duration / 60:.0f} min of {workout.duration / 60:.0f} min planned"
    return ""
