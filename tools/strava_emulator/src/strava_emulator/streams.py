"""The streams of an activity as Strava's API gives them."""

from collections.abc import Callable, Sequence
from typing import Any

from strava_emulator.models import Json
from strava_emulator.tracks.track import Track, speeds

RESOLUTIONS = {"low": 100, "medium": 1_000, "high": 10_000}


def streams(track: Track, keys: Sequence[str], series: str, resolution: str | None) -> dict[str, Json]:
    """Those of ``keys`` that the recording has, and ``series`` (time or distance), which the others run along."""
    columns = {name: column for name, column in _columns(track, {*keys, series}).items() if column is not None}
    picked = _picked(len(track), RESOLUTIONS.get(resolution or "", len(track)))
    return {
        name: {
            "data": column if picked is None else [column[number] for number in picked],
            "series_type": series,
            "original_size": len(track),
            "resolution": resolution if resolution in RESOLUTIONS else "high",
        }
        for name, column in columns.items()
    }


def _columns(track: Track, wanted: set[str]) -> dict[str, list[Any] | None]:
    made: dict[str, Callable[[], list[Any] | None]] = {
        "time": lambda: track.time,
        "distance": lambda: track.distance,
        "latlng": lambda: track.latlng,
        "altitude": lambda: track.altitude,
        "velocity_smooth": lambda: [round(speed, 2) for speed in _smooth(speeds(track))],
        "heartrate": lambda: track.heartrate,
        "cadence": lambda: track.cadence,
        "watts": lambda: track.watts,
        "temp": lambda: track.temp,
        "moving": lambda: [False, *(b > a for a, b in zip(track.clock, track.clock[1:], strict=False))],
        "grade_smooth": lambda: _grades(track),
    }
    return {name: make() for name, make in made.items() if name in wanted}


def _smooth(values: list[float], width: int = 3) -> list[float]:
    """Means over ``width`` samples, fewer at the ends."""
    return [sum(part) / len(part) for part in (values[max(0, n - width + 1) : n + 1] for n in range(len(values)))]


def _grades(track: Track, metres: float = 30.0) -> list[float] | None:
    """Per cent, over at least so many metres back."""
    if not track.altitude:
        return None
    found, back = [], 0
    for number, distance in enumerate(track.distance):
        while back < number and distance - track.distance[back + 1] >= metres:
            back += 1
        way = distance - track.distance[back]
        rise = track.altitude[number] - track.altitude[back]
        found.append(round(max(-50.0, min(50.0, 100 * rise / way)), 1) if way >= metres / 3 else 0.0)
    return found


def _picked(size: int, most: int) -> list[int] | None:
    """Evenly spread positions, ends kept; None for all."""
    if size <= most:
        return None
    return [round(number * (size - 1) / (most - 1)) for number in range(most)]
