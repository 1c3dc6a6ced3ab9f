"""Curves over the time of one activity, from which splits, laps and the whole take their numbers."""

from dataclasses import dataclass

import numpy as np

from strava.files.recording import Column
from strava.kernels.elevation import gap_factor
from strava.kernels.moving import Spans, moving_until

LONGEST_HOLD = 30.0  # s; a value is not taken to hold longer, whatever the gap


@dataclass(frozen=True, slots=True, eq=False)
class Mean:
    """Time-weighted mean of a sensor between any two times: the trapezoids of steps whose both ends are known.

    A step counts for at most 30 s; a gap must not outweigh the samples around it.
    """

    time: Column
    area: Column
    weight: Column

    @classmethod
    def of(cls, time: Column, values: Column) -> "Mean":
        known = ~np.isnan(values)
        t, v = time[known], values[known]
        weight = np.minimum(np.diff(t), LONGEST_HOLD)
        area = np.concatenate(([0.0], np.cumsum((v[1:] + v[:-1]) / 2.0 * weight)))
        return cls(t, area, np.concatenate(([0.0], np.cumsum(weight))))

    def between(self, begin: float, end: float) -> float | None:
        """Mean from ``begin`` to ``end`` (s), None where nothing is known."""
        if len(self.time) < 2:  # noqa: PLR2004 - a mean over time needs some
            return None
        area = np.interp((begin, end), self.time, self.area)
        weight = np.interp((begin, end), self.time, self.weight)
        lasted = float(weight[1] - weight[0])
        return float(area[1] - area[0]) / lasted if lasted > 0.0 else None


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """One activity as functions of time; ``altitude`` is smoothed, ``effort`` is grade adjusted way in m."""

    time: Column
    distance: Column
    stops: Spans
    altitude: Column | None = None
    effort: Column | None = None
    heartrate: Mean | None = None
    cadence: Mean | None = None

    def distance_at(self, at: float) -> float:
        return float(np.interp(at, self.time, self.distance))

    def moving_between(self, begin: float, end: float) -> float:
        """Seconds moved between two times."""
        until = moving_until(np.array((begin, end)), self.stops)
        return float(until[1] - until[0])

    def effort_between(self, begin: float, end: float) -> float | None:
        """Grade adjusted metres between two times."""
        return None if self.effort is None else float(np.diff(np.interp((begin, end), self.time, self.effort))[0])

    def rise_between(self, begin: float, end: float) -> float | None:
        """Metres higher at the end than at the begin."""
        return None if self.altitude is None else float(np.diff(np.interp((begin, end), self.time, self.altitude))[0])


def effort_of(distance: Column, percent: Column) -> Column:
    """(n,) grade adjusted metres: each step's way times the factor of the grade at its middle."""
    factor = gap_factor((percent[1:] + percent[:-1]) / 2.0)
    return np.concatenate(([0.0], np.cumsum(np.diff(distance) * factor)))
