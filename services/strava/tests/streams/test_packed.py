import pickle

import numpy as np
import pytest

from strava.streams.codec import encode
from strava.streams.packed import Packed

STREAMS = {
    "time": np.arange(100.0),
    "latlng": np.column_stack((np.linspace(45, 46, 100), np.linspace(9, 10, 100))),
    "heartrate": np.where(np.arange(100) % 7, 140.0, np.nan),
}


def test_streams_come_out_as_they_are_kept() -> None:
    packed = pickle.loads(pickle.dumps(Packed.of(STREAMS)))
    assert (sorted(packed), packed.count) == (sorted(STREAMS), 100)
    for name, column in STREAMS.items():
        np.testing.assert_allclose(packed[name], column, atol=1e-7)
        assert packed.encoded[name] == encode(name, column)


def test_no_streams_are_of_no_length() -> None:
    assert (len(Packed.of({})), Packed.of({}).count) == (0, 0)
    with pytest.raises(KeyError):
        Packed.of({})["time"]


def test_a_stream_that_is_longer_than_it_says_is_not_unpacked() -> None:
    bomb = Packed({"time": encode("time", np.zeros(1_000_000))}, 100)
    with pytest.raises(ValueError, match="longer"):
        bomb["time"]
