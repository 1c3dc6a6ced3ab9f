"""Columns of text beside Python's own formatting."""

import numpy as np
import pytest

from strava.exports.letters import digits, lines, numbers, words
from strava.streams.codec import SCALES, kept

ON, OFF = np.array([True, False]), np.array([False, True])


@pytest.mark.parametrize(("name", "places"), [("latlng", 7), ("altitude", 2), ("temperature", 1), ("heartrate", 0)])
@pytest.mark.parametrize("most", [0.02, 9.0, 180.0, 9_000.0, 3e8])
def test_numbers_are_written_as_python_writes_them(name: str, places: int, most: float) -> None:
    column = kept(name, np.random.default_rng(1).uniform(-most, most, 500)) + 0.0  # no minus before nought
    column[:6] = np.array([0, 1, -1, 10, 99, -100]) / SCALES[name]
    assert lines(len(column), [numbers(column, places), b"\n"]).decode().split() == [f"{x:.{places}f}" for x in column]


def test_halves_are_rounded_to_even_and_nothing_stands_for_what_is_not_known() -> None:
    column = np.array([84.5, 85.5, np.nan, 0.5, 254.0])
    assert lines(5, [numbers(column, 0), b"\n"]) == b"84\n86\n\n0\n254\n"
    assert lines(2, [numbers(np.full(2, np.nan), 2), b"|"]) == b"||"


def test_a_text_stands_where_it_belongs_and_bytes_stand_everywhere() -> None:
    assert lines(2, [b"<", words(b"a", ON), words(b"bcd", OFF), b">"]) == b"<a><bcd>"


def test_digits_keep_their_noughts() -> None:
    assert digits(np.array([7, 120, 10**12 + 5]), 3).tobytes() == b"007120005"
