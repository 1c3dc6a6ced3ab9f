import struct

import fit_files
import numpy as np
import pytest
from fit_files import BEGIN, CYCLING, START, STOP, SWIMMING, TRANSITION, FitFile

from strava.files import FileRefused, parse
from strava.files.summed import WITHOUT_SAMPLES
from strava.sandbox.child import read_file

POOL = 17


def test_a_run_has_every_column_in_si_units() -> None:
    (recording,) = parse(fit_files.run(60)).recordings
    assert recording.sport == "Run"
    assert recording.start_time.timestamp() == START
    assert recording.columns["time"][-1] == 60
    assert recording.columns["distance"][-1] == 180
    assert recording.columns["altitude"][0] == 100
    assert recording.columns["heartrate"][0] == 140
    assert recording.columns["latlng"][0] == pytest.approx((45, 9))
    assert recording.quality.samples == 61


def test_cadence_of_a_run_counts_both_legs() -> None:
    (recording,) = parse(fit_files.run(60, cadence=85)).recordings
    assert recording.columns["cadence"].max() == 170


def test_cadence_already_in_steps_stays() -> None:
    (recording,) = parse(fit_files.run(60, cadence=170)).recordings
    assert recording.columns["cadence"].max() == 170


def test_a_sensor_that_only_says_zero_is_absent() -> None:
    (recording,) = parse(fit_files.run(60, cadence=0)).recordings
    assert "cadence" not in recording.columns


def test_timer_events_are_pauses() -> None:
    file = FitFile()
    file.timer(START, BEGIN)
    for second in (0, 1, 2, 60, 61):
        file.record(START + second, distance=3 * second)
    file.timer(START + 2, STOP)
    file.timer(START + 60, BEGIN)
    file.timer(START + 61, STOP)
    (recording,) = parse(bytes(file)).recordings
    assert recording.pauses == ((2, 60),)


def test_a_leg_reaches_from_its_session_to_the_next_and_counts_from_zero() -> None:
    file = FitFile()
    for second in range(0, 301, 10):
        file.record(START + second, distance=2.0 * second)
    file.session(START, 100, 200, SWIMMING)
    file.session(START + 100, 50, 100, TRANSITION)
    file.session(START + 150, 150, 300, CYCLING)
    parsed = parse(bytes(file))
    assert [recording.sport for recording in parsed.recordings] == ["Swim", "Ride"]
    assert [recording.columns["distance"][-1] for recording in parsed.recordings] == [200, 320]
    assert parsed.recordings[1].columns["distance"][0] == 20
    assert parsed.notes == ("1 transitions were left out.",)


def test_lap_swimming_is_indoors() -> None:
    file = FitFile()
    file.record(START, heartrate=120)
    file.session(START, 60, 0, SWIMMING, POOL)
    (recording,) = parse(bytes(file)).recordings
    assert recording.sport == "Swim"
    assert recording.indoor


@pytest.mark.parametrize(("kind", "word"), [(5, "planned workout"), (2, "settings"), (9, "weight")])
def test_other_kinds_of_fit_files_are_refused_by_name(kind: int, word: str) -> None:
    with pytest.raises(FileRefused, match=word) as refused:
        parse(bytes(FitFile(kind)))
    assert refused.value.code == "no_data"


def test_a_course_is_a_route() -> None:
    assert parse(fit_files.run(10, kind=6)).kind == "route"


def test_a_file_without_samples_has_time_and_distance_of_its_laps() -> None:
    file = FitFile()
    file.lap(START, 900, 3000)
    file.lap(START + 1200, 600, 1800)
    file.session(START, 1800, 4800)
    (activity,) = read_file(bytes(file), "treadmill.fit").activities
    derived, quality = activity.derived, activity.recording.quality
    assert (derived.distance, derived.elapsed_time, derived.moving_time) == (4800, 1800, 1500)
    assert [(lap.distance, lap.elapsed_time) for lap in derived.laps] == [(3000, 900), (1800, 600)]
    assert quality.notes == (WITHOUT_SAMPLES,)
    assert not quality.dropped


@pytest.mark.parametrize("metres", [5000, 0])
def test_a_file_with_a_summary_only_has_what_that_says(metres: int) -> None:
    file = FitFile()
    file.record(START)
    file.session(START, 1800, metres)
    (activity,) = read_file(bytes(file), "entered.fit").activities
    derived = activity.derived
    assert (derived.distance, derived.elapsed_time, derived.moving_time) == (metres, 1800, 1800)
    assert activity.recording.start_time.timestamp() == START


def test_a_file_without_samples_and_without_a_summary_is_refused() -> None:
    with pytest.raises(FileRefused, match="no samples"):
        parse(bytes(FitFile()))


def test_a_wrong_checksum_loses_nothing_and_is_reported() -> None:
    data = bytearray(fit_files.run(60))
    data[-1] ^= 0xFF
    (recording,) = parse(bytes(data)).recordings
    assert len(recording.columns["time"]) == 61
    assert recording.quality.damaged
    assert "checksum" in recording.quality.notes[0]


def samples_of(damaged: bytes) -> int:
    """Samples read from a damaged file, 0 when it is refused."""
    try:
        (recording,) = parse(damaged).recordings
    except FileRefused:
        return 0
    assert recording.quality.damaged
    return len(recording.columns["time"])


def test_a_file_cut_off_at_any_byte_is_read_or_refused() -> None:
    data = fit_files.run(20)
    found = [samples_of(data[:size]) for size in range(len(data))]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (0, 21)


def test_values_beyond_what_is_possible_go_and_are_counted() -> None:
    file = FitFile()
    for second in range(10):
        position = (95.0, 9.0) if second == 3 else (0.0, 0.0) if second == 4 else (45.0, 9.0)
        file.record(START + second, position=position, heartrate=254 if second == 5 else 140, distance=second)
    (recording,) = parse(bytes(file)).recordings
    assert recording.quality.dropped == {"out_of_range": 3}
    assert np.flatnonzero(np.isnan(recording.columns["latlng"][:, 0])).tolist() == [3, 4]
    assert np.isnan(recording.columns["heartrate"][5])


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_file_whose_device_died_before_it_wrote_the_size_is_read(size: int) -> None:
    data = fit_files.run(300)
    (recording,) = parse(data[:4] + struct.pack("<I", size) + data[8:]).recordings
    assert len(recording.columns["time"]) == 301
    assert recording.quality.damaged
