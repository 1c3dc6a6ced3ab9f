"""Runs as watches record them, made up: a sample a second, with noise, or they would be packed to nothing."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import fit_files
import numpy as np
from numpy.typing import NDArray

FIRST_DAY = datetime(2016, 1, 1, 6, tzinfo=UTC)
METRES_PER_DEGREE = 111_195.0
RECORD_FIELDS = ("at", "lat", "lng", "distance", "altitude", "heartrate", "cadence")

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """Columns of one length: degrees, m, m, per minute, per minute (one leg)."""

    start: datetime
    lat: Column
    lng: Column
    distance: Column
    altitude: Column
    heartrate: Column
    cadence: Column


def run(number: int, samples: int = 3600) -> Run:
    """The run of one day: always the same for a number."""
    chance = np.random.default_rng(number)
    speed = 3.0 + 0.4 * np.sin(np.arange(samples) / 300.0) + chance.normal(0.0, 0.15, samples)
    course = np.cumsum(chance.normal(0.0, 0.03, samples)) + chance.uniform(0.0, 6.28)
    wander = chance.normal(0.0, 0.4, (2, samples))  # m, of the receiver
    north = np.cumsum(speed * np.cos(course)) + wander[0]
    east = np.cumsum(speed * np.sin(course)) + wander[1]
    return Run(
        start=FIRST_DAY + timedelta(days=number),
        lat=45.0 + north / METRES_PER_DEGREE,
        lng=9.0 + east / (METRES_PER_DEGREE * np.cos(np.radians(45.0))),
        distance=np.cumsum(speed),
        altitude=120.0 + 15.0 * np.sin(np.arange(samples) / 500.0) + np.cumsum(chance.normal(0.0, 0.05, samples)),
        heartrate=np.round(150.0 + np.cumsum(chance.normal(0.0, 0.3, samples)).clip(-40.0, 40.0)),
        cadence=np.round(85.0 + chance.normal(0.0, 1.5, samples)),
    )


def gpx(made: Run) -> bytes:
    """As Strava's exports have it: position, altitude, time, heart rate and cadence."""
    points = [
        f'<trkpt lat="{lat:.7f}" lon="{lng:.7f}">\n    <ele>{ele:.1f}</ele>\n    <time>{when}</time>\n'
        f"    <extensions>\n     <gpxtpx:TrackPointExtension>\n      <gpxtpx:hr>{hr:.0f}</gpxtpx:hr>\n"
        f"      <gpxtpx:cad>{cadence:.0f}</gpxtpx:cad>\n     </gpxtpx:TrackPointExtension>\n    </extensions>\n   "
        for lat, lng, ele, when, hr, cadence in zip(
            made.lat, made.lng, made.altitude, _times(made), made.heartrate, made.cadence, strict=True
        )
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<gpx creator="StravaGPX" version="1.1" '
        'xmlns="http://www.topografix.com/GPX/1/1" '
        'xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">\n <trk>\n  <name>Run</name>\n'
        f"  <type>running</type>\n  <trkseg>\n   {'</trkpt>'.join(points)}</trkpt>\n  </trkseg>\n </trk>\n</gpx>\n"
    ).encode()


def _times(made: Run) -> Sequence[str]:
    return [f"{made.start + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}" for second in range(len(made.lat))]


def fit(made: Run) -> bytes:
    """As a watch writes it: position, distance, altitude, heart rate and cadence, a lap and a session."""
    began = int(made.start.timestamp())
    seconds = len(made.lat) - 1
    file = fit_files.FitFile(started=began)
    file.timer(began, fit_files.BEGIN)
    file.raw_records(_records(made, began))
    file.timer(began + seconds, fit_files.STOP)
    file.lap(began, seconds, float(made.distance[-1]))
    file.session(began, seconds, float(made.distance[-1]))
    return bytes(file)


def _records(made: Run, began: int) -> bytes:
    """All record messages at once: what `FitFile.record` writes, one for each sample."""
    layout: Any = [("header", "u1"), ("at", "<u4"), ("lat", "<i4"), ("lng", "<i4"), ("distance", "<u4"),
                   ("altitude", "<u2"), ("heartrate", "u1"), ("cadence", "u1")]  # fmt: skip
    rows = np.zeros(len(made.lat), dtype=np.dtype(layout))
    rows["header"] = fit_files.KINDS.index(fit_files.RECORD)
    rows["at"] = np.arange(len(made.lat)) + began - fit_files.EPOCH
    rows["lat"], rows["lng"] = (np.round(each * fit_files.SEMICIRCLES) for each in (made.lat, made.lng))
    rows["distance"] = np.round(made.distance * 100.0)
    rows["altitude"] = np.round((made.altitude + 500.0) * 5.0)
    rows["heartrate"], rows["cadence"] = made.heartrate, made.cadence
    assert rows.dtype.itemsize == 1 + struct.calcsize("<IiiIHBB")
    return rows.tobytes()
