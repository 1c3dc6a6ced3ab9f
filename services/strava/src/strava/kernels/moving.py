"""When the athlete moved: pauses of the device, and standing still."""

from collections.abc import Sequence

import numpy as np

from strava.files.recording import Column

STILL = 0.5  # m/s
SHORTEST_PAUSE = 10.0  # s
SMOOTH = 3.0  # s to each side

Spans = tuple[tuple[float, float], ...]


def pauses(time: Column, distance: Column | None, device: Sequence[tuple[float, float]]) -> Spans:
    """Pauses as (from, to) in s, merged and in order: the device's, and every stretch of more than 10 s below 0.5 m/s.

    A gap between two samples with no way in it is such a stretch too. Without a distance only the device knows.
    """
    found = [span for span in device if span[1] > span[0]]
    if distance is not None and len(time) > 1:
        slow = np.diff(distance) < STILL * np.diff(time)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], slow.view(np.int8), [0]))))
        begins, ends = time[edges[::2]], time[edges[1::2]]
        long = ends - begins > SHORTEST_PAUSE
        found += list(zip(begins[long].tolist(), ends[long].tolist(), strict=True))
    return _merged(found)


def _merged(spans: list[tuple[float, float]]) -> Spans:
    merged: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return tuple(merged)


def moving_until(at: Column, stops: Spans) -> Column:
    """(m,) seconds moved from the start until each time of ``at``."""
    if not stops:
        return at.astype(np.float64)
    edges = np.array(stops).ravel()
    rests = np.repeat(np.cumsum([0.0, *(end - begin for begin, end in stops)]), 2)[1:-1]
    return np.asarray(at - np.interp(at, edges, rests), dtype=np.float64)


def moving_column(time: Column, stops: Spans) -> Column:
    """(n,) 1.0 where the step that leads to a sample is at least half moving, else 0.0; the first is as the second."""
    if len(time) < 2:  # noqa: PLR2004 - a step has two ends
        return np.ones(len(time))
    steps = (np.diff(moving_until(time, stops)) >= 0.5 * np.diff(time)).astype(np.float64)
    return np.concatenate((steps[:1], steps))


def velocity(time: Column, distance: Column) -> Column:
    """(n,) m/s over 3 s to each side on the distance curve (less at the ends); 0 for a single sample."""
    begin, end = np.maximum(time - SMOOTH, time[0]), np.minimum(time + SMOOTH, time[-1])
    covered = np.interp(end, time, distance) - np.interp(begin, time, distance)
    speeds = np.divide(covered, end - begin, out=np.zeros(len(time)), where=end > begin)
    return np.asarray(speeds, dtype=np.float64)
