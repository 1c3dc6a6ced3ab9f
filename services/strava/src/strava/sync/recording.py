"""A Strava activity as the recording and the figures that the store takes: pure, SI units."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import orjson

from strava.activities.parsed import ParsedRecording
from strava.files import samples
from strava.files.recording import Column, DeviceTotals, FileRefused, QualityReport, RecordedLap, Recording
from strava.kernels import Derived, Lap, Split, clean, derive, polyline
from strava.kernels.splits import KILOMETRE, rounded, speed
from strava.remote.shapes import ActivityLap, ActivitySplit, DetailedActivity, Streams, SummaryActivity

LATER = "Strava has no samples for this activity (yet): its figures are Strava's own."
_NAMES = {"watts": "power", "temp": "temperature"}
_SPORT = re.compile(r"[A-Za-z]{1,40}")
_OFFSET = re.compile(r"^\(GMT[+-]\d{2}:\d{2}\)\s*")
_POLES = 90.0
FULL = 0.99


def original_of(activity: DetailedActivity, streams: Streams) -> bytes:
    """What is kept of Strava's answers: the keys in use, as canonical JSON, so that the same is known as the same."""
    content = {"activity": activity.model_dump(mode="json", exclude_none=True), "streams": streams}
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def parsed_of(activity: DetailedActivity, streams: Streams) -> ParsedRecording:
    """Clean and compute where there are samples; else take Strava's own figures.

    Raises:
        FileRefused: the start time is impossible.
    """
    if not samples.EARLIEST <= activity.start_date.timestamp() <= samples.LATEST:
        raise FileRefused("The activity's start time at Strava is impossible.", "no_data")
    if recorded := _recorded(activity, streams):
        try:
            cleaned = clean(recorded)
        except FileRefused:
            return _without_samples(activity)
        return ParsedRecording(cleaned, _completed(derive(cleaned), activity))
    return _without_samples(activity)


def _recorded(activity: DetailedActivity, streams: Streams) -> Recording | None:
    """The recording as Strava's streams have it, or None when they have no times."""
    times = samples.column(streams.get("time", ()))
    raw = {_NAMES.get(name, name): _fitted(samples.column(values), len(times)) for name, values in _plain(streams)}
    if "latlng" in streams:
        raw |= _positions(streams["latlng"], len(times))
    built = samples.build(times + activity.start_date.timestamp(), raw)
    if built is None:
        return None
    recording = replace(
        _bare(activity),
        start_time=built.start_time,
        columns=built.columns,
        laps=tuple(_laps(activity)),
        quality=QualityReport(samples=built.total, dropped=dict(built.dropped)),
    )
    return samples.with_steps(recording)


def _plain(streams: Streams) -> list[tuple[str, list[Any]]]:
    return [(name, values) for name, values in streams.items() if name not in {"time", "latlng"}]


def _fitted(values: Column, count: int) -> Column:
    """(count,) the values, cut or filled with NaN: streams of one activity may differ in length."""
    fitted = np.full(count, np.nan)
    fitted[: min(count, len(values))] = values[:count]
    return fitted


def _positions(pairs: list[Any], count: int) -> dict[str, Column]:
    whole = [pair if isinstance(pair, list) and len(pair) == 2 else (None, None) for pair in pairs]  # noqa: PLR2004 - latitude and longitude
    return {
        name: _fitted(samples.column([pair[at] for pair in whole]), count) for at, name in enumerate(("lat", "lng"))
    }


def _bare(activity: DetailedActivity) -> Recording:
    """What Strava says of the activity as a whole."""
    return Recording(
        sport=sport_of(activity),
        start_time=activity.start_date,
        columns={},
        format="strava",
        totals=DeviceTotals(
            distance=activity.distance,
            elapsed=activity.elapsed_time,
            timer=activity.moving_time,
            calories=activity.calories or None,
            ascent=activity.total_elevation_gain,
            average_heartrate=activity.average_heartrate,
            max_heartrate=activity.max_heartrate,
            average_cadence=activity.average_cadence,
            average_power=activity.average_watts,
            max_speed=activity.max_speed,
        ),
        indoor=activity.trainer,
        device=activity.device_name,
        name=activity.name,
        notes=(activity.description or "").replace("\x00", "") or None,
    )


def listed_of(activity: SummaryActivity) -> dict[str, float | None]:
    """What Strava's list says of the length of an activity: no event tells when its athlete crops it."""
    return {"distance": activity.distance, "elapsed_time": activity.elapsed_time}


def sport_of(activity: SummaryActivity) -> str:
    """Strava's ``sport_type``, by the older ``type`` where it is missing."""
    named = activity.sport_type or activity.type or ""
    return named if _SPORT.fullmatch(named) else "Workout"


def timezone_of(activity: SummaryActivity) -> str | None:
    """IANA name out of ``(GMT-05:00) America/New_York``: the offset is the standard one, whatever the date."""
    name = _OFFSET.sub("", activity.timezone or "").strip()
    try:
        return ZoneInfo(name).key if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _laps(activity: DetailedActivity) -> list[RecordedLap]:
    """Laps in order; one without a start begins where the one before it ends."""
    laps: list[RecordedLap] = []
    for lap in activity.laps:
        before = laps[-1].start + laps[-1].elapsed if laps else 0.0
        start = before if lap.start_date is None else _seconds(activity.start_date, lap.start_date)
        laps.append(_lap(lap, max(start, 0.0)))
    return laps


def _lap(lap: ActivityLap, start: float) -> RecordedLap:
    return RecordedLap(
        start=start,
        elapsed=lap.elapsed_time,
        timer=lap.moving_time,
        distance=lap.distance,
        ascent=lap.total_elevation_gain,
        average_heartrate=lap.average_heartrate,
        max_heartrate=lap.max_heartrate,
        average_cadence=lap.average_cadence,
        max_speed=lap.max_speed,
    )


def _seconds(start: datetime, moment: datetime) -> float:
    return (moment - start).total_seconds()


def _completed(derived: Derived, activity: DetailedActivity) -> Derived:
    """Strava's word on what samples cannot tell: the zone without a position, the way without a distance."""
    if derived.timezone is None:
        derived = replace(derived, timezone=timezone_of(activity))
    if "distance" not in derived.streams and activity.distance:
        average = speed(activity.distance, derived.moving_time, derived.elapsed_time)
        derived = replace(derived, distance=activity.distance, average_speed=average)
    if derived.elevation_gain is None:
        derived = replace(derived, elevation_gain=activity.total_elevation_gain or None)
    return derived


def _without_samples(activity: DetailedActivity) -> ParsedRecording:
    """Strava's own figures: of a manual entry for good, of anything else until its streams are there."""
    recording = samples.with_steps(_bare(activity))
    notes = () if activity.manual else (LATER,)
    recording = replace(recording, quality=QualityReport(notes=notes))
    totals, moving = recording.totals, activity.moving_time or activity.elapsed_time
    way = max(activity.distance or 0.0, 0.0)
    track = _track(activity)
    kilometres = tuple(_splits(activity.splits_metric))
    derived = Derived(
        distance=round(way, 2),
        elapsed_time=activity.elapsed_time,
        moving_time=moving,
        average_speed=speed(way, moving, activity.elapsed_time),
        max_speed=rounded(activity.max_speed, 3),
        elevation_gain=rounded(activity.total_elevation_gain, 1),
        elevation_low=activity.elev_low,
        elevation_high=activity.elev_high,
        average_heartrate=rounded(totals.average_heartrate, 1),
        max_heartrate=totals.max_heartrate,
        average_cadence=rounded(totals.average_cadence, 1),
        average_power=rounded(totals.average_power, 1),
        calories=totals.calories,
        timezone=timezone_of(activity),
        fastest_pace=_fastest_pace(kilometres),
        bounds=None if track is None else polyline.bounds(track),
        polyline=None if track is None else polyline.encode(track),
        summary_polyline=None if track is None else polyline.encode(polyline.simplify(track)),
        splits_km=kilometres,
        splits_mi=tuple(_splits(activity.splits_standard)),
        laps=tuple(_summary_laps(recording, activity)),
    )
    return ParsedRecording(recording, derived)


def _track(activity: DetailedActivity) -> Column | None:
    """Positions of Strava's polyline; it is empty for what has none, and ``start_latlng`` is then ``[]``."""
    encoded = (activity.map.polyline or activity.map.summary_polyline) if activity.map else None
    track = polyline.decode(encoded) if encoded else np.empty((0, 2))
    sane = len(track) > 1 and bool((np.abs(track) <= (_POLES, 2 * _POLES)).all())
    return track if sane else None


def _splits(splits: tuple[ActivitySplit, ...]) -> list[Split]:
    """Strava's splits in order, started where the one before ended."""
    found: list[Split] = []
    start = 0.0
    for number, split in enumerate(splits, start=1):
        found.append(
            Split(
                split=number,
                start=start,
                distance=split.distance,
                elapsed_time=split.elapsed_time,
                moving_time=split.moving_time,
                average_speed=speed(split.distance, split.moving_time, split.elapsed_time),
                elevation_difference=split.elevation_difference,
                average_grade_adjusted_speed=split.average_grade_adjusted_speed,
                average_heartrate=split.average_heartrate,
            )
        )
        start += split.elapsed_time
    return found


def _fastest_pace(kilometres: tuple[Split, ...]) -> float | None:
    """s/km of the fastest full kilometre; Strava's are full to some metres."""
    full = [split for split in kilometres if split.distance >= FULL * KILOMETRE]
    return min((round(split.elapsed_time * KILOMETRE / split.distance, 3) for split in full), default=None)


def _summary_laps(recording: Recording, activity: DetailedActivity) -> list[Lap]:
    """Laps without samples: their indices are all 0."""
    recorded = samples.with_steps(replace(recording, laps=tuple(_laps(activity)))).laps
    return [
        Lap(
            lap_index=index,
            start=lap.start,
            start_index=0,
            end_index=0,
            distance=lap.distance or 0.0,
            elapsed_time=lap.elapsed,
            moving_time=lap.timer or lap.elapsed,
            average_speed=speed(lap.distance or 0.0, lap.timer or lap.elapsed, lap.elapsed),
            max_speed=lap.max_speed,
            total_elevation_gain=lap.ascent,
            average_heartrate=lap.average_heartrate,
            max_heartrate=lap.max_heartrate,
            average_cadence=lap.average_cadence,
        )
        for index, lap in enumerate(recorded, start=1)
    ]
