"""A recording as columns, at any resolution, and what is read off it: places in it, climbs, means, extremes."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

LatLng = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Track:
    """Columns of equal length; absent sensors are None.

    ``clock`` is s of moving time, ``time`` s since the start with pauses, ``distance`` m, ``latlng`` degrees,
    ``altitude`` m, ``heartrate`` bpm, ``cadence`` of one leg, ``watts`` W, ``temp`` degrees Celsius. ``index`` is the
    position of each sample in the streams that a client gets: a coarse track has only some of them.
    """

    clock: list[int]
    time: list[int]
    distance: list[float]
    index: list[int]
    latlng: list[LatLng] | None = None
    altitude: list[float] | None = None
    heartrate: list[int] | None = None
    cadence: list[int] | None = None
    watts: list[int] | None = None
    temp: list[int] | None = None

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Point:
    """A place in a track: its clock and time in s, distance and altitude in m.

    ``sample`` is the track's sample before it, ``index`` its position in the streams that a client gets.
    """

    clock: float
    time: float
    distance: float
    altitude: float | None
    sample: int
    index: int


def at_distance(track: Track, metres: float) -> Point:
    """The place after so many metres, linear between samples."""
    return _between(track, track.distance, metres)


def at_clock(track: Track, seconds: float) -> Point:
    """The place after so many seconds of moving."""
    return _between(track, track.clock, seconds)


def _between(track: Track, column: list[float] | list[int], value: float) -> Point:
    after = min(max(bisect_left(column, value), 1), len(track) - 1)
    before = after - 1
    width = column[after] - column[before]
    share = min(1.0, max(0.0, (value - column[before]) / width)) if width else 0.0

    def mix(values: list[float] | list[int]) -> float:
        return values[before] + share * (values[after] - values[before])

    altitude = mix(track.altitude) if track.altitude else None
    return Point(mix(track.clock), mix(track.time), mix(track.distance), altitude, before, round(mix(track.index)))


def speeds(track: Track) -> list[float]:
    """m/s at each sample: of the way to it, by the moving clock."""
    found = [0.0]
    for (clock, metres), (next_clock, next_metres) in pairwise(zip(track.clock, track.distance, strict=True)):
        seconds = next_clock - clock
        found.append((next_metres - metres) / seconds if seconds > 0 else 0.0)
    if len(found) > 1:
        found[0] = found[1]
    return found


def climbed(altitude: list[float] | None, threshold: float = 1.0) -> float:
    """Metres gained, without what is smaller than ``threshold``."""
    if not altitude:
        return 0.0
    gained, low = 0.0, altitude[0]
    for height in altitude:
        if height > low + threshold:
            gained += height - low
            low = height
        low = min(low, height)
    return gained


def mean_between(values: list[int], start: Point, end: Point) -> float:
    """Mean of a column between two places."""
    part = values[start.sample + 1 : end.sample + 2] or [values[start.sample]]
    return sum(part) / len(part)


def maximum_between(values: list[int], start: Point, end: Point) -> int:
    """Largest value of a column between two places."""
    return max(values[start.sample + 1 : end.sample + 2] or [values[start.sample]])
