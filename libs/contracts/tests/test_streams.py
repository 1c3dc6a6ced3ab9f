from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
import pytest

from contracts.strava.api import ActivitySummary
from contracts.strava.streams import ActivityStreams, MalformedStreams, decode, encode

START = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
SUMMARY = ActivitySummary(
    id=uuid4(),
    athlete_id=uuid4(),
    version=1,
    name="Morgenløp",
    sport="Run",
    start_time=START,
    start_time_local=START,
    timezone="Europe/Oslo",
    distance=10.5,
    moving_time=3,
    elapsed_time=3,
    elevation_gain=None,
    average_speed=3.5,
    max_speed=None,
    average_heartrate=None,
    max_heartrate=None,
    average_cadence=None,
    calories=None,
    source="file",
)
COLUMNS = {
    "time": np.array([0.0, 1.0, 2.0]),
    "latlng": np.array([[59.9, 10.7], [np.nan, np.nan], [59.91, 10.71]]),
    "distance": np.array([0.0, 3.1, 6.0]),
}


def test_streams_survive_the_way_to_the_last_bit() -> None:
    read = decode(encode(ActivityStreams(SUMMARY, COLUMNS)))
    assert read.activity == SUMMARY
    assert list(read.columns) == list(COLUMNS)
    for name, column in COLUMNS.items():
        np.testing.assert_array_equal(read.columns[name], column)


def test_an_activity_without_streams_has_no_columns() -> None:
    assert decode(encode(ActivityStreams(SUMMARY, {}))).columns == {}


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="different length"):
        encode(ActivityStreams(SUMMARY, {"time": np.zeros(2), "distance": np.zeros(3)}))


@pytest.mark.parametrize("cut", [0, 3, 7, 40, -1])
def test_a_body_that_was_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(MalformedStreams):
        decode(encode(ActivityStreams(SUMMARY, COLUMNS))[:cut])
