"""TCX: each activity is a recording; a new track inside a lap, or a gap, is a pause of the timer."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from strava.files.moments import timestamp
from strava.files.points import MARK, Bulk, Run, take_points
from strava.files.recording import (
    Column,
    DeviceTotals,
    FileRefused,
    ParseResult,
    QualityReport,
    RecordedLap,
    Recording,
)
from strava.files.samples import build, with_steps
from strava.files.sports import tcx_sport
from strava.files.summed import WITHOUT_SAMPLES, samples_of_laps
from strava.files.xml import Element, Reader, check_amount, first_number, local_name, texts

FIELDS = {
    "lat": ("latitudedegrees",),
    "lng": ("longitudedegrees",),
    "distance": ("distancemeters",),
    "altitude": ("altitudemeters",),
    "heartrate": ("value",),
    "cadence": ("runcadence", "cadence"),
    "power": ("watts",),
}

TAGS = ("Activity", "Course", "Lap", "Track", "Creator", "Notes")


@dataclass(slots=True)
class _Lap:
    start: float
    own: dict[str, str] = field(default_factory=dict)
    end: float = float("nan")

    def value(self, *names: str) -> float | None:
        """A finite, non-negative number of the lap's own summary."""
        found = first_number(self.own, *names)
        return found if found is not None and 0.0 <= found < float("inf") else None


@dataclass(slots=True)
class _Activity:
    sport: str
    time: list[float] = field(default_factory=list)
    values: dict[str, list[float | None]] = field(default_factory=lambda: {name: [] for name in FIELDS})
    tracks: list[tuple[int, int]] = field(default_factory=list)  # first point, laps so far
    laps: list[_Lap] = field(default_factory=list)
    device: str | None = None
    notes: str | None = None

    def add(self, point: Element) -> None:
        """One ``Trackpoint``."""
        found = texts(point)
        moment = timestamp(found.get("time"))
        self.time.append(moment)
        for name, tags in FIELDS.items():
            self.values[name].append(first_number(found, *tags))
        if self.laps and moment == moment:  # noqa: PLR0124 - false for NaN
            self.laps[-1].end = moment

    def add_run(self, run: Run) -> None:
        """Many at once."""
        moments = run.moments("time")
        self.time += moments
        for name, tags in FIELDS.items():
            self.values[name] += run.floats(*tags)
        known = [moment for moment in moments if moment == moment]  # noqa: PLR0124 - false for NaN
        if self.laps and known:
            self.laps[-1].end = known[-1]

    @property
    def columns(self) -> dict[str, Column]:
        return {name: np.array(values, dtype=np.float64) for name, values in self.values.items()}


def parse_tcx(data: bytes) -> ParseResult:
    """Recordings of every activity, oldest first; a course is a route.

    Raises:
        FileRefused: no activity with samples and no course.
    """
    activities, courses, damaged = _read(data)
    recordings = [found for activity in activities if (found := _recording(activity, damaged=damaged))]
    if recordings:
        return ParseResult("activities", "tcx", tuple(sorted(recordings, key=lambda r: r.start_time)))
    if courses:
        return ParseResult("route", "tcx", notes=("This file is a course to follow, not an activity.",))
    raise FileRefused("The TCX file has no activity with samples.", "no_data")


def _read(data: bytes) -> tuple[list[_Activity], int, bool]:
    activities: list[_Activity] = []
    courses = 0
    current: _Activity | None = None
    check_amount(data, "Trackpoint")
    bulk = take_points(data, "Trackpoint", TAGS)
    reader = Reader(bulk.skeleton if bulk else data, point="Trackpoint", tags=TAGS)
    for event, tag, element in reader:
        if event == "start" and tag == "Activity":
            current = _Activity(tcx_sport(element.get("Sport")))
            activities.append(current)
        elif tag == "Course" and event == "start":
            courses += 1
            current = None
        elif tag == "Activity":
            current = None  # what stands between legs is a transition
        elif current is not None:
            _take(current, event, tag, element, bulk)
    return activities, courses, reader.damaged


def _take(activity: _Activity, event: str, tag: str, element: Any, bulk: Bulk | None) -> None:
    if event == "start":
        if tag == "Lap":
            activity.laps.append(_Lap(timestamp(element.get("StartTime"))))
        elif tag == "Track":
            activity.tracks.append((len(activity.time), len(activity.laps)))
    elif tag == "Trackpoint" and bulk:
        activity.add_run(bulk.runs[int(element.get(MARK) or 0)])
    elif tag == "Trackpoint":
        activity.add(element)
    elif tag == "Lap" and activity.laps:
        activity.laps[-1].own = _summary(element)
    elif tag == "Creator":
        activity.device = texts(element).get("name")
    elif tag == "Notes" and _is_of_activity(element):
        activity.notes = (element.text or "").strip() or None


def _is_of_activity(element: Any) -> bool:
    parent = element.getparent()  # none where a broken file made it stand before a point, and it went with it
    return parent is not None and local_name(parent) == "Activity"


def _summary(lap: Element) -> dict[str, str]:
    """Own values of a lap: everything but its tracks; heart rates carry theirs one level down."""
    found: dict[str, str] = {}
    for child in lap:
        tag = local_name(child).lower()
        if tag == "extensions":
            found |= {name: text for name, text in texts(child).items() if name not in found}
        elif tag != "track":
            found.setdefault(tag, "".join(texts(child).values()))
    return found


def _recording(activity: _Activity, *, damaged: bool) -> Recording | None:
    times = np.array(activity.time, dtype=np.float64)
    samples = build(times, activity.columns)
    notes = ("The file is damaged; this is what could be read.",) if damaged else ()
    if samples is None or len(samples.columns) == 1:
        samples = samples_of_laps(_laps(activity, 0.0))
        notes = (*notes, WITHOUT_SAMPLES)
    if samples is None:
        return None
    laps = _laps(activity, samples.start)
    return with_steps(
        Recording(
            sport=activity.sport,
            start_time=samples.start_time,
            columns=samples.columns,
            format="tcx",
            laps=laps,
            pauses=_pauses(activity, times - samples.start),
            totals=_totals(laps),
            indoor="latlng" not in samples.columns,
            device=activity.device,
            notes=activity.notes,
            quality=QualityReport(samples.total, dict(samples.dropped), damaged, notes),
        )
    )


def _laps(activity: _Activity, start: float) -> tuple[RecordedLap, ...]:
    """A lap lasts until the next begins, the last one until its last sample; ``TotalTimeSeconds`` leaves pauses out."""
    laps = [lap for lap in activity.laps if lap.start == lap.start]
    ends = [after.start for after in laps[1:]] + [lap.end for lap in laps[-1:]]
    return tuple(_lap(lap, end, start) for lap, end in zip(laps, ends, strict=True))


def _lap(lap: _Lap, end: float, start: float) -> RecordedLap:
    timer = lap.value("totaltimeseconds")
    elapsed = max(end - lap.start, 0.0) if np.isfinite(end) else 0.0
    return RecordedLap(
        start=lap.start - start,
        elapsed=max(elapsed, timer or 0.0),
        timer=timer,
        distance=lap.value("distancemeters"),
        calories=lap.value("calories") or None,
        average_heartrate=lap.value("averageheartratebpm"),
        max_heartrate=lap.value("maximumheartratebpm"),
        average_cadence=lap.value("avgruncadence", "cadence"),
        max_speed=lap.value("maximumspeed") or None,
        trigger=lap.own.get("triggermethod", "").lower() or None,
    )


def _pauses(activity: _Activity, offsets: Column) -> tuple[tuple[float, float], ...]:
    """Between two tracks of one lap the timer stood; from lap to lap it runs on."""
    inside = [
        at
        for (_, lap_before), (at, lap) in zip(activity.tracks, activity.tracks[1:], strict=False)
        if lap == lap_before and 0 < at < len(offsets)
    ]
    found = [(float(offsets[at - 1]), float(offsets[at])) for at in inside]
    return tuple((a, b) for a, b in found if b > a)


def _totals(laps: tuple[RecordedLap, ...]) -> DeviceTotals:
    """TCX has no summary of the whole: laps add up."""
    if not laps:
        return DeviceTotals()
    distances = [lap.distance for lap in laps if lap.distance is not None]
    timers = [lap.timer for lap in laps if lap.timer is not None]
    calories = [lap.calories for lap in laps if lap.calories is not None]
    hottest = [lap.max_heartrate for lap in laps if lap.max_heartrate]
    fastest = [lap.max_speed for lap in laps if lap.max_speed]
    return DeviceTotals(
        distance=sum(distances) if distances else None,
        elapsed=laps[-1].start + laps[-1].elapsed - laps[0].start,
        timer=sum(timers) if timers else None,
        calories=sum(calories) if calories else None,
        max_heartrate=max(hottest, default=None),
        max_speed=max(fastest, default=None),
    )
