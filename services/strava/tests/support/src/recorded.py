"""Every recording at hand, with the outcome a runner would call right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

GPS = frozenset({"latlng", "distance"})
FULL = GPS | {"altitude", "heartrate"}


@dataclass(frozen=True)
class Expected:
    """One activity.

    ``device`` is the distance that the device itself says (m), None where a file has no such number; ``jumps`` are the
    metres of it that streams and splits lack: steps of a run faster than 12 m/s that last less than 5 s together.
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
            22224.3,
            6698,
            6517,
            23,
            FULL,
            jumps=31.86,
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
            11483.67,
            3801,
            3601,
            1,
            FULL,
            jumps=120.78,
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
    # the empty last record came three minutes after the run ended; the counter leaps where the positions run on
    "fault-invalid-altitude-empty-record.fit": [
        Expected(
            "Run",
            at(2017, 10, 31, 16, 3, 27),
            14527.73,
            14517.08,
            4819,
            4600,
            1,
            FULL,
            notes=("leapt where its positions did not, 11 times",),
            dropped={"out_of_range": 1, "empty": 1},
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
