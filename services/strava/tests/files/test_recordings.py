"""Every recording at hand has the outcome that is in the table of ``recorded``."""

from pathlib import Path

import pytest
from recorded import ROUTES, SHORTER, TABLE

from strava.files import parse
from strava.sandbox import ParsedFile
from strava.sandbox.child import read_file


def read(folder: Path, name: str) -> ParsedFile:
    return read_file((folder / name).read_bytes(), name)


def test_every_recording_is_in_the_table(recordings_dir: Path) -> None:
    assert {path.name for path in recordings_dir.iterdir()} == set(TABLE) | set(ROUTES)


@pytest.mark.parametrize("name", TABLE)
def test_a_recording_has_the_outcome_a_runner_expects(recordings_dir: Path, name: str) -> None:
    parsed = read(recordings_dir, name)
    assert parsed.kind == "activities"
    assert len(parsed.activities) == len(TABLE[name])
    for activity, expected in zip(parsed.activities, TABLE[name], strict=True):
        recording, derived = activity.recording, activity.derived
        assert (recording.sport, derived.timezone) == (expected.sport, expected.zone)
        assert recording.start_time.replace(microsecond=0) == expected.start
        assert derived.distance == pytest.approx(expected.distance, abs=0.05)
        assert derived.elapsed_time == pytest.approx(expected.elapsed, abs=0.1)
        assert derived.moving_time == pytest.approx(expected.moving, abs=0.1)
        assert len(derived.laps) == expected.laps
        assert set(recording.columns) - {"time"} == expected.sensors
        assert len(recording.quality.notes) == len(expected.notes)
        assert all(part in note for part, note in zip(expected.notes, recording.quality.notes, strict=True))
        assert dict(recording.quality.dropped) == expected.dropped
        assert recording.quality.damaged == expected.damaged
        assert recording.quality.samples > 0
        assert recording.totals.distance == (expected.device and pytest.approx(expected.device, abs=0.01))
        if expected.device is not None and name not in SHORTER:
            assert derived.distance == pytest.approx(expected.device, rel=0.005)
        assert sum(split.distance for split in derived.splits_km) + expected.jumps == pytest.approx(
            derived.distance, abs=0.05
        )


@pytest.mark.parametrize("name", ROUTES)
def test_a_route_is_no_activity_and_says_why(recordings_dir: Path, name: str) -> None:
    parsed = read(recordings_dir, name)
    assert (parsed.kind, parsed.activities) == ("route", ())
    assert ROUTES[name] in parsed.notes[0]


def test_transitions_of_a_triathlon_are_mentioned(recordings_dir: Path) -> None:
    assert read(recordings_dir, "triathlon-multisport.fit").notes == ("2 transitions were left out.",)


def test_the_same_race_in_fit_and_tcx_is_the_same_run(recordings_dir: Path) -> None:
    fit, tcx = (read(recordings_dir, f"race-10k.{kind}").activities[0] for kind in ("fit", "tcx"))
    assert fit.derived.splits_km == tcx.derived.splits_km
    assert fit.recording.start_time == tcx.recording.start_time
    assert [lap.distance for lap in fit.derived.laps] == [lap.distance for lap in tcx.derived.laps]


def test_averages_agree_with_the_device(recordings_dir: Path) -> None:
    for name in ("run-10k-hr-11-laps.fit", "run-5k-hr.fit"):
        (activity,) = read(recordings_dir, name).activities
        totals, derived = activity.recording.totals, activity.derived
        assert derived.average_heartrate == pytest.approx(totals.average_heartrate, abs=1)
        assert derived.max_heartrate == totals.max_heartrate
        assert derived.average_cadence == pytest.approx(totals.average_cadence, abs=2)
        assert derived.calories == totals.calories
        assert derived.elevation_gain == pytest.approx(totals.ascent, rel=0.1, abs=5)


@pytest.mark.parametrize("name", ["race-10k.fit", "swim-pool-25m.fit", "triathlon-multisport.fit"])
def test_a_fit_file_cut_off_anywhere_gives_what_is_left(recordings_dir: Path, name: str) -> None:
    data = (recordings_dir / name).read_bytes()
    before = 0
    for size in range(len(data) // 4, len(data), 1024 if len(data) < 20_000 else 8192):
        recordings = parse(data[:size]).recordings
        samples = sum(len(recording.columns["time"]) for recording in recordings)
        assert all(recording.quality.damaged for recording in recordings)
        assert samples >= before > 0 or before == 0
        before = samples


def test_a_triathlon_cut_off_in_its_last_leg_still_has_all_legs(recordings_dir: Path) -> None:
    data = (recordings_dir / "triathlon-multisport.fit").read_bytes()
    parsed = read_file(data[:59_000], "")
    assert [activity.recording.sport for activity in parsed.activities] == ["Swim", "Ride", "Run"]
    assert "probably cut off" in parsed.activities[2].recording.quality.notes[1]
