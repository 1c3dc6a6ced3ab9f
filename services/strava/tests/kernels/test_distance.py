import numpy as np
import pytest

from strava.kernels.distance import FASTEST_OF_ALL, from_positions, geodesic_steps, without_jumps

RANDOM = np.random.default_rng(7)


def test_way_made_within_any_pause_does_not_count_as_the_slow_way_has_it() -> None:
    for _ in range(50):
        time = np.cumsum(RANDOM.integers(1, 4, 40)).astype(np.float64)
        latlng = np.column_stack((45 + np.cumsum(RANDOM.random(40)) / 1e4, np.full(40, 9.0)))
        begins = RANDOM.integers(0, 90, 12).astype(float)
        pauses = tuple((begin, begin + float(RANDOM.integers(0, 25))) for begin in begins.tolist())
        steps = geodesic_steps(latlng)
        for begin, end in pauses:
            steps[(time[:-1] >= begin) & (time[1:] <= end)] = 0.0
        assert from_positions(time, latlng, pauses)[-1] == pytest.approx(steps.sum())


@pytest.mark.parametrize("on_foot", [True, False])
def test_what_nothing_on_earth_does_is_a_jump_in_any_sport(on_foot: bool) -> None:
    steps = np.full(100, 3.0)
    steps[50] = 60_000.0
    time, distance = np.arange(0.0, 1001.0, 10.0), np.concatenate(([0.0], np.cumsum(steps)))
    found, removed = without_jumps(time, distance, on_foot=on_foot)
    assert (found[-1], removed) == (297.0, 1)


def test_many_jumps_within_one_second_go_too() -> None:
    steps = np.concatenate((np.full(10, 3.0), np.full(1_000, 300.0), np.full(10, 3.0)))
    time = np.concatenate((np.arange(11.0), 10 + np.arange(1, 1_001) / 1_001, np.arange(11.0, 21.0)))
    found, removed = without_jumps(time, np.concatenate(([0.0], np.cumsum(steps))), on_foot=False)
    assert (removed, found[-1]) == (1_001, 57.0)  # the whole second, with the step that ends as it begins


def test_a_flight_is_none() -> None:
    time = np.arange(0.0, 3_600.0)
    distance = time * (FASTEST_OF_ALL - 50)
    found, removed = without_jumps(time, distance, on_foot=False)
    assert (found is distance, removed) == (True, 0)
