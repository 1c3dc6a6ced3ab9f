"""Best efforts: the least elapsed time over a distance, exact to the recording.

The distance curve ``d(t)`` is piecewise linear through the samples. The best effort over a length L is the least
``t2 - t1`` with ``d(t2) - d(t1) = L``. Between two neighbouring samples the elapsed time is a linear function of
where the effort starts, so the least is found where one of the two ends is a sample: trying every sample as the
start and every sample as the end is exact. On a plateau (a pause) the start is its last sample, the end its first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

FORMULA_VERSION = 1
"""Goes up with every change that may change a number."""

PAUSE_SPEED = 0.5
"""m/s: slower than this is standing."""

PAUSE_SECONDS = 10.0
"""Standing for longer is a pause; samples further apart leave a gap."""

_UNITS_PER_METRE = 1e6
_SAME_SECONDS = 1e-6
_TIME_DIGITS = 3
_DISTANCE_DIGITS = 2

Floats = NDArray[np.float64]
Side = Literal["start", "end"]


@dataclass(frozen=True)
class Pause:
    """Standing inside an effort: ``start`` and ``duration`` in s, ``distance`` covered meanwhile in m.

    ``gap`` when no samples were recorded for more than ``PAUSE_SECONDS`` of it, else ``plateau``.
    """

    start: float
    duration: float
    distance: float
    kind: Literal["gap", "plateau"]


@dataclass(frozen=True)
class Effort:
    """The best effort over ``length`` m. Times in s on the recording's clock, to 1 ms; distances in m, to 0.01 m.

    ``start_index`` is the last sample at or before the start, ``end_index`` the first at or after the end, both as
    indices of the arrays given. ``interpolated`` names the end that lies between two samples. ``longest_gap`` is
    the longest time between two samples inside.
    """

    length: float
    time: float
    start: float
    end: float
    start_distance: float
    end_distance: float
    start_index: int
    end_index: int
    interpolated: Side | None
    pauses: tuple[Pause, ...]
    longest_gap: float


@dataclass(frozen=True)
class DistanceCurve:
    """A recording's distance over elapsed time, with time rising and distance never falling.

    Parameters
    ----------
    time : array of shape (n,)
        Seconds, strictly increasing.
    distance : array of shape (n,)
        Whole micrometres, non-decreasing: sums of decimal metres meet exactly, which floats of metres do not, and
        a plateau missed by one rounding error would cost its whole pause.
    index : array of shape (n,)
        Where each sample stood in the recording.
    """

    time: Floats
    distance: Floats
    index: NDArray[np.intp]

    @classmethod
    def through(cls, time: ArrayLike, distance: ArrayLike) -> Self:
        """Make the curve of samples in recorded order.

        Parameters
        ----------
        time, distance : array_like of shape (n,)
            Elapsed seconds and metres; NaN where nothing was measured.

        Samples without time or distance are dropped, and those that go back in distance or do not go on in time.

        Raises
        ------
        ValueError
            The arrays are not of the same one-dimensional shape.
        """
        seconds = np.asarray(time, dtype=np.float64)
        metres = np.asarray(distance, dtype=np.float64)
        if seconds.ndim != 1 or seconds.shape != metres.shape:
            raise ValueError("time and distance must be of one shape (n,)")
        index = np.flatnonzero(np.isfinite(seconds) & np.isfinite(metres))
        seconds, units = seconds[index], np.rint(metres[index] * _UNITS_PER_METRE)
        kept = _going_on(seconds, units)
        return cls(seconds[kept], units[kept], index[kept])


def best_efforts(time: ArrayLike, distance: ArrayLike, lengths: Sequence[float]) -> list[Effort | None]:
    """Find the best effort over each length.

    Parameters
    ----------
    time, distance : array_like of shape (n,)
        Elapsed seconds and metres in recorded order, as for ``DistanceCurve.through``.
    lengths : sequence of float
        Metres, each above 0.

    Returns
    -------
    list of Effort or None
        One per length, None where the recording does not reach it.
    """
    curve = DistanceCurve.through(time, distance)
    return [best_effort(curve, length) for length in lengths]


def best_effort(curve: DistanceCurve, length: float) -> Effort | None:
    """Find the best effort over ``length`` metres, None where the curve does not reach it.

    Of efforts equal to the microsecond the earliest is taken. Raises ``ValueError`` unless the length is above 0.
    """
    span = round(length * _UNITS_PER_METRE)
    if span <= 0:
        raise ValueError("a length is above 0 m")
    if len(curve.time) == 0 or curve.distance[-1] - curve.distance[0] < span:
        return None
    candidates = (_from_each_start(curve, span), _to_each_end(curve, span))
    least = min(end - start for start, end in candidates)
    start, end = min(each for each in candidates if each[1] - each[0] <= least + _SAME_SECONDS)
    return _describe(curve, length, start, end)


def _going_on(seconds: Floats, units: Floats) -> NDArray[np.intp] | slice:
    """Samples to keep: each later and not less far than the one kept before it."""
    if np.all(np.diff(seconds) > 0) and np.all(np.diff(units) >= 0):
        return slice(None)
    kept: list[int] = []
    last_second, last_unit = -np.inf, -np.inf
    for i, (second, unit) in enumerate(zip(seconds.tolist(), units.tolist(), strict=True)):
        if second > last_second and unit >= last_unit:
            kept.append(i)
            last_second, last_unit = second, unit
    return np.array(kept, dtype=np.intp)


def _from_each_start(curve: DistanceCurve, span: float) -> tuple[float, float]:
    """The best effort that starts at a sample and ends as soon as the distance is reached."""
    time, distance = curve.time, curve.distance
    count = np.searchsorted(distance, distance[-1] - span, "right")
    target = distance[:count] + span
    after = np.searchsorted(distance, target, "left")
    missing = (distance[after] - target) / (distance[after] - distance[after - 1])
    end = time[after] - missing * (time[after] - time[after - 1])
    best = _first_least(end - time[:count])
    return float(time[best]), float(end[best])


def _to_each_end(curve: DistanceCurve, span: float) -> tuple[float, float]:
    """The best effort that ends at a sample and starts as late as the distance allows."""
    time, distance = curve.time, curve.distance
    first = np.searchsorted(distance, distance[0] + span, "left")
    target = distance[first:] - span
    before = np.searchsorted(distance, target, "right") - 1
    beyond = (target - distance[before]) / (distance[before + 1] - distance[before])
    start = time[before] + beyond * (time[before + 1] - time[before])
    best = _first_least(time[first:] - start)
    return float(start[best]), float(time[first + best])


def _first_least(elapsed: Floats) -> int:
    return int(np.argmax(elapsed <= elapsed.min() + _SAME_SECONDS))


def _describe(curve: DistanceCurve, length: float, start: float, end: float) -> Effort:
    first = int(np.searchsorted(curve.time, start, "right")) - 1
    last = int(np.searchsorted(curve.time, end, "left"))
    between: Side | None = "start" if curve.time[first] != start else "end" if curve.time[last] != end else None
    start_distance, end_distance = np.interp([start, end], curve.time, curve.distance) / _UNITS_PER_METRE
    pauses, longest_gap = _standing(curve, start, end, slice(first, last + 1))
    return Effort(
        length=length,
        time=_seconds(end - start),
        start=_seconds(start),
        end=_seconds(end),
        start_distance=_metres(start_distance),
        end_distance=_metres(end_distance),
        start_index=int(curve.index[first]),
        end_index=int(curve.index[last]),
        interpolated=between,
        pauses=pauses,
        longest_gap=longest_gap,
    )


def _standing(curve: DistanceCurve, start: float, end: float, inside: slice) -> tuple[tuple[Pause, ...], float]:
    """The pauses between start and end, and the longest time without a sample there."""
    steps = np.diff(curve.time[inside])
    speed = np.diff(curve.distance[inside]) / _UNITS_PER_METRE / steps
    edges = np.clip(curve.time[inside], start, end)
    lasting = np.diff(edges)
    slow = np.concatenate([[False], speed < PAUSE_SPEED, [False]])
    begins, ends = np.flatnonzero(np.diff(slow.astype(np.int8))).reshape(-1, 2).T
    pauses = (
        Pause(
            start=_seconds(edges[i]),
            duration=_seconds(edges[j] - edges[i]),
            distance=_metres(np.dot(speed[i:j], lasting[i:j])),
            kind="gap" if steps[i:j].max() > PAUSE_SECONDS else "plateau",
        )
        for i, j in zip(begins.tolist(), ends.tolist(), strict=True)
        if edges[j] - edges[i] > PAUSE_SECONDS
    )
    return tuple(pauses), _seconds(lasting.max())


def _seconds(value: float) -> float:
    return round(float(value), _TIME_DIGITS)


def _metres(value: float) -> float:
    return round(float(value), _DISTANCE_DIGITS)
