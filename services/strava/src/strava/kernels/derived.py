"""What is computed from a cleaned recording. Times are rounded to 1 ms, distances to 1 cm."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Split:
    """One kilometre or mile; the last one is partial.

    ``split`` counts from 1; ``start`` and ``elapsed_time`` in s of elapsed time, interpolated exactly on the distance
    curve; ``moving_time`` s; ``distance`` m; ``elevation_difference`` m (end minus start); speeds in m/s of moving
    time; ``average_grade_adjusted_speed`` by the equal heart rate table; ``average_heartrate`` per minute.
    """

    split: int
    start: float
    distance: float
    elapsed_time: float
    moving_time: float
    average_speed: float
    elevation_difference: float | None = None
    average_grade_adjusted_speed: float | None = None
    average_heartrate: float | None = None


@dataclass(frozen=True, slots=True)
class Lap:
    """One lap of the device (the whole activity when it has none), with what the samples inside it say.

    ``start_index`` and ``end_index`` are the first and last sample of the lap in the streams. Units as in `Split`;
    ``total_elevation_gain`` m, ``calories`` kcal (device), ``average_cadence`` per minute (steps for runs);
    ``elevation_difference`` m (end minus start), ``grade_adjusted_speed`` m/s of moving time. ``partial`` is what the
    last even lap left over; a lap that was ended by hand is whole.
    """

    lap_index: int
    start: float
    start_index: int
    end_index: int
    distance: float
    elapsed_time: float
    moving_time: float
    average_speed: float
    max_speed: float | None = None
    total_elevation_gain: float | None = None
    average_heartrate: float | None = None
    max_heartrate: float | None = None
    average_cadence: float | None = None
    calories: float | None = None
    elevation_difference: float | None = None
    grade_adjusted_speed: float | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """The smallest box around a track, in degrees."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """Numbers of one activity.

    Attributes:
        distance: m.
        elapsed_time, moving_time: s.
        elevation_gain, elevation_low, elevation_high: m; None without altitude.
        average_speed: m/s, distance over moving time. max_speed: m/s, of the smoothed velocity.
        average_heartrate, max_heartrate: per minute, None without the sensor; the average is weighted by time.
        average_cadence: per minute (steps for runs), over moving samples above zero.
        average_power: W, weighted by time.
        calories: kcal of the device, else None.
        timezone: IANA name of the first position, None without one.
        fastest_pace: s/km of the fastest full kilometre split (elapsed), None below one kilometre.
        start_latlng, end_latlng: degrees.
        bounds, polyline, summary_polyline: of the track; Google encoding, precision 5; None without positions.
        splits_km, splits_mi, laps: see `Split` and `Lap`.
        pauses: (from, to) in s of elapsed time, the device's and those found, merged.
        streams: the recording's cleaned columns and ``velocity`` (m/s, smoothed), ``grade`` (%), ``moving`` (1.0 or
            0.0): float64, one length n, ``latlng`` (n, 2); NaN where absent; no key without the sensor.
    """

    distance: float
    elapsed_time: float
    moving_time: float
    average_speed: float
    max_speed: float | None = None
    elevation_gain: float | None = None
    elevation_low: float | None = None
    elevation_high: float | None = None
    average_heartrate: float | None = None
    max_heartrate: float | None = None
    average_cadence: float | None = None
    average_power: float | None = None
    calories: float | None = None
    timezone: str | None = None
    fastest_pace: float | None = None
    start_latlng: tuple[float, float] | None = None
    end_latlng: tuple[float, float] | None = None
    bounds: Bounds | None = None
    polyline: str | None = None
    summary_polyline: str | None = None
    splits_km: tuple[Split, ...] = ()
    splits_mi: tuple[Split, ...] = ()
    laps: tuple[Lap, ...] = ()
    pauses: tuple[tuple[float, float], ...] = ()
    streams: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
