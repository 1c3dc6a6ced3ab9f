"""Every recording at hand, with the outcome a runner would call right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from strava.files import parse
from strava.sandbox import ParsedFile
from strava.sandbox.child import read_file

GPS = frozenset({"latlng", "distance"})
FULL = GPS | {"altitude", "heartrate"}


@dataclass(frozen=True)
class Expected:
    """One activity.

    ``device`` is the distance that the device itself says (m), None where a file has no such number; ``jumps`` are the
    metres of it that the jump rule takes away: steps of a run faster than 12 m/s that last less than 5 s together.
    ``dropped`` and ``notes`` are its quality report.
    """

    sport: str
    start: datetime
    device: float | None
    distance: float
    elapsed: float
    moving: float
    laps: int
    sensors: frozenset[str]
    zone: str | None = "Europe/Berlin"
    jumps: float = 0.0
    notes: tuple[str, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    damaged: bool = False


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc] # the parts of a date


RACE = Expected(
    "Run", at(2014, 10, 11, 18, 8, 45), 10010.82, 10010.7, 2224, 2224, 11, GPS, "America/Argentina/Buenos_Aires"
)
TABLE = {
    "race-10k.fit": [RACE],
    "race-10k.tcx": [RACE],
    "run-10k-hr-11-laps.fit": [
        Expected("Run", at(2018, 1, 21, 9, 40, 18), 10193.88, 10193.88, 2771, 2670, 11, FULL | {"cadence", "power"})
    ],
    "run-5k-hr.fit": [
        Expected(
            "Run",
            at(2019, 2, 16, 5, 5, 52),
            4922.73,
            4921.06,
            1440,
            1440,
            5,
            FULL | {"cadence", "power"},
            "Africa/Johannesburg",
        )
    ],
    "run-with-pauses.fit": [
        Expected(
            "Run", at(2014, 10, 2, 14, 46, 48), 10546.9, 10545.27, 3046, 2804, 1, FULL | {"cadence", "temperature"}
        )
    ],
    "run-23-laps.tcx": [
        Expected(
            "Run",
            at(2011, 7, 10, 9, 47),
            22224.3,
            22192.44,
            6698,
            6517,
            23,
            FULL,
            jumps=32,
            notes=("Jumps",),
            dropped={"duplicate": 11, "empty": 9, "gps_jump": 1, "backwards_distance": 2},
        )
    ],
    # one activity a leg: the two transitions are no sport
    "triathlon-multisport.fit": [
        Expected(
            "Swim", at(2015, 8, 9, 7, 13, 3), 1525.72, 1525.72, 2142.3, 2010.3, 16, GPS | {"cadence", "temperature"}
        ),
        Expected("Ride", at(2015, 8, 9, 7, 51, 31), 40260.61, 40246.87, 4455.3, 4455.3, 9, FULL | {"temperature"}),
        Expected("Run", at(2015, 8, 9, 9, 7, 36), 9317.46, 9313.35, 2381, 2381, 10, FULL | {"cadence", "temperature"}),
    ],
    # three trainings of one watch, oldest first
    "several-activities.tcx": [
        Expected("Run", at(2012, 1, 19, 10, 30, 21), 9196.57, 9195.29, 3000, 3000, 1, FULL),
        Expected("Run", at(2012, 1, 20, 9, 21, 2), 7236.49, 7235.87, 2092, 2085, 3, FULL, dropped={"duplicate": 1}),
        Expected(
            "Run",
            at(2012, 1, 22, 14, 10, 39),
            11500.15,
            11362.89,
            3801,
            3601,
            1,
            FULL,
            jumps=121,
            notes=("Jumps",),
            dropped={"gps_jump": 4},
        ),
    ],
    # one loop with a break of an hour for lunch: segments are parts of one activity
    "run-three-segments.gpx": [
        Expected(
            "Run",
            at(2010, 4, 2, 8, 26, 48),
            None,
            36587.64,
            22820.7,
            13199.9,
            1,
            GPS | {"altitude"},
            "Europe/Helsinki",
        )
    ],
    "run-strava-export-hr.gpx": [
        Expected(
            "Run",
            at(2015, 12, 1, 20, 11, 32),
            None,
            3617.68,
            1156,
            1011,
            1,
            FULL | {"cadence", "temperature"},
            jumps=80,
            notes=("Jumps",),
            dropped={"gps_jump": 4},
        )
    ],
    # cadence and power are zero throughout: those sensors were not there
    "run-hr-gaps.gpx": [
        Expected("Run", at(2016, 9, 16, 16, 31, 53), None, 822.64, 363.0, 363.0, 1, FULL, "Europe/Vienna")
    ],
    # heart rate only, two hours on a bicycle that stands
    "run-indoor.tcx": [
        Expected("Ride", at(2012, 2, 10, 15, 48, 3), 0, 0, 7203, 7203, 1, frozenset({"heartrate"}), None)
    ],
    # no distance samples, but laps that the watch measured
    "run-indoor-intervals-no-gps.fit": [
        Expected(
            "Run",
            at(2013, 5, 27, 6, 52, 35),
            6239.73,
            6233.24,
            3160,
            3160,
            7,
            frozenset({"distance", "heartrate", "cadence"}),
            None,
            notes=("evenly through the laps",),
        )
    ],
    # a wrong checksum, else all there; the watch's own "elapsed" leaves out the rests between laps
    "swim-pool-25m.fit": [
        Expected(
            "Swim",
            at(2015, 6, 17, 5, 34, 45),
            1950,
            1950,
            2407.9,
            2012.2,
            4,
            frozenset({"distance"}),
            None,
            notes=("checksum",),
            damaged=True,
        )
    ],
    # the summary is of a longer ride than the samples that came with it
    "fault-first-point-empty.tcx": [
        Expected(
            "Ride",
            at(2015, 7, 9, 8, 38, 37),
            18743.81,
            601.66,
            138,
            138,
            1,
            GPS | {"altitude"},
            notes=("The device says 18744 m", "The device says 3312 s"),
            dropped={"empty": 1},
        )
    ],
    # the empty last record came three minutes after the run ended
    "fault-invalid-altitude-empty-record.fit": [
        Expected(
            "Run",
            at(2017, 10, 31, 16, 3, 27),
            14527.73,
            14365.53,
            4819,
            4600,
            1,
            FULL,
            jumps=162,
            notes=("Jumps",),
            dropped={"out_of_range": 1, "empty": 1, "gps_jump": 11},
        )
    ],
    "fault-one-second-backwards.fit": [
        Expected(
            "Ride",
            at(2016, 8, 17, 10, 0, 22),
            42801.16,
            42800.29,
            7116,
            6952,
            9,
            FULL | {"temperature"},
            dropped={"backwards_time": 1},
        )
    ],
    # the clock was three weeks late until the receiver set it: the longer part stays, under the right date
    "fault-time-jump.fit": [
        Expected(
            "Run",
            at(2017, 3, 14, 14, 22, 3),
            None,
            8891.36,
            2906,
            2906,
            17,
            FULL | {"cadence"},
            notes=("clock jumped",),
            dropped={"clock_fault": 102},
        )
    ],
}
SHORTER = {"fault-first-point-empty.tcx"}
"""Whose samples are of a part of what the device sums up; the report says so."""

ROUTES = {"fault-route-without-times.gpx": "made up by a route planner"}


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
            assert derived.distance + expected.jumps == pytest.approx(expected.device, rel=0.005)


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
