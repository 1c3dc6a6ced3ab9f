"""What a device sums up about a recording and its laps: what cannot be is left out, as if it had said nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from strava.files.recording import DeviceTotals, RecordedLap
from strava.kernels.distance import FARTHEST, FASTEST_OF_ALL

MOST_LAPS: Final = 10_000
MOST_OVERLAP: Final = 10.0  # times the length of the recording that its laps may last in all
LONGEST: Final = 4e9  # s, between the earliest and the latest time that a sample may have
LIMITS: Final = {
    "distance": (0.0, FARTHEST),
    "elapsed": (0.0, LONGEST),
    "timer": (0.0, LONGEST),
    "calories": (0.0, 100_000.0),
    "ascent": (0.0, 100_000.0),
    "descent": (0.0, 100_000.0),
    "average_heartrate": (25.0, 250.0),
    "max_heartrate": (25.0, 250.0),
    "average_cadence": (0.0, 508.0),
    "average_power": (0.0, 5_000.0),
    "max_speed": (0.0, FASTEST_OF_ALL),
}
"""As for samples (`files.samples.LIMITS`), cadence in steps, and what is more than anybody burns or climbs."""


def believable_totals(totals: DeviceTotals) -> DeviceTotals:
    """The summary without impossible values."""
    return replace(totals, **_impossible(totals))


def believable_laps(laps: Sequence[RecordedLap], lasted: float) -> tuple[RecordedLap, ...]:
    """Laps without impossible values; none at all when there are too many, or they overlap again and again.

    ``lasted`` is the length of the recording in s.
    """
    if len(laps) > MOST_LAPS or sum(lap.elapsed for lap in laps) > MOST_OVERLAP * (lasted + len(laps)):
        return ()
    return tuple(replace(lap, **_impossible(lap)) for lap in laps)


def _impossible(summary: DeviceTotals | RecordedLap) -> dict[str, Any]:
    """Values to be left out: None for each."""
    given = {name: value for name in LIMITS if (value := getattr(summary, name, None)) is not None}
    found = {name for name, value in given.items() if not LIMITS[name][0] <= value <= LIMITS[name][1]}
    elapsed = given.get("elapsed")
    if elapsed is not None and given.get("distance", 0.0) > FASTEST_OF_ALL * max(elapsed, 1.0):
        found.add("distance")
    return dict.fromkeys(found - {"elapsed"} if isinstance(summary, RecordedLap) else found)
