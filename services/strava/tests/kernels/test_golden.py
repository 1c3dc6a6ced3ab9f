"""The cleaned distance gives the known best efforts; found here the slow and obvious way."""

from pathlib import Path

import numpy as np
import pytest

from strava.files.recording import Column
from strava.sandbox.child import read_file

GOLDEN: dict[str, dict[float, float]] = {
    "race-10k.fit": {400: 81.5, 800: 166.3, 1000: 210.0, 1609.344: 347.8, 5000: 1096.2, 10_000: 2221.3},
    "run-with-pauses.fit": {1000: 248.1, 5000: 1388.2, 10_000: 2890.5},
    "run-10k-hr-11-laps.fit": {400: 86.9, 1000: 235.9, 5000: 1298.9, 10_000: 2716.0},
}


def at(time: Column, distance: Column, way: float, *, first: bool) -> float:
    """Time at which a way is reached: the first moment of a plateau, or the last."""
    index = int(np.searchsorted(distance, way, side="left" if first else "right"))
    index = min(max(index, 1), len(time) - 1)
    step = float(distance[index] - distance[index - 1])
    share = (way - float(distance[index - 1])) / step if step else float(not first)
    return float(time[index - 1]) + share * float(time[index] - time[index - 1])


def best(time: Column, distance: Column, length: float) -> float:
    """Least time over a length: every sample as the start, and as the end, of an attempt."""
    starts = [way for way in distance.tolist() if way + length <= distance[-1]]
    starts += [way - length for way in distance.tolist() if way - length >= distance[0]]
    return min(at(time, distance, way + length, first=True) - at(time, distance, way, first=False) for way in starts)


@pytest.mark.parametrize("name", GOLDEN)
def test_best_efforts_are_the_known_ones(recordings_dir: Path, name: str) -> None:
    (activity,) = read_file((recordings_dir / name).read_bytes(), name).activities
    streams = activity.derived.streams
    found = {length: best(streams["time"], streams["distance"], length) for length in GOLDEN[name]}
    assert found == pytest.approx(GOLDEN[name], abs=0.1)
