from datetime import UTC, datetime

import numpy as np
import pytest

from strava.files.recording import Column, DeviceTotals, FileRefused, RecordedLap, Recording
from strava.kernels import clean, derive
from strava.kernels.way import longest_rise

START = datetime(2026, 3, 1, 7, tzinfo=UTC)
DAY = 86_400.0


def recording(time: object, sport: str = "Run", **columns: object) -> Recording:
    arrays = {name: np.array(values, dtype=np.float64) for name, values in columns.items()}
    return Recording(sport, START, {"time": np.array(time, dtype=np.float64)} | arrays, "fit")


def column(found: Recording, name: str) -> list[float]:
    values: Column = found.columns[name]
    return [float(value) for value in values]


def test_a_sample_that_goes_back_in_time_goes_alone() -> None:
    found = clean(recording([0, 1, 2, 1.5, 3], distance=[0, 3, 6, 7, 9]))
    assert column(found, "time") == [0, 1, 2, 3]
    assert found.quality.dropped == {"backwards_time": 1}


@pytest.mark.parametrize("height", [8000.0, -400.0])
def test_one_altitude_that_nobody_climbed_to_goes_and_is_counted(height: float) -> None:
    flat = [100.0] * 400
    spiked = [*flat[:200], height, *flat[201:]]
    time = list(range(400))
    found = clean(recording(time, distance=[3.0 * at for at in time], altitude=spiked))
    assert found.quality.dropped == {"altitude_spike": 1}
    assert (len(found.columns["time"]), derive(found).elevation_gain) == (400, 0.0)


@pytest.mark.parametrize(
    ("time", "altitude"),
    [
        ([0, 1, 2, 3, 4, 5], [100, 100, 149, 100, 100, 100]),  # no more than a barometer in the wind
        ([0, 60, 120, 180, 240, 300], [100, 100, 1100, 100, 100, 100]),  # a lift up and down in two minutes
        ([0, 1, 2, 3, 4, 5], [100, 100, 300, 300, 300, 300]),  # there and not back: a sensor that was set
        ([0, 1, 2, 3, 4, 5], [100, 100, 300, 500, 500, 500]),  # and set once more
    ],
)
def test_altitudes_that_may_be_are_left(time: list[float], altitude: list[float]) -> None:
    found = clean(recording(time, distance=[3.0 * at for at in time], altitude=altitude))
    assert found.quality.dropped == {}
    assert column(found, "altitude") == altitude


@pytest.mark.parametrize("time", [[7], [5, 4, 3, 2, 1], [3, 3, 3]])
def test_a_recording_without_two_usable_samples_is_refused(time: list[float]) -> None:
    with pytest.raises(FileRefused, match="no two usable samples"):
        clean(recording(time, distance=[10.0 * at for at in range(len(time))], heartrate=[120] * len(time)))


def test_two_samples_indoors_with_no_distance_are_a_recording() -> None:
    assert column(clean(recording([0, 1800], heartrate=[120, 140])), "time") == [0, 1800]


def test_a_time_far_ahead_goes_alone_and_is_no_clock_fault() -> None:
    found = clean(recording([0, 1, 9 * DAY, 3, 4], distance=[0, 3, 6, 9, 12]))
    assert column(found, "time") == [0, 1, 3, 4]
    assert found.quality.notes == ()


def test_of_two_times_that_contradict_each_other_the_earlier_sample_stays() -> None:
    found = clean(recording([1, 0, 2], distance=[0, 0, 3]))
    assert column(found, "distance") == [0, 3]
    assert found.start_time.timestamp() == START.timestamp() + 1


def test_samples_of_one_moment_are_joined() -> None:
    nan = np.nan
    found = clean(recording([0, 1, 1, 2], distance=[0, 3, nan, 6], heartrate=[120, nan, 130, 140]))
    assert column(found, "distance") == [0, 3, 6]
    assert column(found, "heartrate") == [120, 130, 140]
    assert found.quality.dropped == {"duplicate": 1}


def test_a_distance_that_goes_back_drops_the_fewest_samples() -> None:
    found = clean(recording(range(6), distance=[0, 3, 500, 9, 12, 15]))
    assert column(found, "distance") == [0, 3, 9, 12, 15]
    assert found.quality.dropped == {"backwards_distance": 1}


def test_a_distance_that_starts_again_every_lap_is_chained_up() -> None:
    found = clean(recording(range(9), distance=[0, 3, 6, 1, 4, 7, 1, 4, 7]))
    assert column(found, "distance") == [0, 3, 6, 7, 10, 13, 14, 17, 20]


def test_a_hole_in_the_distance_is_bridged_evenly() -> None:
    found = clean(recording([0, 1, 3, 4], distance=[0, np.nan, np.nan, 12], heartrate=[1, 1, 1, 1]))
    assert column(found, "distance") == [0, 3, 9, 12]


def fault(moved: float, jump: float) -> Recording:
    times = [*range(100), *(jump + second for second in range(100, 400))]
    ways = [3 * index + (moved if index >= 100 else 0) for index in range(400)]
    laps = (RecordedLap(0, 50, calories=5), RecordedLap(150 + jump, 249, calories=20))
    base = recording(times, distance=ways)
    return Recording("Run", START, base.columns, "fit", laps=laps, totals=DeviceTotals(distance=1200, calories=30))


def test_a_clock_fault_cuts_and_the_longer_part_stays() -> None:
    found = clean(fault(0, 20 * DAY))
    assert len(column(found, "time")) == 300
    assert column(found, "distance")[0] == 0
    assert found.start_time.timestamp() == START.timestamp() + 100 + 20 * DAY
    assert found.quality.dropped == {"clock_fault": 100}
    assert "clock jumped" in found.quality.notes[0]
    assert [(lap.start, lap.elapsed) for lap in found.laps] == [(0, 50), (50, 249)]
    assert found.totals == DeviceTotals(calories=20)


def test_a_night_in_a_hut_on_the_way_is_no_clock_fault() -> None:
    assert len(column(clean(fault(500, 0.6 * DAY)), "time")) == 400


def test_ten_years_are_a_clock_fault_however_far_it_moved() -> None:
    assert len(column(clean(fault(5_000, 3650 * DAY)), "time")) == 300


def north(*metres: float) -> list[tuple[float, float]]:
    return [(45 + way / 111_131.75, 9.0) for way in metres]


def test_without_a_device_the_distance_is_that_of_the_positions() -> None:
    found = clean(recording(range(4), latlng=north(0, 3, 6, 9)))
    assert column(found, "distance") == pytest.approx([0, 3, 6, 9], abs=0.01)


def test_a_position_out_and_back_is_no_way() -> None:
    found = clean(recording(range(5), latlng=north(0, 3, 4000, 9, 12)))
    assert column(found, "distance")[-1] == pytest.approx(12, abs=0.02)
    assert found.quality.dropped == {"gps_jump": 1}
    assert np.isnan(found.columns["latlng"][2]).all()


def test_a_jump_of_a_run_goes_with_its_distance_while_time_goes_on() -> None:
    found = clean(recording(range(6), distance=[0, 3, 6, 106, 109, 112]))
    assert column(found, "distance") == [0, 3, 6, 6, 9, 12]
    assert found.quality.dropped == {"gps_jump": 1}
    assert found.quality.notes == ("Jumps of the GPS receiver were removed: 1, 100 m in all.",)


def test_a_ride_may_be_fast() -> None:
    found = clean(recording(range(6), "Ride", distance=[0, 15, 30, 45, 60, 75]))
    assert column(found, "distance")[-1] == 75


def test_a_stretch_of_five_seconds_is_a_vehicle_and_stays() -> None:
    ways = np.cumsum([0, *[3] * 100, *[15] * 5, *[3] * 100])
    assert column(clean(recording(range(len(ways)), distance=ways)), "distance")[-1] == ways[-1]


def test_an_impossible_device_distance_gives_way_to_the_positions() -> None:
    found = clean(recording(range(0, 400, 2), distance=range(200), latlng=north(*range(0, 1000, 5))))
    assert column(found, "distance")[-1] == pytest.approx(995, abs=0.5)
    assert "left out" in found.quality.notes[0]


def test_empty_samples_go_where_there_is_more_than_a_clock() -> None:
    nan = np.nan
    found = clean(recording([0, 1, 300], distance=[0, 3, nan], heartrate=[120, 121, nan]))
    assert column(found, "time") == [0, 1]
    assert found.quality.dropped == {"empty": 1}
    indoors = clean(recording([0, 1, 300], heartrate=[120, 121, nan]))
    assert column(indoors, "time") == [0, 1, 300]


def test_nothing_but_times_is_refused() -> None:
    with pytest.raises(FileRefused, match="no samples left"):
        clean(recording([0, 1, 2], heartrate=[np.nan] * 3))


def test_a_summary_that_does_not_fit_the_samples_is_mentioned() -> None:
    base = recording(range(101), distance=range(0, 303, 3))
    found = clean(Recording("Run", START, base.columns, "fit", totals=DeviceTotals(distance=1000, elapsed=900)))
    assert [note[:21] for note in found.quality.notes] == ["The device says 1000 ", "The device says 900 s"]


def test_the_longest_rise_agrees_with_trying_everything() -> None:
    random = np.random.default_rng(1)
    for _ in range(200):
        values = random.integers(0, 6, random.integers(1, 9)).astype(np.float64)
        chain = longest_rise(values)
        assert (np.diff(chain) > 0).all()
        assert (np.diff(values[chain]) >= 0).all()
        subsets = (np.flatnonzero([mask >> bit & 1 for bit in range(len(values))]) for mask in range(1 << len(values)))
        assert len(chain) == max(len(part) for part in subsets if (np.diff(values[part]) >= 0).all())
