from datetime import UTC, datetime

import numpy as np
import pytest

from strava.files.recording import DeviceTotals, RecordedLap, Recording
from strava.kernels import clean
from strava.kernels.device import MOST_LAPS, believable_laps, believable_totals

START = datetime(2026, 3, 1, 7, tzinfo=UTC)


def recording(laps: tuple[RecordedLap, ...], seconds: int = 600) -> Recording:
    time = np.arange(seconds + 1.0)
    return Recording("Run", START, {"time": time, "distance": time * 3.0}, "fit", laps=laps)


def test_what_a_device_may_say_is_believed() -> None:
    lap = RecordedLap(0, 300, 290, 900, 60, 20, 10, 140, 160, 170, 4.5, "manual")
    assert believable_laps((lap,), 300) == (lap,)
    totals = DeviceTotals(900, 300, 290, 60, 20, 10, 140, 160, 170, 250, 4.5)
    assert believable_totals(totals) == totals


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("distance", 1e9),
        ("distance", 200_000),  # in five minutes
        ("calories", 1e300),
        ("ascent", -5),
        ("max_heartrate", 400),
        ("average_heartrate", 0),
        ("average_cadence", 1e4),
        ("max_speed", float("inf")),
    ],
)
def test_what_cannot_be_is_left_out_and_the_rest_stays(name: str, value: float) -> None:
    (lap,) = believable_laps((RecordedLap(0, 300, **{"trigger": "manual", name: value}),), 300)  # type: ignore[arg-type] # as named
    assert lap == RecordedLap(0, 300, trigger="manual")
    assert believable_totals(DeviceTotals(elapsed=300, **{name: value})) == DeviceTotals(elapsed=300)


@pytest.mark.parametrize(
    "laps",
    [
        tuple(RecordedLap(second / 100, 0.01) for second in range(MOST_LAPS + 1)),
        tuple(RecordedLap(0, 600) for _ in range(100)),
    ],
    ids=["too many", "over each other"],
)
def test_laps_that_no_watch_writes_are_left_out_with_a_note(laps: tuple[RecordedLap, ...]) -> None:
    found = clean(recording(laps))
    assert found.laps == ()
    assert found.quality.notes == ("The laps are far too many or lie over each other; they were left out.",)


def test_as_many_laps_as_anybody_takes_are_kept() -> None:
    laps = tuple(RecordedLap(6.0 * number, 6.0) for number in range(100))
    assert clean(recording(laps)).laps == laps
