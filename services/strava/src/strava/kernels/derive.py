"""All numbers of one activity from its cleaned recording."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import tzfpy

from strava.files.recording import Column, RecordedLap, Recording
from strava.files.samples import FOOT
from strava.kernels import elevation, moving, polyline
from strava.kernels.curves import Curves, Mean, effort_of
from strava.kernels.derived import Bounds, Derived, Split
from strava.kernels.splits import KILOMETRE, MILE, laps, rounded, speed, splits
from strava.streams.codec import kept


def derive(recording: Recording) -> Derived:
    """Distance, times, speeds, elevation, splits, laps, polylines and streams of a recording that `clean` made.

    All of it from samples at the resolution that is kept, so that stored samples give the very same again.
    """
    streams = {name: kept(name, column) for name, column in recording.columns.items()}
    time, distance = streams["time"], streams.get("distance")
    stops = moving.pauses(time, distance, recording.pauses)
    streams["moving"] = moving.moving_column(time, stops)
    if distance is not None:
        streams["velocity"] = np.round(moving.velocity(time, distance), 3)
    curves = _curves(recording, streams, stops)
    elapsed, moved = float(time[-1]), curves.moving_between(0.0, float(time[-1]))
    covered = float(distance[-1] - distance[0]) + recording.jumps if distance is not None else 0.0
    kilometres = splits(curves, KILOMETRE)
    track = _track(streams.get("latlng"))
    return Derived(
        distance=round(covered, 2),
        elapsed_time=round(elapsed, 3),
        moving_time=round(moved, 3),
        average_speed=speed(covered, moved, elapsed),
        max_speed=rounded(_largest(streams, "velocity"), 3),
        elevation_gain=rounded(elevation.gain(curves.altitude), 1) if curves.altitude is not None else None,
        elevation_low=rounded(_smallest(streams, "altitude"), 1),
        elevation_high=rounded(_largest(streams, "altitude"), 1),
        average_heartrate=_average(curves.heartrate, elapsed, recording.totals.average_heartrate),
        max_heartrate=_largest(streams, "heartrate") or recording.totals.max_heartrate,
        average_cadence=_average(curves.cadence, elapsed, recording.totals.average_cadence),
        average_power=_average(_mean(streams, "power"), elapsed, recording.totals.average_power),
        calories=recording.totals.calories,
        timezone=_timezone(track),
        fastest_pace=fastest_pace(kilometres),
        start_latlng=_point(track, 0),
        end_latlng=_point(track, -1),
        bounds=_bounds(track),
        polyline=None if track is None else polyline.encode(track),
        summary_polyline=None if track is None else polyline.encode(polyline.simplify(track)),
        splits_km=kilometres,
        splits_mi=splits(curves, MILE),
        laps=laps(curves, _trusted_laps(recording, covered), streams.get("velocity")),
        pauses=stops,
        streams=streams,
    )


def fastest_pace(kilometres: tuple[Split, ...]) -> float | None:
    """s/km of the fastest full kilometre split by elapsed time, None without a full one."""
    return min((split.elapsed_time for split in kilometres if split.distance >= KILOMETRE), default=None)


def _trusted_laps(recording: Recording, covered: float) -> tuple[RecordedLap, ...]:
    """Laps of the device; without their distance where jumps that are in it were removed from ours."""
    if recording.jumps:
        whole = RecordedLap(0.0, float(recording.columns["time"][-1]), distance=covered)
        return recording.laps or (whole,)
    if not recording.quality.dropped.get("gps_jump"):
        return recording.laps
    return tuple(replace(lap, distance=None) for lap in recording.laps)


def _curves(recording: Recording, streams: dict[str, Column], stops: moving.Spans) -> Curves:
    """Curves of the activity; puts the grade among the streams on the way."""
    time = streams["time"]
    distance = streams.get("distance", np.zeros(len(time)))
    altitude = elevation.smooth(time, streams["altitude"]) if "altitude" in streams else None
    effort = None
    if altitude is not None and "distance" in streams:
        percent = elevation.grade(distance, altitude)
        streams["grade"] = np.round(percent, 2)
        effort = effort_of(distance, percent) if recording.sport in FOOT else None
    return Curves(
        time=time,
        distance=distance,
        stops=stops,
        altitude=altitude,
        effort=effort,
        heartrate=_mean(streams, "heartrate"),
        cadence=_cadence(streams),
    )


def _mean(streams: Mapping[str, Column], name: str) -> Mean | None:
    return Mean.of(streams["time"], streams[name]) if name in streams else None


def _cadence(streams: Mapping[str, Column]) -> Mean | None:
    """Mean over samples that turn: standing is no cadence."""
    if "cadence" not in streams:
        return None
    turning = np.where(streams["cadence"] > 0.0, streams["cadence"], np.nan)
    return Mean.of(streams["time"], turning)


def _average(mean: Mean | None, elapsed: float, device: float | None) -> float | None:
    found = mean.between(0.0, elapsed) if mean else None
    return rounded(device if found is None else found, 1)


def _largest(streams: Mapping[str, Column], name: str) -> float | None:
    return float(np.nanmax(streams[name])) if name in streams else None


def _smallest(streams: Mapping[str, Column], name: str) -> float | None:
    return float(np.nanmin(streams[name])) if name in streams else None


def _track(latlng: Column | None) -> Column | None:
    """Positions without holes and without standing on the spot."""
    if latlng is None:
        return None
    known = latlng[~np.isnan(latlng[:, 0])]
    if not len(known):
        return None
    return known[np.concatenate(([True], (np.diff(known, axis=0) != 0.0).any(axis=1)))]


def _point(track: Column | None, index: int) -> tuple[float, float] | None:
    return None if track is None else (round(float(track[index, 0]), 6), round(float(track[index, 1]), 6))


def _bounds(track: Column | None) -> Bounds | None:
    return None if track is None else polyline.bounds(track)


def _timezone(track: Column | None) -> str | None:
    """IANA name at the first position; at sea the nautical zone."""
    return None if track is None else tzfpy.get_tz(float(track[0, 1]), float(track[0, 0])) or None
