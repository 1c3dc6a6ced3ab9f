"""GPX, TCX and FIT files as streams: just enough of each to behave like Strava on good files.

The libraries are imported on first use: an emulator that nobody gives files to should stay small.
"""

import datetime as dt
import gzip
import io
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from strava_emulator.models import EARLIEST, LATEST, Streams

MOST_BYTES = 64 << 20
MOST = 10_000_000  # m, bpm, W: of anything
SEMICIRCLE = 180 / 2**31  # FIT counts angles in these
RADIUS = 6_371_008.8  # m
TYPES = ("fit", "tcx", "gpx")
SPORTS = {
    "running": "Run",
    "run": "Run",
    "trail running": "TrailRun",
    "cycling": "Ride",
    "biking": "Ride",
    "swimming": "Swim",
}


class UnreadableFileError(ValueError):
    """The file cannot be taken; the message is what Strava would say."""


@dataclass(slots=True)
class Sample:
    """One point of a file; what it does not say is None."""

    time: float
    latlng: tuple[float, float] | None = None
    distance: float | None = None
    altitude: float | None = None
    heartrate: float | None = None
    cadence: float | None = None
    watts: float | None = None
    temp: float | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file says: its start (epoch s), its streams, and the sport where it names one."""

    start: int
    streams: Streams
    sport_type: str | None


def parse(data: bytes, data_type: str) -> Recording:
    """Read a file of ``fit``, ``tcx`` or ``gpx``, or one of these with ``.gz``. Raises ``UnreadableFileError``."""
    kind, _, packed = data_type.lower().partition(".")
    if kind not in TYPES or packed not in {"", "gz"}:
        raise UnreadableFileError("Unrecognized file type.")
    try:
        inside = _inflated(data) if packed else data
        sport, samples = {"fit": _fit, "tcx": _tcx, "gpx": _gpx}[kind](inside)
    except (ValueError, ArithmeticError, LookupError, TypeError, OSError, EOFError, zlib.error, struct.error) as error:
        # Whatever a parser stumbles over in bytes that somebody made up.
        raise UnreadableFileError("The file is malformed.") from error
    return _recording(sport, samples)


def _inflated(data: bytes) -> bytes:
    with gzip.open(io.BytesIO(data)) as file:
        inside = file.read(MOST_BYTES + 1)
    if len(inside) > MOST_BYTES:
        raise UnreadableFileError("The file is too large.")
    return inside


def _recording(sport: str | None, samples: list[Sample]) -> Recording:
    ordered = _forward(samples)
    if len(ordered) < 2:  # noqa: PLR2004 - a way has two ends
        raise UnreadableFileError("The file has no points.")
    start = int(ordered[0].time)
    if not EARLIEST <= start <= LATEST or ordered[-1].time - start > 30 * 86_400:
        raise UnreadableFileError("The time of the file is wrong.")
    streams = Streams(
        time=[int(each.time) - start for each in ordered],
        distance=_distances(ordered),
        latlng=_points(ordered),
        altitude=_column(ordered, "altitude", 1),
        heartrate=_whole(ordered, "heartrate"),
        cadence=_whole(ordered, "cadence"),
        watts=_whole(ordered, "watts"),
        temp=_whole(ordered, "temp"),
    )
    return Recording(start, streams, SPORTS.get((sport or "").lower()))


def _forward(samples: list[Sample]) -> list[Sample]:
    """Without what goes back in time or stands still, by whole seconds."""
    found: list[Sample] = []
    for each in samples:
        if not found or int(each.time) > int(found[-1].time):
            found.append(each)
    return found


def _column(samples: list[Sample], name: str, digits: int) -> list[float] | None:
    """A column without holes: each takes the value before it; None when no sample has one."""
    values = [_sensible(getattr(each, name)) for each in samples]
    last = next((value for value in values if value is not None), None)
    if last is None:
        return None
    found = []
    for value in values:
        last = last if value is None else value
        found.append(round(last, digits))
    return found


def _sensible(value: float | None) -> float | None:
    """None for what no sensor says: NaN compares false too."""
    return value if value is not None and abs(value) < MOST else None


def _whole(samples: list[Sample], name: str) -> list[int] | None:
    column = _column(samples, name, 0)
    return [int(value) for value in column] if column else None


def _points(samples: list[Sample]) -> list[tuple[float, float]] | None:
    last = next((each.latlng for each in samples if each.latlng), None)
    if last is None:
        return None
    found = []
    for each in samples:
        last = each.latlng or last
        found.append((round(last[0], 6), round(last[1], 6)))
    return found


def _distances(samples: list[Sample]) -> list[float]:
    """The file's own, else along the positions; never back."""
    given = _column(samples, "distance", 1)
    if given is None:
        given, points = [0.0], _points(samples) or []
        for here, there in pairwise(points or [(0.0, 0.0)] * len(samples)):
            given.append(given[-1] + _metres(here, there))
    first, furthest, found = given[0], 0.0, []
    for metres in given:
        furthest = max(furthest, metres - first)
        found.append(round(furthest, 1))
    return found


def _metres(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Haversine."""
    (a, b), (c, d) = (map(math.radians, here), map(math.radians, there))
    part = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * RADIUS * math.asin(min(1.0, math.sqrt(part)))


def _position(latitude: float, longitude: float) -> tuple[float, float] | None:
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None  # noqa: PLR2004 - degrees


def _epoch(text: str) -> float:
    moment = dt.datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()


def _elements(data: bytes) -> Any:
    from lxml import etree  # type: ignore[import-untyped] # noqa: PLC0415 - ships no types; only who gives files pays for it

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from error


def _texts(element: Any, name: str) -> Iterator[str]:
    """Texts of the elements with that local name below one."""
    for each in element.iter("{*}" + name):
        if each.text and each.text.strip():
            yield each.text


def _number(element: Any, *names: str) -> float | None:
    return next((float(text) for name in names for text in _texts(element, name)), None)


def _gpx(data: bytes) -> tuple[str | None, list[Sample]]:
    root = _elements(data)
    samples = []
    for point in root.iter("{*}trkpt"):
        time = next(_texts(point, "time"), None)
        if time is not None:
            samples.append(
                Sample(
                    time=_epoch(time),
                    latlng=_position(float(point.get("lat", "nan")), float(point.get("lon", "nan"))),
                    altitude=_number(point, "ele"),
                    heartrate=_number(point, "hr", "heartrate"),
                    cadence=_number(point, "cad", "cadence"),
                    watts=_number(point, "power"),
                    temp=_number(point, "atemp"),
                )
            )
    track = next(root.iter("{*}trk"), None)
    return next(_texts(track, "type"), None) if track is not None else None, samples


def _tcx(data: bytes) -> tuple[str | None, list[Sample]]:
    root = _elements(data)
    samples = []
    for point in root.iter("{*}Trackpoint"):
        time = next(_texts(point, "Time"), None)
        if time is not None:
            latitude, longitude = _number(point, "LatitudeDegrees"), _number(point, "LongitudeDegrees")
            known = latitude is not None and longitude is not None
            samples.append(
                Sample(
                    time=_epoch(time),
                    latlng=_position(latitude or 0.0, longitude or 0.0) if known else None,
                    distance=_number(point, "DistanceMeters"),
                    altitude=_number(point, "AltitudeMeters"),
                    heartrate=_number(point, "Value"),
                    cadence=_number(point, "RunCadence", "Cadence"),
                    watts=_number(point, "Watts"),
                )
            )
    activity = next(root.iter("{*}Activity"), None)
    return activity.get("Sport") if activity is not None else None, samples


def _fit(data: bytes) -> tuple[str | None, list[Sample]]:
    import fitdecode  # noqa: PLC0415 - only who gives files pays for it

    sport, samples = None, []
    try:
        with fitdecode.FitReader(io.BytesIO(data), error_handling=fitdecode.ErrorHandling.IGNORE) as reader:
            for frame in reader:
                if not isinstance(frame, fitdecode.FitDataMessage):
                    continue
                if frame.name == "record" and isinstance(frame.get_value("timestamp", fallback=None), dt.datetime):
                    samples.append(_fit_sample(frame))
                elif frame.name in {"session", "sport"} and frame.has_field("sport"):
                    sport = sport or str(frame.get_value("sport"))
    except fitdecode.FitError as error:
        raise ValueError(str(error)) from error
    return sport, samples


def _fit_sample(frame: Any) -> Sample:
    def value(*names: str) -> float | None:
        found = (frame.get_value(name, fallback=None) for name in names)
        return next((float(each) for each in found if isinstance(each, int | float)), None)

    latitude, longitude = value("position_lat"), value("position_long")
    known = latitude is not None and longitude is not None
    return Sample(
        time=frame.get_value("timestamp").timestamp(),
        latlng=_position((latitude or 0.0) * SEMICIRCLE, (longitude or 0.0) * SEMICIRCLE) if known else None,
        distance=value("distance"),
        altitude=value("enhanced_altitude", "altitude"),
        heartrate=value("heart_rate"),
        cadence=value("cadence"),
        watts=value("power"),
        temp=value("temperature"),
    )
