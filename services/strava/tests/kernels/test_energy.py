import numpy as np
import pytest

from strava.kernels.energy import estimated_calories

NONE: dict[str, np.ndarray] = {}


def calories(sport: str, *, weight: float | None = 70.0, distance: float = 10_000.0, seconds: float = 3600.0) -> float:
    found = estimated_calories(sport, weight=weight, distance=distance, moving_time=seconds, streams=NONE)
    assert found is not None
    return found


def test_a_run_on_the_flat_costs_what_transport_and_rest_cost() -> None:
    assert calories("Run") == round(70 * (3.6 * 10_000 / 4184 + 1))
    assert calories("Run", weight=None) == calories("Run")
    assert calories("Run", weight=50) == pytest.approx(calories("Run") * 50 / 70, abs=1)


def test_hills_cost_more_than_the_flat_and_steep_descents_more_than_gentle_ones() -> None:
    distance = np.linspace(0.0, 1000.0, 101)

    def at(percent: float) -> float:
        streams = {"distance": distance, "grade": np.full(101, percent)}
        found = estimated_calories("Run", weight=70, distance=1000, moving_time=0, streams=streams)
        assert found is not None
        return found

    assert at(0.0) == round(70 * 3.6 * 1000 / 4184)
    minetti = 155.4 * 0.1**5 - 30.4 * 0.1**4 - 43.3 * 0.1**3 + 46.3 * 0.1**2 + 19.5 * 0.1 + 3.6
    assert at(10.0) == round(70 * minetti * 1000 / 4184)
    assert at(-20.0) < at(0.0)
    assert at(-45.0) > at(-20.0)
    assert at(90.0) == at(45.0)


def test_a_ride_costs_its_work_where_power_is_known_else_by_its_speed() -> None:
    streams = {"time": np.arange(3601.0), "power": np.full(3601, 200.0)}
    found = estimated_calories("Ride", weight=70, distance=30_000, moving_time=3600, streams=streams)
    assert found == round(200 * 3600 / 0.24 / 4184)
    speeds = [calories("Ride", distance=metres) for metres in (10_000, 18_000, 22_000, 30_000, 40_000)]
    assert speeds == sorted(speeds)


def test_a_gap_in_the_power_is_not_filled_for_long() -> None:
    streams = {"time": np.array([0.0, 1.0, 3600.0]), "power": np.array([200.0, np.nan, 200.0])}
    found = estimated_calories("Ride", weight=70, distance=1, moving_time=1, streams=streams)
    assert found == round(200 * 30 / 0.24 / 4184)


def test_other_sports_go_by_their_metabolic_equivalent_and_unknown_ones_have_no_estimate() -> None:
    assert calories("Yoga", distance=0) == 175
    assert calories("Walk", distance=5000) < calories("Run", distance=5000)
    assert estimated_calories("Workout", weight=70, distance=0, moving_time=600, streams=NONE) is None
