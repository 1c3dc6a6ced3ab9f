"""Distance along a recording: geodesic steps, which stream to trust, jumps of the receiver."""

import numpy as np
from numpy.typing import NDArray

from strava.files.recording import Column

EQUATOR = 6_378_137.0  # m, WGS 84
ECCENTRICITY = 6.694_379_990_14e-3  # squared, WGS 84
LONG_STEP = 0.5  # degrees; below it, the local flat metric is exact to a millimetre per step
EARTH = 6_371_008.8  # m, mean radius
FASTEST = {"Run": 12.0, "TrailRun": 12.0, "VirtualRun": 12.0, "Walk": 12.0, "Hike": 12.0, "Swim": 6.0}
FASTEST_OTHER = 50.0
JUMP_SPEED = 12.0  # m/s
JUMP_TIME = 5.0  # s
AROUND_LEAP = 30.0  # s; counters that leap fall behind and run ahead for about as long
FASTEST_OF_ALL = 340.0  # m/s; no athlete, vehicle or airliner that somebody forgot to stop the watch in
FARTHEST = 1e7  # m, a quarter of the way around the earth
SANE_RATIO = 2.0
SANE_COVERAGE = 0.9
MOST_BACKWARDS = 0.05


def geodesic_steps(latlng: Column) -> Column:
    """(n - 1,) metres between neighbouring positions, (n, 2) degrees, on the WGS 84 ellipsoid; NaN beside a NaN.

    Steps use the radii of curvature at their middle (as in Bomford, Geodesy, 4th ed., 2.12), long ones the sphere.
    """
    rad = np.radians(latlng)
    middle = (rad[1:, 0] + rad[:-1, 0]) / 2.0
    dlat = rad[1:, 0] - rad[:-1, 0]
    dlng = np.remainder(rad[1:, 1] - rad[:-1, 1] + np.pi, 2.0 * np.pi) - np.pi
    w = 1.0 - ECCENTRICITY * np.sin(middle) ** 2
    north = dlat * EQUATOR * (1.0 - ECCENTRICITY) / w**1.5
    east = dlng * EQUATOR * np.cos(middle) / np.sqrt(w)
    steps = np.hypot(north, east)
    long = (np.abs(dlat) + np.abs(dlng)) > np.radians(LONG_STEP)
    if long.any():
        half = np.sin(dlat / 2) ** 2 + np.cos(rad[1:, 0]) * np.cos(rad[:-1, 0]) * np.sin(dlng / 2) ** 2
        steps = np.where(long, 2.0 * EARTH * np.arcsin(np.sqrt(np.minimum(half, 1.0))), steps)
    return np.asarray(steps, dtype=np.float64)


def spikes(time: Column, latlng: Column, sport: str) -> NDArray[np.bool_]:
    """(n,) true for positions that are out and back: too fast to reach and to leave, while the neighbours fit."""
    found = np.zeros(len(time), dtype=np.bool_)
    valid = np.flatnonzero(~np.isnan(latlng[:, 0]))
    if len(valid) < 3:  # noqa: PLR2004 - a spike has two neighbours
        return found
    t, p = time[valid], latlng[valid]
    limit = FASTEST.get(sport, FASTEST_OTHER)
    fast = geodesic_steps(p) > limit * np.maximum(np.diff(t), 1.0)
    across = geodesic_steps(p[::2]), geodesic_steps(p[1::2])
    over = np.empty(len(valid) - 2)
    over[::2], over[1::2] = across[0][: len(over[::2])], across[1][: len(over[1::2])]
    plausible = over <= limit * np.maximum(t[2:] - t[:-2], 1.0)
    found[valid[1:-1]] = fast[:-1] & fast[1:] & plausible
    return found


def from_positions(time: Column, latlng: Column, pauses: tuple[tuple[float, float], ...]) -> Column:
    """(n,) metres along the positions; way made while the device paused does not count.

    Samples without a position lie on the straight line between their neighbours, evenly in time.
    """
    valid = ~np.isnan(latlng[:, 0])
    if not valid.any():
        return np.zeros(len(time))
    t = time[valid]
    steps = geodesic_steps(latlng[valid])
    steps[_inside(t, pauses)] = 0.0
    return np.interp(time, t, np.concatenate(([0.0], np.cumsum(steps))))


def _inside(time: Column, pauses: tuple[tuple[float, float], ...]) -> NDArray[np.bool_]:
    """(n - 1,) true for steps that lie within a pause."""
    if not pauses:
        return np.zeros(len(time) - 1, dtype=np.bool_)
    begins, ends = np.array(sorted(pauses)).T
    latest = np.concatenate(([-np.inf], np.maximum.accumulate(ends)))  # end of any pause that began by then
    return np.asarray(latest[np.searchsorted(begins, time[:-1], side="right")] >= time[1:])


def chained(distance: Column) -> Column:
    """(n,) metres; a stream that starts again and again (a lap counter) is chained up, any other stays as it is."""
    valid = np.flatnonzero(~np.isnan(distance))
    d = distance[valid]
    back = np.diff(d) < 0.0
    if np.count_nonzero(back) < 2 or np.mean(d < np.maximum.accumulate(d)) <= MOST_BACKWARDS:  # noqa: PLR2004 - again and again
        return distance
    result = distance.copy()
    result[valid] = np.concatenate((d[:1], d[0] + np.cumsum(np.where(back, d[1:], np.diff(d)))))
    return result


def is_sane(distance: Column, time: Column, latlng: Column | None, sport: str) -> bool:
    """Whether a device's distance is possible for the sport and agrees with the positions within a factor of two."""
    elapsed = float(time[-1] - time[0])
    covered = float(np.max(distance) - distance[0])
    if elapsed <= 0.0 or covered > FARTHEST or covered / elapsed > FASTEST.get(sport, FASTEST_OTHER):
        return False
    if latlng is None or np.mean(~np.isnan(latlng[:, 0])) < SANE_COVERAGE:
        return True
    along = float(np.nansum(geodesic_steps(latlng)))
    return along < 100.0 or _agree(covered, along)  # noqa: PLR2004 - m; less says nothing


def _agree(counted: float, along: float) -> bool:
    return along < SANE_RATIO * counted and counted < SANE_RATIO * along


def without_jumps(time: Column, distance: Column, *, on_foot: bool) -> tuple[Column, int]:
    """Distance without the jumps of a receiver, and how many steps were removed.

    Runs (``on_foot``): consecutive steps faster than 12 m/s that last less than 5 s together are removed with their
    distance; time goes on. Longer ones are kept: a vehicle, not the receiver. Whatever the sport, seconds in which
    nothing on earth could go so far are removed too.
    """
    dt, dd = np.diff(time), np.diff(distance)
    removed = _beyond_everything(time, dt, dd)
    if on_foot:
        for first, last in _short_and_fast(time, distance):
            removed[first:last] = True
    if not removed.any():
        return distance, 0
    steps = np.where(removed, 0.0, dd)
    return np.concatenate((distance[:1], distance[0] + np.cumsum(steps))), int(np.count_nonzero(removed))


def without_leaps(
    time: Column, distance: Column, latlng: Column, pauses: tuple[tuple[float, float], ...]
) -> tuple[Column, int]:
    """A run's distance without leaps of the device's counter, and how many there were.

    Where the counter is as fast as a jump of the receiver (see `without_jumps`) and the positions are not, no receiver
    jumped: the counter fell behind and catches up, or runs ahead. The way along the positions is taken for half a
    minute around it, unless the two differ by a factor of two there or a position is missing.
    """
    stretches = _short_and_fast(time, distance)
    if not stretches:
        return distance, 0
    along, known = from_positions(time, latlng, pauses), ~np.isnan(latlng[:, 0])
    taken = np.zeros(len(time) - 1, dtype=np.bool_)
    leaps = 0
    for first, last in stretches:
        begin = int(np.searchsorted(time, time[first] - AROUND_LEAP))
        end = int(np.searchsorted(time, time[last] + AROUND_LEAP, side="right")) - 1
        walked = along[last] - along[first] <= JUMP_SPEED * (time[last] - time[first])
        agree = _agree(distance[end] - distance[begin], along[end] - along[begin])
        if walked and agree and known[first : last + 1].all():
            taken[begin:end] = True
            leaps += 1
    if not leaps:
        return distance, 0
    steps = np.where(taken, np.diff(along), np.diff(distance))
    return np.concatenate((distance[:1], distance[0] + np.cumsum(steps))), leaps


def _short_and_fast(time: Column, distance: Column) -> list[tuple[int, int]]:
    """(first, last) sample of each stretch of steps faster than 12 m/s that lasts less than 5 s."""
    fast = np.diff(distance) > JUMP_SPEED * np.diff(time)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], fast.view(np.int8), [0])))).tolist()
    stretches = zip(edges[::2], edges[1::2], strict=True)
    return [(first, last) for first, last in stretches if time[last] - time[first] < JUMP_TIME]


def _beyond_everything(time: Column, dt: Column, dd: Column) -> NDArray[np.bool_]:
    """(n - 1,) true for steps of a second (or of one longer step) that is faster than anything goes."""
    if not (dd > FASTEST_OF_ALL * dt).any():
        return np.zeros(len(dd), dtype=np.bool_)
    first = np.flatnonzero(np.diff(np.floor(time[1:]), prepend=-np.inf))
    way, lasted = np.add.reduceat(dd, first), np.add.reduceat(dt, first)
    beyond = way > FASTEST_OF_ALL * np.maximum(lasted, 1.0)
    return np.repeat(beyond, np.diff(np.append(first, len(dd))))
