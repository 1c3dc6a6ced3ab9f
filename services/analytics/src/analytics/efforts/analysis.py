"""From an activity's streams to its best efforts: what is computed, and from what."""

import hashlib
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from analytics.efforts.distances import METERS, RUNNING, Distance
from analytics.kernels import best_efforts as kernel
from contracts.strava.streams import ActivityStreams

_SPEED_DIGITS = 4


def suited(streams: ActivityStreams) -> bool:
    """Tell whether best efforts make sense: a run with a recorded distance."""
    return streams.activity.sport in RUNNING and {"time", "distance"} <= streams.columns.keys()


def input_digest(streams: ActivityStreams) -> bytes:
    """Digest of all that the efforts depend on: equal digests, equal efforts."""
    activity = streams.activity
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{activity.sport} {activity.distance!r} {activity.start_time.timestamp()!r}".encode())
    for name in ("time", "distance"):
        if name in streams.columns:
            digest.update(streams.columns[name].tobytes())
    return digest.digest()


def find(streams: ActivityStreams) -> dict[Distance, dict[str, Any]]:
    """Columns of ``efforts`` for each distance that both the activity and its stream reach."""
    if not suited(streams):
        return {}
    reached = [distance for distance, meters in METERS.items() if meters <= streams.activity.distance]
    time, distance = streams.columns["time"], streams.columns["distance"]
    found = kernel.best_efforts(time, distance, [METERS[each] for each in reached])
    return {label: _columns(streams, effort) for label, effort in zip(reached, found, strict=True) if effort}


def _columns(streams: ActivityStreams, effort: kernel.Effort) -> dict[str, Any]:
    return {
        "athlete_id": streams.activity.athlete_id,
        "activity_id": streams.activity.id,
        "activity_version": streams.activity.version,
        "meters": effort.length,
        "time": effort.time,
        "speed": round(effort.length / effort.time, _SPEED_DIGITS),
        "start_time": streams.activity.start_time + timedelta(seconds=effort.start),
        "start_offset": effort.start,
        "end_offset": effort.end,
        "start_distance": effort.start_distance,
        "end_distance": effort.end_distance,
        "start_index": effort.start_index,
        "end_index": effort.end_index,
        "interpolated": effort.interpolated,
        "pauses": [asdict(pause) for pause in effort.pauses],
        "longest_gap": effort.longest_gap,
        "formula_version": kernel.FORMULA_VERSION,
    }
