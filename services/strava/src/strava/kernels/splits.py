"""Splits by a fixed way, and the laps of the device."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from strava.files.recording import Column, RecordedLap
from strava.kernels.curves import Curves
from strava.kernels.derived import Lap, Split
from strava.kernels.elevation import gain

KILOMETRE = 1000.0
MILE = 1609.344
LEAST_SPLIT = 0.01  # m, what distances are rounded to
EVEN = 0.01  # by how much laps of one length differ
LEAST_EVEN = 2  # laps that make a rule where the device names none


def splits(curves: Curves, length: float) -> tuple[Split, ...]:
    """Splits of ``length`` m along the distance curve, the last one what is left.

    A boundary is met at the exact time on the piecewise linear curve; a pause on it belongs to the split after. All
    elapsed times add up to the activity's, all distances to its distance.
    """
    d = curves.distance
    covered = float(d[-1] - d[0])
    if covered < LEAST_SPLIT:
        return ()
    full = int((covered + LEAST_SPLIT / 2) // length)
    marks = d[0] + length * np.arange(1, full + 1)
    times = np.concatenate(([curves.time[0]], np.round(_reached(curves.time, d, marks), 3)))
    ways = np.full(full, length)
    if (rest := covered - full * length) >= LEAST_SPLIT:
        times, ways = np.append(times, curves.time[-1]), np.append(ways, rest)
    bounds = times.tolist()
    return tuple(
        _split(curves, number, begin, end, way)
        for number, (begin, end, way) in enumerate(zip(bounds, bounds[1:], ways.tolist(), strict=False), start=1)
    )


def _reached(time: Column, distance: Column, marks: Column) -> Column:
    """First time at which each mark is reached."""
    after = np.clip(np.searchsorted(distance, marks - 1e-9, side="left"), 1, len(distance) - 1)
    before = after - 1
    step = distance[after] - distance[before]
    share = np.divide(marks - distance[before], step, out=np.ones(len(marks)), where=step > 0.0)
    return np.asarray(time[before] + np.clip(share, 0.0, 1.0) * (time[after] - time[before]))


def _split(curves: Curves, number: int, begin: float, end: float, way: float) -> Split:
    elapsed, moving = end - begin, curves.moving_between(begin, end)
    effort = curves.effort_between(begin, end)
    return Split(
        split=number,
        start=round(begin, 3),
        distance=round(way, 2),
        elapsed_time=round(elapsed, 3),
        moving_time=round(moving, 3),
        average_speed=speed(way, moving, elapsed),
        elevation_difference=rounded(curves.rise_between(begin, end), 1),
        average_grade_adjusted_speed=None if effort is None else speed(effort, moving, elapsed),
        average_heartrate=rounded(curves.heartrate.between(begin, end), 1) if curves.heartrate else None,
    )


def speed(way: float, moving: float, elapsed: float) -> float:
    """m/s over the moving time, over the elapsed time when nothing counts as moving; 0 without time."""
    lasted = moving if moving > 0.0 else elapsed
    return round(way / lasted, 3) if lasted > 0.0 else 0.0


def rounded(value: float | None, digits: int) -> float | None:
    """The value rounded, None stays None."""
    return None if value is None else round(value, digits)


def laps(curves: Curves, recorded: Sequence[RecordedLap], velocity: Column | None) -> tuple[Lap, ...]:
    """Laps of the device with what the samples inside say; the whole activity is one lap when it has none.

    Distance and elapsed time are the device's where it has them, moving time is ours.
    """
    whole = RecordedLap(0.0, float(curves.time[-1]))
    found = tuple(_lap(curves, index, lap, velocity) for index, lap in enumerate(recorded or (whole,), start=1))
    return (*found[:-1], replace(found[-1], partial=_is_rest(found, recorded)))


def _is_rest(laps: Sequence[Lap], recorded: Sequence[RecordedLap]) -> bool:
    """Whether the last lap is what even laps left over: all before it are of one length, and it is shorter."""
    *before, last = (lap.distance for lap in laps)
    triggers = {lap.trigger for lap in recorded[:-1]}
    if "manual" in triggers or len(before) < (1 if triggers == {"distance"} else LEAST_EVEN):
        return False
    longest = max(before)
    return longest - min(before) <= EVEN * longest and last < (1.0 - EVEN) * longest


def _lap(curves: Curves, index: int, lap: RecordedLap, velocity: Column | None) -> Lap:
    begin, end = lap.start, min(lap.start + lap.elapsed, float(curves.time[-1]))
    first = int(np.searchsorted(curves.time, begin, side="left"))
    last = max(first, int(np.searchsorted(curves.time, end, side="right")) - 1)
    first, last = min(first, len(curves.time) - 1), min(last, len(curves.time) - 1)
    inside = slice(first, last + 1)
    effort = curves.effort_between(begin, end)
    way = curves.distance_at(end) - curves.distance_at(begin) if lap.distance is None else lap.distance
    moving = min(curves.moving_between(begin, end), lap.elapsed)
    return Lap(
        lap_index=index,
        start=round(begin, 3),
        start_index=first,
        end_index=last,
        distance=round(way, 2),
        elapsed_time=round(lap.elapsed, 3),
        moving_time=round(moving, 3),
        average_speed=speed(way, moving, lap.elapsed),
        max_speed=round(float(velocity[inside].max()), 3) if velocity is not None else None,
        total_elevation_gain=round(gain(curves.altitude[inside]), 1) if curves.altitude is not None else None,
        average_heartrate=_mean(curves, "heartrate", begin, end, lap.average_heartrate),
        max_heartrate=lap.max_heartrate,
        average_cadence=_mean(curves, "cadence", begin, end, lap.average_cadence),
        calories=lap.calories,
        elevation_difference=rounded(curves.rise_between(begin, end), 1),
        grade_adjusted_speed=None if effort is None else speed(effort, moving, lap.elapsed),
    )


def _mean(curves: Curves, sensor: str, begin: float, end: float, device: float | None) -> float | None:
    mean = curves.heartrate if sensor == "heartrate" else curves.cadence
    found = mean.between(begin, end) if mean else None
    return rounded(device if found is None else found, 1)
