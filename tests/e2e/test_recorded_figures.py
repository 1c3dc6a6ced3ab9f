"""Every recording at hand, given through the gateway: its figures there are those of its device."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from recorded import SHORTER, TABLE, Expected
from running_platform import Person

Reader = Callable[[str], tuple[str, bytes]]


@pytest.mark.parametrize("name", TABLE)
def test_figures_laps_splits_and_sensors_are_those_a_runner_expects(
    runner: Person, recording: Reader, name: str
) -> None:
    item = runner.import_files([recording(name)])[name]
    found = sorted((runner.get(f"/activities/{each}") for each in item["activity_ids"]), key=start_of)
    assert item["state"] == "imported"
    assert len(found) == len(TABLE[name])
    for activity, expected in zip(found, TABLE[name], strict=True):
        has_the_figures(activity, expected)
        assert len(runner.get(f"/activities/{activity['id']}/laps")["items"]) == expected.laps
        sensors = ",".join({*expected.sensors, "time"})
        shown = runner.get(f"/activities/{activity['id']}/streams", params={"keys": sensors})
        assert set(shown) == {*expected.sensors, "time"}
        splits = runner.get(f"/activities/{activity['id']}/splits")["items"]
        add_up(splits, activity, expected.jumps)
        if expected.device is not None and name not in SHORTER:
            assert activity["distance"] == pytest.approx(expected.device, rel=0.005)


def start_of(activity: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(activity["start_time"])


def has_the_figures(activity: dict[str, Any], expected: Expected) -> None:
    """Sport, start, zone, distance, times and the quality report."""
    assert activity["sport"] == expected.sport
    assert start_of(activity).replace(microsecond=0) == expected.start
    assert activity["timezone"] == (expected.zone or "UTC")  # no position: the athlete's own zone
    assert activity["distance"] == pytest.approx(expected.distance, abs=0.05)
    assert activity["elapsed_time"] == pytest.approx(expected.elapsed, abs=0.1)
    assert activity["moving_time"] == pytest.approx(expected.moving, abs=0.1)
    [quality] = [each["quality"] for each in activity["recordings"]]
    assert len(quality["notes"]) == len(expected.notes)
    assert all(part in note for part, note in zip(expected.notes, quality["notes"], strict=True))
    assert quality["dropped"] == expected.dropped


def add_up(splits: list[dict[str, Any]], activity: dict[str, Any], jumps: float) -> None:
    """Full kilometres and a rest, which together are the activity without jumps of the receiver."""
    covered = activity["distance"] - jumps
    assert sum(split["distance"] for split in splits) == pytest.approx(covered, abs=1)
    assert all(split["distance"] == pytest.approx(1000, abs=0.02) for split in splits[:-1])
    assert len(splits) == -(-covered // 1000)
    if splits:
        assert sum(split["elapsed_time"] for split in splits) == pytest.approx(activity["elapsed_time"], abs=2)
        assert sum(split["moving_time"] for split in splits) == pytest.approx(activity["moving_time"], abs=2)
