"""Lists of values as read become columns: absent is NaN, impossible values go and are counted."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from strava.files.recording import Column, Recording

EARLIEST = 315_964_800.0  # 1980-01-06, when GPS time begins: clocks before it were never set
LATEST = 4_102_444_800.0  # 2100-01-01
CLOCKS_DIFFER = timedelta(days=1)
"""How far ahead of ours the clock of a device, or of a person elsewhere, may be."""

LIMITS = {
    "distance": (0.0, 1e7),
    "altitude": (-499.0, 9_000.0),  # FIT writes -500 for "no altitude"
    "heartrate": (25.0, 250.0),
    "cadence": (0.0, 254.0),
    "power": (0.0, 5_000.0),
    "temperature": (-60.0, 80.0),
}
ZERO_IS_ABSENT = ("heartrate",)
ALL_ZERO_IS_ABSENT = ("distance", "cadence", "power")
LEG_CADENCE_BELOW = 120.0
FOOT = frozenset({"Run", "TrailRun", "VirtualRun", "Walk", "Hike"})
FASTEST_RUN = 7.0


@dataclass(slots=True)
class Samples:
    """Columns of one recording in file order, and what was dropped on the way.

    ``start`` is the Unix time of the first sample, ``columns["time"]`` counts from it.
    """

    start: float
    columns: dict[str, Column]
    total: int
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def start_time(self) -> datetime:
        return datetime.fromtimestamp(self.start, UTC)


def number(text: str | None) -> float | None:
    """Value of a text; None for none, infinity (counted later as non-finite) for what is no number."""
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        return math.inf if text.strip() else None
    return math.inf if math.isnan(value) else value


def column(values: Sequence[object]) -> Column:
    """float64 array of a list of numbers; what is no number is NaN."""
    try:
        found = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        found = np.empty(0)
    if found.shape == (len(values),):
        return found
    return np.array([v if isinstance(v, int | float) else None for v in values], dtype=np.float64)


def build(times: Column, raw: Mapping[str, Column]) -> Samples | None:
    """Samples of the rows that have a time; None when no row has one.

    Args:
        times: (n,) Unix seconds, NaN where absent.
        raw: (n,) columns named as in `Recording`, with ``lat`` and ``lng`` in place of ``latlng``.
    """
    dropped: Counter[str] = Counter()
    known = np.isfinite(times)
    possible = known & (times >= EARLIEST) & (times <= LATEST)
    dropped["without_time"] = int(np.count_nonzero(~known))
    dropped["out_of_range"] = int(np.count_nonzero(known & ~possible))
    if not possible.any():
        return None
    kept = times[possible]
    columns: dict[str, Column] = {"time": kept - kept[0]}
    given = {name: values[possible] for name, values in raw.items()}
    if "lat" in given and "lng" in given:
        columns["latlng"] = _positions(given.pop("lat"), given.pop("lng"), dropped)
    columns |= {name: _within(name, values, dropped) for name, values in given.items() if name in LIMITS}
    present = {name: values for name, values in columns.items() if _is_present(name, values)}
    return Samples(float(kept[0]), present, len(times), +dropped)


def _positions(lat: Column, lng: Column, dropped: Counter[str]) -> Column:
    """(n, 2) degrees; (0, 0) is what receivers write before they know."""
    latlng = np.column_stack((lat, lng))
    infinite = np.isinf(latlng).any(axis=1)
    inside = (np.abs(latlng) <= (90.0, 180.0)).all(axis=1) & (latlng != 0.0).any(axis=1)
    outside = ~infinite & ~inside & ~np.isnan(latlng).any(axis=1)
    dropped["non_finite"] += int(np.count_nonzero(infinite))
    dropped["out_of_range"] += int(np.count_nonzero(outside))
    latlng[~inside] = np.nan
    return latlng


def _within(name: str, values: Column, dropped: Counter[str]) -> Column:
    low, high = LIMITS[name]
    clean = values.copy()
    if name in ZERO_IS_ABSENT:
        clean[clean == 0.0] = np.nan
    infinite = np.isinf(clean)
    outside = ~infinite & ((clean < low) | (clean > high))
    dropped["non_finite"] += int(np.count_nonzero(infinite))
    dropped["out_of_range"] += int(np.count_nonzero(outside))
    clean[infinite | outside] = np.nan
    return clean


def _is_present(name: str, values: Column) -> bool:
    """Whether the sensor was there: some value, and for counters some that is not zero."""
    valid = ~np.isnan(values)
    return bool(valid.any() and (name not in ALL_ZERO_IS_ABSENT or values[valid].any()))


def with_steps(recording: Recording) -> Recording:
    """Cadence of runs and walks in steps per minute; devices count one leg (FIT, TCX and Garmin's extension say so)."""
    return _recounted(recording, cadence_factor("", recording.sport, recording.columns.get("cadence")))


def as_sport(recording: Recording, sport: str) -> Recording:
    """The recording as one of another sport, its cadence counted as that sport's is."""
    factor = cadence_factor(recording.sport, sport, recording.columns.get("cadence"))
    return _recounted(replace(recording, sport=sport), factor)


def cadence_factor(before: str, sport: str, cadence: Column | None) -> float:
    """What cadence per minute is to be multiplied with when a recording becomes one of ``sport``.

    On foot it is of both legs, else of one. A few applications write steps themselves: nobody turns over 120 times a
    minute on each leg for long, so a median above that is taken as steps.
    """
    if (before in FOOT) is (sport in FOOT):
        return 1.0
    if sport not in FOOT:
        return 0.5
    turning = np.empty(0) if cadence is None else cadence[cadence > 0.0]
    return 1.0 if turning.size and float(np.median(turning)) > LEG_CADENCE_BELOW else 2.0


def _recounted(recording: Recording, factor: float) -> Recording:
    if factor == 1.0:
        return recording
    columns = dict(recording.columns)
    if "cadence" in columns:
        columns["cadence"] = columns["cadence"] * factor
    totals = replace(recording.totals, average_cadence=_times(recording.totals.average_cadence, factor))
    laps = tuple(replace(lap, average_cadence=_times(lap.average_cadence, factor)) for lap in recording.laps)
    return replace(recording, columns=columns, totals=totals, laps=laps)


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
