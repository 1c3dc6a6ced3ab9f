"""What holds for every activity that was read from a file, whatever the file."""

from dataclasses import asdict, astuple, replace
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import numpy as np

from strava.files import ParseResult
from strava.kernels import Lap, Split
from strava.sandbox import ParsedActivity, ParsedFile
from strava.streams.packed import Packed

EARLIEST, LATEST = datetime(1980, 1, 6, tzinfo=UTC), datetime(2100, 1, 2, tzinfo=UTC)
LONGEST = 4e9  # s; all the time there is between the two
FARTHEST = 1e7  # m
MOST_LAPS = 32_767  # what the store can number
LONGEST_NOTES = 10_000
RANGES = {
    "distance": (0.0, FARTHEST),
    "altitude": (-500.0, 9_000.0),
    "heartrate": (25.0, 250.0),
    "cadence": (0.0, 508.0),
    "power": (0.0, 5_000.0),
    "temperature": (-60.0, 80.0),
    "grade": (-50.0, 50.0),
    "moving": (0.0, 1.0),
    "latlng": (-180.0, 180.0),
}


def assert_sane(parsed: ParsedFile) -> None:
    """Fail unless a file is a route that says why, or has activities whose numbers are finite and possible."""
    assert (parsed.kind == "route") == (not parsed.activities)
    assert parsed.activities or parsed.notes
    for activity in parsed.activities:
        _streams(activity)
        _totals(activity)
        _parts(activity)
        _words(activity)


def _streams(activity: ParsedActivity) -> None:
    streams = activity.derived.streams
    time = streams["time"]
    assert {len(values) for values in streams.values()} == {len(time)}
    assert np.isfinite(time).all()
    assert time[0] == 0.0
    assert (np.diff(time) > 0).all()
    assert (np.diff(streams.get("distance", np.zeros(1))) >= 0).all()
    for name, values in streams.items():
        assert not np.isinf(values).any(), name
        low, high = RANGES.get(name, (0.0, LONGEST))
        known = values[~np.isnan(values)]
        assert ((known >= low) & (known <= high)).all(), (name, known.min(), known.max())
    packed = Packed.of(streams)
    assert packed.count == len(time)
    assert set(packed) == set(streams)


def _totals(activity: ParsedActivity) -> None:
    derived, begin = activity.derived, activity.recording.start_time
    assert EARLIEST <= begin <= LATEST
    assert 0 <= derived.moving_time <= derived.elapsed_time <= LONGEST
    assert 0 <= derived.distance <= FARTHEST
    numbers = [value for value in vars_of(derived) if isinstance(value, int | float)]
    assert all(isfinite(number) for number in numbers), numbers
    assert 0 <= (derived.calories or 0) <= 100_000
    assert 0 <= (derived.elevation_gain or 0) <= 1e7
    assert derived.average_heartrate is None or 25 <= derived.average_heartrate <= 250
    assert derived.max_heartrate is None or 25 <= derived.max_heartrate <= 250
    for point in (derived.start_latlng, derived.end_latlng):
        assert point is None or (abs(point[0]) <= 90 and abs(point[1]) <= 180)


def _parts(activity: ParsedActivity) -> None:
    derived = activity.derived
    covered = derived.distance - activity.recording.jumps
    for splits in (derived.splits_km, derived.splits_mi):
        assert abs(sum(split.distance for split in splits) - covered) <= 0.1 + 0.005 * len(splits)
    assert 1 <= len(derived.laps) <= MOST_LAPS
    parts: tuple[Split | Lap, ...] = (*derived.splits_km, *derived.splits_mi, *derived.laps)
    for part in parts:
        numbers = [value for value in astuple(part) if isinstance(value, int | float)]
        assert all(isfinite(number) for number in numbers), part
        assert 0 <= part.distance <= FARTHEST, part
        assert 0 <= part.moving_time <= part.elapsed_time + 0.01 <= LONGEST, part
    for lap in derived.laps:
        assert 0 <= lap.start_index <= lap.end_index < len(derived.streams["time"]), lap
        assert 0 <= (lap.calories or 0) <= 100_000, lap
        assert 0 <= (lap.total_elevation_gain or 0) <= 1e5, lap
        assert 0 <= (lap.max_heartrate or 0) <= 250, lap
        assert 0 <= (lap.average_heartrate or 0) <= 250, lap
        assert 0 <= (lap.average_cadence or 0) <= 508, lap
        assert 0 <= (lap.max_speed or 0) <= 1000, lap


def _words(activity: ParsedActivity) -> None:
    recording = activity.recording
    for word in (recording.name, recording.device, recording.notes, *recording.quality.notes):
        assert word is None or "\0" not in word
        assert word is None or len(word.encode()) <= 4 * LONGEST_NOTES  # encoding fails for half a character


def vars_of(derived: Any) -> list[Any]:
    """Own values of a slotted dataclass."""
    return [getattr(derived, name) for name in derived.__slots__]


def assert_same(one: ParseResult, other: ParseResult) -> None:
    """Fail unless two ways to read a file that is whole gave the same."""
    if any(each.quality.damaged for each in (*one.recordings, *other.recordings)):
        return
    assert (one.kind, one.notes) == (other.kind, other.notes)
    assert len(one.recordings) == len(other.recordings)
    for mine, theirs in zip(one.recordings, other.recordings, strict=True):
        assert set(mine.columns) == set(theirs.columns)
        for name, values in mine.columns.items():
            assert np.array_equal(values, theirs.columns[name], equal_nan=True), name
        assert asdict(replace(mine, columns={})) == asdict(replace(theirs, columns={}))
