from dataclasses import replace
from datetime import UTC, datetime

import fit_files
import numpy as np
import pytest

from strava.files import parse
from strava.files.recording import Column, DeviceTotals, RecordedLap, Recording
from strava.kernels import Derived, clean, derive
from strava.kernels.curves import Mean

START = datetime(2026, 3, 1, 7, tzinfo=UTC)


def run(time: object, distance: object, **more: object) -> Recording:
    columns: dict[str, Column] = {
        "time": np.array(time, dtype=np.float64),
        "distance": np.array(distance, dtype=np.float64),
    }
    columns |= {name: np.array(values, dtype=np.float64) for name, values in more.items()}
    return Recording("Run", START, columns, "fit")


def steady(seconds: int = 1000, speed: float = 3.0, **more: object) -> Derived:
    time = np.arange(seconds + 1.0)
    return derive(run(time, time * speed, **more))


def test_a_file_gives_all_numbers() -> None:
    derived = derive(clean(parse(fit_files.run(1000)).recordings[0]))
    assert (derived.distance, derived.elapsed_time, derived.moving_time) == (3000, 1000, 1000)
    assert (derived.average_speed, derived.max_speed) == (3, 3)
    assert (derived.average_heartrate, derived.max_heartrate, derived.average_cadence) == (140, 140, 170)
    assert derived.timezone == "Europe/Rome"
    assert derived.start_latlng == pytest.approx((45, 9), abs=1e-6)
    assert derived.elevation_gain == 0
    assert derived.fastest_pace == pytest.approx(333.333, abs=0.001)


def test_splits_have_real_distance_and_time_and_add_up() -> None:
    derived = steady(1100)
    assert [split.distance for split in derived.splits_km] == [1000, 1000, 1000, 300]
    assert [split.elapsed_time for split in derived.splits_km] == pytest.approx([333.333, 333.334, 333.333, 100])
    assert [split.distance for split in derived.splits_mi] == [1609.34, 1609.34, 81.31]
    assert sum(split.elapsed_time for split in derived.splits_mi) == pytest.approx(1100)


def test_a_split_ends_between_two_samples_where_the_curve_says() -> None:
    derived = derive(run([0, 100, 400, 500], [0, 900, 1200, 2100]))
    assert [split.elapsed_time for split in derived.splits_km] == pytest.approx([200, 288.889, 11.111], abs=0.001)


def test_a_pause_on_a_boundary_belongs_to_the_split_after() -> None:
    derived = derive(run([0, 300, 360, 660], [0, 1000, 1000, 2000]))
    assert [(split.elapsed_time, split.moving_time) for split in derived.splits_km] == [(300, 300), (360, 300)]


def test_a_whole_number_of_kilometres_has_no_empty_last_split() -> None:
    assert len(steady(1000, 5.0).splits_km) == 5


def test_standing_for_more_than_ten_seconds_is_a_pause() -> None:
    still = derive(run([0, 100, 111, 211], [0, 300, 300, 600]))
    assert (still.elapsed_time, still.moving_time, list(still.pauses)) == (211, 200, [(100, 111)])
    short = derive(run([0, 100, 110, 210], [0, 300, 300, 600]))
    assert (short.moving_time, list(short.pauses)) == (210, [])


def test_slow_steps_add_up_to_a_pause() -> None:
    time = np.arange(0, 61.0)
    way = np.concatenate((np.arange(0, 63, 3.0), 60 + 0.4 * np.arange(1, 21), 68 + 3 * np.arange(1, 21.0)))
    derived = derive(run(time, way))
    assert list(derived.pauses) == [(20, 40)]
    assert derived.streams["moving"].tolist() == [1.0] * 21 + [0.0] * 20 + [1.0] * 20


def test_pauses_of_the_device_count_and_are_merged_with_ours() -> None:
    recording = replace(run([0, 100, 120, 220], [0, 300, 300, 600]), pauses=((95.0, 110.0), (150.0, 160.0)))
    derived = derive(recording)
    assert list(derived.pauses) == [(95, 120), (150, 160)]
    assert derived.moving_time == 185


def test_indoors_without_a_distance_only_the_device_knows_of_pauses() -> None:
    time = np.arange(0, 600, 30.0)
    columns = {"time": time, "heartrate": np.full(len(time), 120.0)}
    derived = derive(Recording("Ride", START, columns, "tcx", pauses=((30.0, 90.0),)))
    assert (derived.distance, derived.elapsed_time, derived.moving_time) == (0, 570, 510)
    assert (derived.splits_km, derived.polyline, derived.timezone, derived.fastest_pace) == ((), None, None, None)
    assert "velocity" not in derived.streams


def test_climbing_costs_speed_and_is_given_back_by_grade_adjustment() -> None:
    time = np.arange(1001.0)
    up = steady(1000, 3.0, altitude=100 + 0.3 * time)
    assert up.streams["grade"][500] == pytest.approx(10)
    assert up.splits_km[1].average_grade_adjusted_speed == pytest.approx(3 * 1.48, abs=0.01)
    assert up.splits_km[1].elevation_difference == pytest.approx(100, abs=0.1)
    assert up.elevation_gain == pytest.approx(300, rel=0.01)
    assert (up.elevation_low, up.elevation_high) == (100, 400)


def test_downhill_is_worth_less_and_a_ride_is_not_adjusted() -> None:
    time = np.arange(1001.0)
    recording = run(time, 3.0 * time, altitude=500 - 0.3 * time)
    assert derive(recording).splits_km[1].average_grade_adjusted_speed == pytest.approx(3 * 0.875, abs=0.01)
    assert derive(replace(recording, sport="Ride")).splits_km[1].average_grade_adjusted_speed is None


def test_rises_of_less_than_three_metres_are_noise() -> None:
    time = np.arange(2000.0)
    assert steady(1999, altitude=100 + 1.4 * np.sin(time / 50)).elevation_gain == 0
    hills = steady(1999, altitude=100 - 10 * np.cos(time * 2 * np.pi / 400))
    assert hills.elevation_gain == pytest.approx(5 * 20, rel=0.01)


def test_holes_in_the_altitude_do_not_matter() -> None:
    altitude = np.full(1001, 100.0)
    altitude[[0, 5, 999]] = np.nan
    assert steady(1000, altitude=altitude).elevation_gain == 0


def test_averages_weigh_by_time_and_a_gap_does_not_outweigh() -> None:
    mean = Mean.of(np.array([0.0, 10, 20, 3620, 3630]), np.array([100.0, 100, 100, 200, 200]))
    assert mean.between(0, 10) == 100
    assert mean.between(0, 3630) == pytest.approx((100 * 20 + 150 * 30 + 200 * 10) / 60)


def test_standing_does_not_lower_the_cadence() -> None:
    cadence = [0.0] * 200 + [180.0] * 801
    assert steady(1000, cadence=cadence).average_cadence == 180


def test_laps_have_the_distance_of_the_device_and_what_the_samples_say() -> None:
    time = np.arange(1001.0)
    recording = run(time, 3.0 * time, heartrate=np.where(time <= 400, 120.0, 160.0))
    laps = (RecordedLap(0.0, 400.0, distance=1201.0, calories=50), RecordedLap(400.0, 600.0))
    first, second = derive(replace(recording, laps=laps)).laps
    assert (first.distance, first.elapsed_time, first.moving_time, first.calories) == (1201, 400, 400, 50)
    assert (first.start_index, first.end_index) == (0, 400)
    assert (second.distance, second.start_index, second.end_index) == (1800, 400, 1000)
    assert first.average_heartrate == 120
    assert second.average_heartrate == pytest.approx(160, abs=0.1)


def test_laps_lose_the_distance_of_jumps_that_were_removed() -> None:
    time = np.arange(0, 101.0)
    way = 3 * time + np.where(time > 50, 300, 0)
    recording = replace(run(time, way), laps=(RecordedLap(0.0, 100.0, distance=600.0),))
    (lap,) = derive(clean(recording)).laps
    assert lap.distance == 297


def test_laps_know_their_rise_and_what_it_costs() -> None:
    time = np.arange(1001.0)
    recording = run(time, 3.0 * time, altitude=100 + np.where(time <= 500, 0.3 * time, 150.0))
    up, flat = derive(replace(recording, laps=(RecordedLap(0.0, 500.0), RecordedLap(500.0, 500.0)))).laps
    assert up.elevation_difference == pytest.approx(150, abs=3)
    assert up.grade_adjusted_speed == pytest.approx(3 * 1.48, rel=0.03)
    assert (flat.elevation_difference, flat.grade_adjusted_speed) == pytest.approx((0, 3), abs=1)


@pytest.mark.parametrize(
    ("ways", "trigger", "partial"),
    [
        ([1000, 1000, 400], None, True),
        ([1000, 1000, 998], None, False),
        ([1000, 400], None, False),
        ([1000, 400], "distance", True),
        ([1000, 400, 1000, 400], None, False),
        ([1000, 1000, 400], "manual", False),
        ([400], "distance", False),
    ],
)
def test_only_what_even_laps_leave_over_is_partial(ways: list[float], trigger: str | None, *, partial: bool) -> None:
    starts = np.concatenate(([0.0], np.cumsum(ways))) / 4
    laps = tuple(
        RecordedLap(float(start), way / 4, distance=way, trigger=trigger)
        for start, way in zip(starts[:-1], ways, strict=True)
    )
    time = np.arange(starts[-1] + 1)
    found = derive(replace(run(time, 4.0 * time), laps=laps)).laps
    assert [lap.partial for lap in found] == [*[False] * (len(ways) - 1), partial]


def test_without_laps_the_whole_is_one() -> None:
    (lap,) = steady().laps
    assert (lap.distance, lap.elapsed_time, lap.end_index) == (3000, 1000, 1000)


def test_calories_come_from_the_device_or_not_at_all() -> None:
    recording = run([0, 100], [0, 300])
    assert derive(recording).calories is None
    assert derive(replace(recording, totals=DeviceTotals(calories=250.0))).calories == 250


def test_one_sample_is_an_activity_of_no_length() -> None:
    derived = derive(run([0], [0], altitude=[100], latlng=[(45.0, 9.0)]))
    assert (derived.distance, derived.elapsed_time, derived.average_speed) == (0, 0, 0)
    assert derived.polyline
