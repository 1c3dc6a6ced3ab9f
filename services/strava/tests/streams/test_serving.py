import numpy as np
import orjson
import pytest

from strava.streams.serving import DEFAULT_KEYS, UnknownStream, as_json, parse_keys, thinned


@pytest.mark.parametrize(("resolution", "most"), [("low", 100), ("medium", 1000), ("high", 10_000), ("full", 20_000)])
def test_a_resolution_keeps_first_last_and_at_most_its_samples(resolution: str, most: int) -> None:
    indices = thinned(20_000, resolution)  # type: ignore[arg-type] # the names of the parameters above
    assert (indices[0], indices[-1], len(indices)) == (0, 19_999, most)
    assert (np.diff(indices) > 0).all()


def test_short_streams_are_not_thinned() -> None:
    assert len(thinned(50, "low")) == 50
    assert len(thinned(0, "low")) == 0


def test_absent_values_are_null_and_moving_is_boolean() -> None:
    columns = {"altitude": np.array([1.5, np.nan]), "moving": np.array([1.0, 0.0])}
    body = orjson.loads(orjson.dumps(as_json(columns, "full"), option=orjson.OPT_SERIALIZE_NUMPY))
    assert body == {
        "altitude": {"data": [1.5, None], "unit": "m"},
        "moving": {"data": [True, False], "unit": "bool"},
    }


def test_heart_rate_is_not_among_the_default_keys() -> None:
    assert "heartrate" not in DEFAULT_KEYS
    assert parse_keys("heartrate, time,time") == ["heartrate", "time"]


def test_an_unknown_key_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownStream) as caught:
        parse_keys("time,speed")
    assert "velocity" in caught.value.next_steps
