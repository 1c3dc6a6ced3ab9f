"""Altitude: smoothing, gain, grade, and what a grade costs a runner."""

import numpy as np
from numpy.typing import NDArray

from strava.files.recording import Column

SPIKE, FASTEST_CLIMB = 50.0, 20.0  # m, m/s
SMOOTH = 10.0  # s to each side
THRESHOLD = 3.0  # m
WINDOW = 200.0  # m
SHORTEST_WINDOW = 20.0  # m
STEEPEST = 50.0  # %
GAP_GRADES = (-20.0, -10.0, 0.0, 10.0, 20.0)  # %
GAP_FACTORS = (1.085, 0.875, 1.0, 1.48, 2.28)


def spikes(time: Column, altitude: Column) -> NDArray[np.bool_]:
    """(n,) which single values nobody climbed to: up and back, or down and up, by more than 50 m and 20 m/s each way.

    Args:
        time: (n,) s, strictly increasing.
        altitude: (n,) m, NaN where absent.
    """
    found = np.zeros(len(time), dtype=np.bool_)
    valid = np.flatnonzero(~np.isnan(altitude))
    step = np.diff(altitude[valid])
    far = (np.abs(step) > SPIKE) & (np.abs(step) > FASTEST_CLIMB * np.diff(time[valid]))
    there_and_back = far[:-1] & far[1:] & (np.sign(step[:-1]) != np.sign(step[1:]))
    found[valid[1:-1][there_and_back]] = True
    return found


def smooth(time: Column, altitude: Column) -> Column:
    """(n,) m: mean of the altitude curve over 10 s to each side, less at the ends; holes are filled evenly in time."""
    valid = ~np.isnan(altitude)
    filled = np.interp(time, time[valid], altitude[valid])
    if len(time) < 2:  # noqa: PLR2004 - nothing to smooth
        return filled
    area = np.concatenate(([0.0], np.cumsum((filled[1:] + filled[:-1]) / 2.0 * np.diff(time))))
    begin, end = np.maximum(time - SMOOTH, time[0]), np.minimum(time + SMOOTH, time[-1])
    return np.asarray((_area(end, time, filled, area) - _area(begin, time, filled, area)) / (end - begin))


def _area(at: Column, time: Column, values: Column, area: Column) -> Column:
    """Integral of the piecewise linear curve from its start to each time of ``at``."""
    index = np.clip(np.searchsorted(time, at, side="right") - 1, 0, len(time) - 2)
    offset = at - time[index]
    slope = (values[index + 1] - values[index]) / (time[index + 1] - time[index])
    return np.asarray(area[index] + offset * (values[index] + slope * offset / 2.0))


def gain(altitude: Column) -> float:
    """Metres climbed of a smoothed altitude: rises between turning points, where a turn of less than 3 m is none."""
    turns = np.concatenate(([True], np.diff(np.sign(np.diff(altitude))) != 0, [True])) if len(altitude) > 1 else [True]
    climbed, low, high, rising = 0.0, float(altitude[0]), float(altitude[0]), False
    for height in altitude[np.asarray(turns)].tolist():
        if rising:
            high = max(high, height)
            if high - height >= THRESHOLD:
                climbed, low, rising = climbed + high - low, height, False
        else:
            low = min(low, height)
            if height - low >= THRESHOLD:
                high, rising = height, True
    return climbed + (high - low if rising else 0.0)


def grade(distance: Column, altitude: Column) -> Column:
    """(n,) % over 200 m around each sample of a smoothed altitude, less at the ends; 0 where under 20 m are known."""
    moved = np.concatenate(([True], np.diff(distance) > 0.0))
    d, h = distance[moved], altitude[moved]
    begin, end = np.maximum(distance - WINDOW / 2.0, d[0]), np.minimum(distance + WINDOW / 2.0, d[-1])
    width = end - begin
    rise = np.interp(end, d, h) - np.interp(begin, d, h)
    percent = np.divide(100.0 * rise, width, out=np.zeros(len(distance)), where=width >= SHORTEST_WINDOW)
    return np.asarray(np.clip(percent, -STEEPEST, STEEPEST), dtype=np.float64)


def gap_factor(percent: Column) -> Column:
    """Effort of a grade (%) as a factor on speed, between the points of equal heart rate; flat outside -20..20 %."""
    return np.interp(percent, GAP_GRADES, GAP_FACTORS)
