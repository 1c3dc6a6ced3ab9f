from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from strava.activities.matching import Candidate, richness, same_activity
from strava.activities.naming import default_name, usable_name
from strava.activities.sports import SPORTS, same_family

START = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


def candidate(start_offset: float, elapsed: float) -> Candidate:
    return Candidate(uuid4(), START + timedelta(seconds=start_offset), elapsed)


@pytest.mark.parametrize(
    ("offset", "elapsed", "matches"),
    [
        (0, 3600, True),
        (120, 3600, True),
        (-120, 3600, True),
        (121, 3600, False),
        (0, 3600 + 111, True),
        (0, 3600 + 112, False),
        (0, 3600 - 109, False),
        (0, 3600 - 108, True),
    ],
)
def test_start_within_120_s_and_elapsed_within_3_percent_is_the_same(
    offset: float, elapsed: float, matches: bool
) -> None:
    assert (same_activity([candidate(offset, elapsed)], START, 3600) is not None) is matches


@pytest.mark.parametrize(("elapsed", "matches"), [(660, True), (661, False), (540, True), (539, False)])
def test_short_activities_may_differ_by_a_minute(elapsed: float, matches: bool) -> None:
    assert (same_activity([candidate(0, elapsed)], START, 600) is not None) is matches


def test_of_several_the_nearest_start_is_taken() -> None:
    near, far = candidate(5, 3600), candidate(-60, 3600)
    assert same_activity([far, near], START, 3600) is near


def test_the_richest_recording_has_streams_then_sensors_then_is_the_own_file_then_the_earlier() -> None:
    later = START + timedelta(hours=1)
    ordered = [
        richness([], "file", START),
        richness(["time", "distance"], "strava", START),
        richness(["time", "distance", "heartrate"], "strava", START),
        richness(["time", "distance", "heartrate", "latlng"], "strava", START),
        richness(["time", "distance", "heartrate", "latlng"], "file", later),
        richness(["time", "distance", "heartrate", "latlng"], "file", START),
        richness(["time", "distance", "heartrate", "cadence"], "strava", START),
    ]
    assert sorted(ordered) == ordered


def test_families_hold_their_own_sports() -> None:
    assert "TrailRun" in same_family("Run")
    assert same_family("Yoga") == {"Yoga"}
    assert "Ride" not in same_family("Run")
    assert {"Run", "TrailRun", "Ride", "Swim", "Workout"} <= SPORTS


@pytest.mark.parametrize(("hour", "name"), [(5, "Morning Run"), (11, "Lunch Run"), (23, "Night Run"), (3, "Night Run")])
def test_an_unnamed_activity_is_called_by_its_local_time_of_day(hour: int, name: str) -> None:
    assert default_name("Run", START.replace(hour=hour)) == name


def test_names_from_files_are_one_printable_line() -> None:
    assert default_name("TrailRun", START) == "Morning Trail Run"
    assert usable_name("  a\n\x00b ") == "a b"
    assert usable_name(" ") is None
    assert usable_name(None) is None
