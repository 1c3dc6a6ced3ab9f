"""GPX 1.0 and 1.1: each track with times is a recording, its segments are parts with pauses between."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from strava.files.moments import timestamp
from strava.files.points import MARK, Run, take_points
from strava.files.recording import Column, FileRefused, ParseResult, QualityReport, Recording
from strava.files.samples import FASTEST_RUN, Samples, build, number, with_steps
from strava.files.sports import named_sport
from strava.files.xml import Element, Reader, check_amount, first_number, local_name, texts

FIELDS = {
    "altitude": ("ele",),
    "heartrate": ("hr", "heartrate", "heart_rate"),
    "cadence": ("cad", "cadence", "runcadence"),
    "power": ("power", "watts", "powerinwatts"),
    "temperature": ("atemp", "temp", "temperature"),
}
TAGS = ("gpx", "trk", "trkseg", "rtept")
NEW_ACTIVITY = 12 * 3600.0
MOST_ACTIVITIES = 500
METRES_PER_DEGREE = 111_195.0
ROUTE = "This file is a route, not an activity: {}."


@dataclass(slots=True)
class _Track:
    """One ``trk`` as read; ``segments`` holds the index of each segment's first point."""

    time: list[float] = field(default_factory=list)
    values: dict[str, list[float | None]] = field(
        default_factory=lambda: {name: [] for name in ("lat", "lng", *FIELDS)}
    )
    segments: list[int] = field(default_factory=list)
    name: str | None = None
    notes: str | None = None
    sport: str | None = None

    def add(self, point: Element) -> None:
        """One ``trkpt``."""
        found = texts(point)
        self.time.append(timestamp(found.get("time")))
        self.values["lat"].append(number(point.get("lat")))
        self.values["lng"].append(number(point.get("lon")))
        for name, tags in FIELDS.items():
            self.values[name].append(first_number(found, *tags))

    def add_run(self, run: Run) -> None:
        """Many at once."""
        self.time += run.moments("time")
        self.values["lat"] += run.floats("@lat")
        self.values["lng"] += run.floats("@lon")
        for name, tags in FIELDS.items():
            self.values[name] += run.floats(*tags)

    def describe(self, track: Element) -> None:
        """Name, description and sport stand beside the segments."""
        own = {local_name(child): (child.text or "").strip() or None for child in track}
        self.name = own.get("name")
        self.notes = own.get("desc") or own.get("cmt")
        self.sport = named_sport(own.get("type"))

    @property
    def columns(self) -> dict[str, Column]:
        return {name: np.array(values, dtype=np.float64) for name, values in self.values.items()}


@dataclass(slots=True)
class _Document:
    tracks: list[_Track] = field(default_factory=list)
    route_points: int = 0
    creator: str | None = None
    damaged: bool = False


def parse_gpx(data: bytes) -> ParseResult:
    """Recordings of every track with times; a file without usable times is a route.

    Segments of a track more than 12 h apart become recordings of their own. A track without a type is a run, unless
    it is faster than people run.

    Raises:
        FileRefused: no track and no route with points.
    """
    document = _read(data)
    tracks = [track for track in document.tracks if track.time]
    if not tracks and not document.route_points:
        raise FileRefused("The GPX file has no track points.", "no_data")
    if reason := _route_reason(tracks):
        return ParseResult("route", "gpx", notes=(ROUTE.format(reason),))
    recordings = [part for track in tracks for part in _recordings(track, document)]
    without = sum(1 for track in tracks if not np.isfinite(track.time).any())
    notes = (f"{without} of {len(tracks)} tracks have no times and were left out.",) if without else ()
    if not recordings:
        return ParseResult("route", "gpx", notes=(ROUTE.format("its times are impossible"),))
    return ParseResult("activities", "gpx", tuple(sorted(recordings, key=lambda r: r.start_time)), notes)


def _read(data: bytes) -> _Document:
    document = _Document()
    track = _Track()
    check_amount(data, "trkpt")
    bulk = take_points(data, "trkpt", TAGS)
    reader = Reader(bulk.skeleton if bulk else data, point="trkpt", tags=TAGS)
    for event, tag, element in reader:
        if event == "start":
            if tag == "gpx":
                document.creator = element.get("creator")
            elif tag == "trk":
                track = _Track()
                document.tracks.append(track)
            elif tag == "trkseg":
                track.segments.append(len(track.time))
        elif tag == "trkpt" and bulk:
            track.add_run(bulk.runs[int(element.get(MARK) or 0)])
        elif tag == "trkpt":
            track.add(element)
        elif tag == "trk":
            track.describe(element)
        elif tag == "rtept":
            document.route_points += 1
    document.damaged = reader.damaged
    return document


def _route_reason(tracks: Iterable[_Track]) -> str | None:
    """Why the whole file is a route; None when it is not."""
    timed = [track for track in tracks if np.isfinite(track.time).any()]
    if not timed:
        return "it has no times"
    if all(_times_are_invented(track) for track in timed):
        return "its times were made up by a route planner"
    return None


def _times_are_invented(track: _Track) -> bool:
    """Whether a planner wrote the times.

    Planners start at a placeholder, midnight of a 1 January, and go on at one constant speed up to the rounding to
    whole seconds; or they give all points the same time.
    """
    times = np.array(track.time)
    known = np.isfinite(times)
    times = times[known]
    elapsed = float(times[-1] - times[0])
    if len(times) > 1 and not np.ptp(times):
        return True
    start = datetime.fromtimestamp(float(times[0]), UTC)
    if (start.month, start.day, start.hour, start.minute, start.second) != (1, 1, 0, 0, 0) or elapsed <= 0:
        return False
    steps = _rough_steps(track)[known[1:] & known[:-1]]
    if len(steps) != len(times) - 1 or not np.isfinite(steps).all():
        return False
    speed = float(steps.sum()) / elapsed
    return bool(np.all(np.abs(steps - speed * np.diff(times)) <= speed + 0.1 * steps))


def _rough_steps(track: _Track) -> Column:
    """(n - 1,) metres between neighbours, good enough to judge a speed."""
    lat, lng = (np.array(track.values[name], dtype=np.float64) for name in ("lat", "lng"))
    with np.errstate(invalid="ignore", over="ignore"):  # impossible positions are still inside here
        east = np.diff(lng) * np.cos(np.radians(lat[1:]))
        return np.asarray(np.hypot(east, np.diff(lat)) * METRES_PER_DEGREE, dtype=np.float64)


def _recordings(track: _Track, document: _Document) -> list[Recording]:
    times = np.array(track.time)
    columns = track.columns
    starts = [start for start in track.segments if 0 < start < len(times)]
    edges = [0, *(start for start in starts if times[start] - times[start - 1] > NEW_ACTIVITY), len(times)]
    if len(edges) > MOST_ACTIVITIES:
        raise FileRefused(f"A track has more than {MOST_ACTIVITIES} activities; split the file.", "too_many_entries")
    found = []
    for first, last in pairwise(edges):
        part = slice(first, last)
        samples = build(times[part], {name: values[part] for name, values in columns.items()})
        if samples:
            breaks = [times[start - 1 : start + 1] for start in starts if first < start < last]
            found.append(_recording(track, samples, breaks, document))
    return found


def _recording(track: _Track, samples: Samples, breaks: list[Column], document: _Document) -> Recording:
    pauses = tuple(
        (float(before - samples.start), float(after - samples.start)) for before, after in breaks if after > before
    )
    sport, notes = track.sport or "Run", []
    if track.sport is None and _is_too_fast(track):
        sport = "Ride"
        notes.append("The file names no sport; it is too fast for a run and was taken as a ride.")
    if document.damaged:
        notes.append("The file is damaged; this is what could be read.")
    return with_steps(
        Recording(
            sport=sport,
            start_time=samples.start_time,
            columns=samples.columns,
            format="gpx",
            pauses=pauses,
            device=document.creator,
            name=track.name,
            notes=track.notes,
            quality=QualityReport(samples.total, dict(samples.dropped), document.damaged, tuple(notes)),
        )
    )


def _is_too_fast(track: _Track) -> bool:
    """Whether the median speed while moving is beyond what people run."""
    steps, elapsed = _rough_steps(track), np.diff(np.array(track.time))
    with np.errstate(invalid="ignore", divide="ignore"):  # unknown times and doubled points
        speeds = steps / elapsed
    moving = speeds[np.isfinite(speeds) & (speeds > 0.5)]  # noqa: PLR2004 - m/s, as in moving time
    return bool(moving.size) and float(np.median(moving)) > FASTEST_RUN and not math.isinf(float(moving.max()))
