import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from strava.streams.codec import SCALES, Column, decode, encode, kept

LIMITS = {"time": 1e8, "distance": 1e8, "latlng": 180, "altitude": 1e4}


@given(st.sampled_from(sorted(SCALES)), st.data())
def test_a_stream_is_kept_at_its_resolution_with_gaps(name: str, data: st.DataObject) -> None:
    limit = LIMITS.get(name, 1000)
    values = st.one_of(st.floats(-limit, limit), st.just(np.nan))
    count = data.draw(st.integers(0, 60))
    shape = (count, 2) if name == "latlng" else (count,)
    column = data.draw(hnp.arrays(np.float64, shape, elements=values))
    read = decode(name, encode(name, column))
    assert read.shape == column.shape
    np.testing.assert_array_equal(np.isnan(read), np.isnan(column))
    np.testing.assert_allclose(read, column, atol=0.5 / SCALES[name] + 1e-9, equal_nan=True)


def test_a_stored_stream_is_stored_again_without_change() -> None:
    column = kept("distance", np.cumsum(np.random.default_rng(1).uniform(2, 4, 3600)))
    once = decode("distance", encode("distance", column))
    np.testing.assert_array_equal(once, column)
    assert encode("distance", once) == encode("distance", column)


def test_values_beyond_32_bits_survive() -> None:
    column = np.array([0.0, 3.2e7, 6.4e7])
    np.testing.assert_array_equal(decode("time", encode("time", column)), column)


def test_an_unknown_format_is_refused() -> None:
    data = bytearray(encode("time", np.zeros(3)))
    data[0] = 9
    with pytest.raises(ValueError, match="unknown stream format"):
        decode("time", bytes(data))


def sample_run(count: int) -> dict[str, Column]:
    random = np.random.default_rng(2)
    track = np.cumsum(random.normal(0, 2e-5, (count, 2)), axis=0) + np.array([59.9, 10.7])
    return {
        "time": np.arange(count, dtype=float),
        "distance": np.cumsum(random.uniform(2.5, 3.5, count)),
        "latlng": track,
        "altitude": np.round(np.cumsum(random.normal(0, 0.1, count)), 1),
        "heartrate": np.round(150 + np.cumsum(random.normal(0, 0.3, count))),
        "cadence": np.round(random.normal(172, 2, count)),
        "velocity": random.uniform(2.5, 3.5, count),
        "grade": random.normal(0, 2, count),
        "moving": np.ones(count),
    }


def test_an_hour_of_nine_streams_takes_less_than_60_kib() -> None:
    assert sum(len(encode(name, column)) for name, column in sample_run(3600).items()) < 60 * 1024
