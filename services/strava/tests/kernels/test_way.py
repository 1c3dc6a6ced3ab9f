"""The device's own distance beside jumps of its receiver and leaps of its counter."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from strava.files.recording import Column, RecordedLap, Recording
from strava.kernels import clean, derive

START = datetime(2026, 3, 1, 7, tzinfo=UTC)
METRE = 1 / 111_131.75  # degrees of latitude, at 45 degrees
PACE = 3.0  # m/s
MINUTES = 20


def steps(at: dict[int, float]) -> Column:
    """Metres of each second of 20 minutes, 3 m unless ``at`` says otherwise."""
    found = np.full(60 * MINUTES, PACE)
    found[list(at)] = list(at.values())
    return found


def way(of: Column) -> Column:
    return np.concatenate(([0.0], np.cumsum(of)))


def north(of: Column) -> Column:
    return np.column_stack((45 + way(of) * METRE, np.full(len(of) + 1, 9.0)))


def run(
    counted: Column, walked: Column | None = None, *, sport: str = "Run", laps: Sequence[RecordedLap] = ()
) -> Recording:
    """A run whose counter made these steps while its positions made those; without a position where they are NaN."""
    columns = {"time": np.arange(len(counted) + 1.0), "distance": way(counted)}
    if walked is not None:
        columns["latlng"] = north(np.nan_to_num(walked, nan=PACE))
        columns["latlng"][1:][np.isnan(walked)] = np.nan
    return Recording(sport, START, columns, "fit", laps=tuple(laps))


def fastest(recording: Recording) -> float:
    return float(np.diff(recording.columns["distance"]).max())


def test_a_counter_that_catches_up_keeps_its_way_and_loses_its_leap() -> None:
    behind = dict.fromkeys(range(590, 600), 1.0)
    found = clean(run(steps({**behind, 600: 23.0}), steps({})))
    assert fastest(found) == pytest.approx(PACE, abs=0.01)
    assert derive(found).distance == pytest.approx(PACE * 60 * MINUTES, abs=0.1)
    assert (found.quality.dropped, found.jumps) == ({}, 0)
    assert found.quality.notes == (
        "The distance of the device leapt where its positions did not, once; theirs was taken there.",
    )


def test_only_half_a_minute_around_a_leap_is_that_of_the_positions() -> None:
    short = dict.fromkeys([*range(500), *range(700, 1200)], 2.9)  # a counter that shows less than the positions
    found = clean(run(steps({**short, 600: 23.0}), steps({})))
    assert derive(found).distance == pytest.approx(2.9 * 1000 + 3 * 200, abs=0.1)


@pytest.mark.parametrize(
    ("walked", "why"),
    [
        (steps({600: 23.0}), "the receiver jumped as far"),
        (steps({600: np.nan}), "nobody knows where it was"),
        (steps({}) * 0, "the positions stand still, as indoors"),
        (None, "there are no positions"),
    ],
)
def test_a_jump_goes_out_of_the_samples_and_stays_in_the_distance_of_the_device(
    walked: Column | None, why: str
) -> None:
    found = clean(run(steps({600: 23.0}), walked))
    derived = derive(found)
    assert (fastest(found), found.columns["distance"][-1]) == (PACE, PACE * (60 * MINUTES - 1)), why
    assert derived.distance == PACE * (60 * MINUTES - 1) + 23
    assert derived.average_speed == pytest.approx(derived.distance / derived.moving_time, abs=0.001)
    assert sum(split.distance for split in derived.splits_km) == PACE * (60 * MINUTES - 1)
    assert found.quality.dropped == {"gps_jump": 1}
    [note] = found.quality.notes
    assert note.startswith("Jumps of the GPS receiver were removed: 1, 23 m in all. Only the distance")


def test_laps_are_as_the_device_counted_them_where_its_distance_is_believed() -> None:
    jumping = steps({600: 23.0})
    halves = [RecordedLap(0, 600, distance=1800), RecordedLap(600, 600, distance=1820)]
    assert [lap.distance for lap in derive(clean(run(jumping, laps=halves))).laps] == [1800, 1820]
    [whole] = derive(clean(run(jumping))).laps
    assert whole.distance == 3620


def test_a_distance_of_which_more_than_a_fiftieth_was_jumped_is_not_believed() -> None:
    halves = [RecordedLap(0, 600, distance=1800), RecordedLap(600, 600, distance=1900)]
    derived = derive(clean(run(steps({600: 103.0}), laps=halves)))
    assert derived.distance == PACE * (60 * MINUTES - 1)
    assert [lap.distance for lap in derived.laps] == [1800, 1797]


def test_jumps_of_positions_are_nobodys_way() -> None:
    recording = run(steps({}), steps({600: 23.0}))
    del recording.columns["distance"]  # type: ignore[attr-defined] # a dict here
    found = clean(recording)
    assert derive(found).distance == pytest.approx(PACE * (60 * MINUTES - 1), abs=0.1)
    assert (found.jumps, found.quality.notes) == (0, ("Jumps of the GPS receiver were removed: 1, 23 m in all.",))


def test_a_ride_downhill_neither_jumps_nor_leaps() -> None:
    found = clean(run(steps({600: 23.0}), steps({}), sport="Ride"))
    assert derive(found).distance == PACE * (60 * MINUTES - 1) + 23
    assert (found.quality.dropped, found.quality.notes) == ({}, ())
