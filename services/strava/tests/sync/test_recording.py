import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from strava.files.recording import FileRefused
from strava.kernels import polyline
from strava.remote.shapes import DetailedActivity
from strava.sync.recording import original_of, parsed_of

START = datetime(2026, 1, 10, 22, 30, tzinfo=UTC)


def activity(**values: Any) -> DetailedActivity:
    known = {
        "id": 12_345_678_901,
        "athlete": {"id": 7, "resource_state": 1},
        "name": "Evening",
        "start_date": "2026-01-10T22:30:00Z",
        "start_date_local": "2026-01-10T17:30:00Z",
        "timezone": "(GMT-05:00) America/New_York",
        "elapsed_time": 620,
        "moving_time": 600,
        "distance": 2000.0,
        "total_elevation_gain": 12.0,
        "sport_type": "Run",
        "type": "Run",
        "average_cadence": 84.0,
        "calories": 140.0,
        "start_latlng": [],
    }
    return DetailedActivity.model_validate(known | values)


def streams(count: int = 601, **columns: list[Any]) -> dict[str, list[Any]]:
    return {"time": list(range(count)), "distance": [3.0 * second for second in range(count)], **columns}


def test_samples_become_columns_in_our_names_and_units() -> None:
    parsed = parsed_of(
        activity(),
        streams(
            latlng=[[45 + second / 40_000, 9.0] for second in range(601)],
            heartrate=[150] * 601,
            cadence=[85] * 601,
            watts=[250] * 601,
            temp=[18] * 601,
            altitude=[100.0] * 601,
        ),
    )
    found = parsed.derived.streams
    assert {"latlng", "heartrate", "cadence", "power", "temperature", "velocity", "grade", "moving"} <= set(found)
    assert (found["cadence"][0], found["power"][0], found["temperature"][0]) == (170.0, 250.0, 18.0)
    assert (parsed.derived.distance, parsed.derived.elapsed_time) == (1800.0, 600.0)
    assert parsed.start_time == START
    assert parsed.derived.timezone == "Europe/Rome"  # where it was run, not what the account says


def test_without_a_position_the_zone_is_the_iana_part_of_stravas() -> None:
    assert parsed_of(activity(), streams()).derived.timezone == "America/New_York"
    assert parsed_of(activity(timezone="(GMT+10:30) Nowhere/Else"), streams()).derived.timezone is None
    assert parsed_of(activity(timezone=None), {}).derived.timezone is None


def test_the_local_start_that_claims_to_be_utc_is_not_believed() -> None:
    assert parsed_of(activity(), {}).start_time == START


def test_a_manual_entry_is_stored_by_stravas_figures() -> None:
    parsed = parsed_of(activity(manual=True, map={"summary_polyline": ""}), {})
    derived = parsed.derived
    assert (derived.distance, derived.moving_time, derived.elapsed_time) == (2000.0, 600.0, 620.0)
    assert derived.average_speed == pytest.approx(2000 / 600, abs=0.001)
    assert (derived.streams, derived.polyline, derived.average_cadence) == ({}, None, 168.0)
    assert parsed.recording.quality.notes == ()


def test_what_has_no_samples_yet_keeps_its_way_and_its_splits() -> None:
    way = np.array([[45.0, 9.0], [45.01, 9.0], [45.02, 9.01]])
    split = {"split": 1, "distance": 1002.0, "elapsed_time": 300, "moving_time": 298}
    lap = {"elapsed_time": 310, "moving_time": 300, "distance": 1000.0, "average_cadence": 84.0}
    parsed = parsed_of(activity(map={"polyline": polyline.encode(way)}, splits_metric=[split], laps=[lap, lap]), {})
    assert parsed.derived.bounds is not None
    assert (parsed.derived.bounds.north, parsed.derived.bounds.east) == pytest.approx((45.02, 9.01))
    assert parsed.derived.fastest_pace == pytest.approx(300 / 1.002, abs=0.01)
    assert [(each.start, each.average_cadence) for each in parsed.derived.laps] == [(0.0, 168.0), (310.0, 168.0)]
    assert "yet" in parsed.recording.quality.notes[0]


def test_a_treadmill_without_a_distance_stream_has_stravas_distance() -> None:
    parsed = parsed_of(activity(trainer=True), {"time": list(range(601)), "heartrate": [140] * 601})
    assert (parsed.derived.distance, parsed.recording.indoor) == (2000.0, True)
    assert parsed.derived.average_heartrate == 140


@pytest.mark.parametrize(
    "odd",
    [
        {"heartrate": [150]},
        {"heartrate": [None, "x", 150] * 300},
        {"latlng": [[45.0, 9.0], [], None, [45.0]]},
        {"distance": []},
        {"time": [5]},
        {"time": []},
        {"time": [0, 10**30, -(10**30)]},
    ],
)
def test_odd_streams_do_no_harm(odd: dict[str, list[Any]]) -> None:
    assert parsed_of(activity(), streams() | odd).derived.elapsed_time >= 0


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1979-12-31T00:00:00+14:00"])
def test_an_impossible_start_is_refused(start: str) -> None:
    for samples in ({}, streams()):
        with pytest.raises(FileRefused):
            parsed_of(activity(start_date=start), samples)


def test_what_others_do_to_an_activity_does_not_change_the_original() -> None:
    before = original_of(activity(kudos_count=1, comment_count=0, segment_efforts=[{"pr_rank": None}]), streams())
    after = original_of(activity(kudos_count=9, comment_count=3, segment_efforts=[{"pr_rank": 1}]), streams())
    assert before == after
    assert json.loads(before)["activity"]["id"] == 12_345_678_901
    assert original_of(activity(name="Other"), streams()) != before


@pytest.mark.parametrize(
    ("given", "sport"),
    [
        ({"sport_type": "TrailRun"}, "TrailRun"),
        ({"sport_type": None, "type": "Ride"}, "Ride"),
        ({"sport_type": "Padel"}, "Padel"),
        ({"sport_type": "<b>", "type": None}, "Workout"),
    ],
)
def test_the_sport_is_stravas_word(given: dict[str, Any], sport: str) -> None:
    assert parsed_of(activity(**given), {}).recording.sport == sport
