"""FIT: each session is a recording (a leg of a multisport race), transitions are not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from strava.files.fit_messages import SEMICIRCLE, Message, Messages, decode, number_of
from strava.files.recording import (
    Column,
    DeviceTotals,
    FileRefused,
    ParseResult,
    QualityReport,
    RecordedLap,
    Recording,
)
from strava.files.samples import Samples, build, with_steps
from strava.files.sports import INDOOR, fit_sport
from strava.files.summed import WITHOUT_SAMPLES, samples_of_laps

NOT_RECORDED = {
    "workout": "a planned workout",
    "settings": "a settings file",
    "goals": "a file of goals",
    "totals": "a file of totals",
    "schedules": "a schedule",
    "monitoring_a": "daily monitoring",
    "monitoring_b": "daily monitoring",
    "weight": "a weight log",
}
MOST_LEGS = 200  # with their transitions; the longest swim-run race has about half as many
STOPS = frozenset({"stop", "stop_all", "stop_disable", "stop_disable_all"})
CUT_OFF = "The file is damaged or cut off; this is what could be read."
CHECKSUM = "The file's checksum is wrong; all of it could be read."
NO_SUMMARY = "The file has no summary; it was probably cut off."
FROM_LAPS = "The file has no distance samples; the distance runs evenly through the laps of the device."


@dataclass(frozen=True, slots=True)
class _Leg:
    """A part of a file and its window in Unix seconds; ``summary`` is the session, or what stands in for it."""

    summary: Message
    begin: float
    end: float
    has_summary: bool = True

    @property
    def name(self) -> str:
        return str(self.summary.get("sport", "generic"))


def parse_fit(data: bytes) -> ParseResult:
    """Recordings of a FIT file, one for each session that is not a transition.

    Raises:
        FileRefused: nothing readable, no samples, or a FIT file of another kind (a workout, settings, ...).
    """
    messages = decode(data)
    kind = str(next((m.get("type") for m in messages.of("file_id") if m.get("type")), "activity"))
    if kind == "course":
        return ParseResult("route", "fit", notes=("This file is a course to follow, not an activity.",))
    if kind in NOT_RECORDED:
        raise FileRefused(f"This FIT file is {NOT_RECORDED[kind]}, not an activity.", "no_data")
    legs = _legs(messages)
    if len(legs) > MOST_LEGS:
        raise FileRefused(f"The FIT file has more than {MOST_LEGS} parts, which no watch writes.", "too_many_entries")
    transitions = [leg for leg in legs if leg.name == "transition"]
    recordings = [found for leg in legs if leg not in transitions and (found := _recording(messages, leg, len(legs)))]
    if not recordings:
        raise FileRefused("The FIT file has no samples of an activity.", "no_data")
    notes = (f"{len(transitions)} transitions were left out.",) if transitions else ()
    return ParseResult("activities", "fit", tuple(recordings), notes)


def _legs(messages: Messages) -> list[_Leg]:
    """Sessions in order of time, each reaching to the next; laps by sport when a cut-off file has no session."""
    sessions = sorted(
        (m for m in messages.of("session") if number_of(m, "start_time") is not None),
        key=lambda m: number_of(m, "start_time") or 0.0,
    )
    if not sessions:
        return _legs_without_summary(messages)
    starts = [number_of(m, "start_time") or 0.0 for m in sessions]
    begins = [-np.inf, *starts[1:]]
    ends = [*starts[1:], np.inf]
    legs = [_Leg(m, begin, end) for m, begin, end in zip(sessions, begins, ends, strict=True)]
    return _with_unfinished(messages, legs)


def _with_unfinished(messages: Messages, legs: list[_Leg]) -> list[_Leg]:
    """Legs, and the one that a cut-off file had begun: devices name its sport when it begins, and sum up at its end."""
    sports = messages.of("sport")
    if not messages.damaged or len(sports) <= len(legs):
        return legs
    last = legs[-1]
    end = (number_of(last.summary, "start_time") or 0.0) + (number_of(last.summary, "total_elapsed_time") or 0.0)
    unfinished = _Leg(sport_of(sports[len(legs)]), end, np.inf, has_summary=False)
    return [*legs[:-1], replace(last, end=end), unfinished]


def _legs_without_summary(messages: Messages) -> list[_Leg]:
    laps = [m for m in messages.of("lap") if m.get("sport") and number_of(m, "start_time") is not None]
    groups = [list(group) for _, group in groupby(laps, key=lambda m: m.get("sport"))]
    if len(groups) < 2:  # noqa: PLR2004 - one sport or none: no legs
        unnamed = {"sport": "swimming", "sub_sport": "lap_swimming"} if messages.of("length") else {"sport": "running"}
        sport = next(iter([*messages.of("sport"), *laps]), unnamed)
        return [_Leg(sport_of(sport), -np.inf, np.inf, has_summary=False)]
    starts = [number_of(group[0], "start_time") or 0.0 for group in groups]
    begins, ends = [-np.inf, *starts[1:]], [*starts[1:], np.inf]
    return [
        _Leg(sport_of(group[0]), begin, end, has_summary=False)
        for group, begin, end in zip(groups, begins, ends, strict=True)
    ]


def sport_of(message: Message) -> Message:
    """Only the sport of a message: its totals are not those of the leg."""
    return {key: message[key] for key in ("sport", "sub_sport") if key in message}


def _recording(messages: Messages, leg: _Leg, legs: int) -> Recording | None:
    measured = _samples(messages, leg) or _lengths(messages, leg)
    samples = measured or samples_of_laps(_laps(messages, leg, 0.0) or _whole(leg))
    if samples is None:
        return None
    sub_sport = str(leg.summary.get("sub_sport", "generic"))
    laps = _laps(messages, leg, samples.start)
    notes = [CHECKSUM if messages.complete else CUT_OFF] if messages.damaged else []
    notes += [] if measured else [WITHOUT_SAMPLES]
    notes += [] if leg.has_summary else [NO_SUMMARY]
    if "distance" not in samples.columns and "latlng" not in samples.columns and _distance_from_laps(samples, laps):
        notes.append(FROM_LAPS)
    return with_steps(
        Recording(
            sport=fit_sport(leg.name, sub_sport),
            start_time=samples.start_time,
            columns=samples.columns,
            format="fit",
            laps=laps,
            pauses=_pauses(messages.of("event"), leg, samples.start),
            totals=_totals(leg.summary),
            indoor=sub_sport in INDOOR or "latlng" not in samples.columns,
            device=_device(messages),
            name=None if legs == 1 else str(leg.summary.get("sport_profile_name") or "") or None,
            quality=QualityReport(samples.total, dict(samples.dropped), messages.damaged, tuple(notes)),
        )
    )


def _samples(messages: Messages, leg: _Leg) -> Samples | None:
    """Columns of the leg's records; distance counts from the end of the leg before."""
    times = messages.column("record", "timestamp")
    inside = (times >= leg.begin) & (times < leg.end)
    if not inside.any():
        return None
    raw = {
        "lat": messages.column("record", "position_lat") * SEMICIRCLE,
        "lng": messages.column("record", "position_long") * SEMICIRCLE,
        "distance": messages.column("record", "distance"),
        "altitude": messages.column("record", "enhanced_altitude", "altitude"),
        "heartrate": messages.column("record", "heart_rate"),
        "cadence": messages.column("record", "cadence"),
        "power": messages.column("record", "power", "Power"),
        "temperature": messages.column("record", "temperature"),
    }
    raw["cadence"] = raw["cadence"] + np.nan_to_num(messages.column("record", "fractional_cadence"))
    raw["distance"] = raw["distance"] - _covered_before(times, raw["distance"], leg.begin)
    rows = {name: values[inside] for name, values in raw.items()} | {"time": times[inside]}
    if len(messages.of("session")) > 1:
        rows = _with_ends(rows, leg.summary)
    samples = build(rows.pop("time"), rows)
    return samples if samples and len(samples.columns) > 1 else None


def _with_ends(rows: dict[str, Column], session: Message) -> dict[str, Column]:
    """A leg's samples with its start and finish as the session has them: between legs devices sample too rarely."""
    begin, lasted = number_of(session, "start_time"), number_of(session, "total_elapsed_time")
    total, last = number_of(session, "total_distance"), float(rows["distance"][-1])
    if begin is None or lasted is None or total is None or not last <= total:
        return rows
    if begin < rows["time"][0]:
        start = {"time": begin, "distance": 0.0}
        rows = {name: np.insert(values, 0, start.get(name, np.nan)) for name, values in rows.items()}
    if begin + lasted > rows["time"][-1]:
        end = {"time": begin + lasted, "distance": total}
        rows = {name: np.append(values, end.get(name, np.nan)) for name, values in rows.items()}
    return rows


def _covered_before(times: Column, distance: Column, begin: float) -> float:
    """Metres on the odometer when the leg began."""
    before = distance[(times < begin) & ~np.isnan(distance)]
    return float(before[-1]) if before.size else 0.0


def _lengths(messages: Messages, leg: _Leg) -> Samples | None:
    """Pool swims whose records carry no time: each length gives a sample at its start and at its end."""
    pool = number_of(leg.summary, "pool_length") or _step(messages.column("record", "distance"))
    if not pool:
        return None
    times: list[float] = []
    distance: list[float] = []
    covered = 0.0
    for length in messages.of("length"):
        start, elapsed = number_of(length, "start_time"), number_of(length, "total_elapsed_time")
        if start is None or elapsed is None or not leg.begin <= start < leg.end or length.get("length_type") == "idle":
            continue
        if not times or start > times[-1]:  # starts are cut to whole seconds, durations are not
            times.append(start)
            distance.append(covered)
        times.append(max(start + elapsed, times[-1]))
        distance.append(covered + pool)
        covered += pool
    return build(np.array(times), {"distance": np.array(distance)}) if times else None


def _step(distance: Column) -> float | None:
    """Metres from one record to the next: the pool's length, where a cut-off file has lost its summary."""
    steps = np.diff(distance[~np.isnan(distance)])
    return float(np.median(steps[steps > 0.0])) if (steps > 0.0).any() else None


def _distance_from_laps(samples: Samples, laps: Sequence[RecordedLap]) -> bool:
    """Give samples without distance or position the distance of the laps, spread evenly over each."""
    measured = [lap for lap in laps if lap.distance and lap.elapsed > 0]
    if not measured:
        return False
    edges, covered = [measured[0].start], [0.0]
    for lap in measured:
        edges += [max(lap.start, edges[-1]), max(lap.start + lap.elapsed, edges[-1])]
        covered += [covered[-1], covered[-1] + (lap.distance or 0.0)]
    samples.columns["distance"] = np.interp(samples.columns["time"], edges, covered)
    return True


def _laps(messages: Messages, leg: _Leg, start: float) -> tuple[RecordedLap, ...]:
    found = []
    for lap in messages.of("lap"):
        begin = number_of(lap, "start_time")
        elapsed = number_of(lap, "total_elapsed_time", "total_timer_time")
        if begin is None or elapsed is None or elapsed < 0 or not leg.begin <= begin < leg.end:
            continue
        found.append(
            RecordedLap(
                start=begin - start,
                elapsed=elapsed,
                timer=number_of(lap, "total_timer_time"),
                distance=number_of(lap, "total_distance"),
                calories=number_of(lap, "total_calories") or None,
                ascent=number_of(lap, "total_ascent"),
                descent=number_of(lap, "total_descent"),
                average_heartrate=number_of(lap, "avg_heart_rate"),
                max_heartrate=number_of(lap, "max_heart_rate"),
                average_cadence=number_of(lap, "avg_cadence"),
                max_speed=number_of(lap, "enhanced_max_speed", "max_speed"),
                trigger=str(lap["lap_trigger"]) if "lap_trigger" in lap else None,
            )
        )
    return tuple(sorted(found, key=lambda lap: lap.start))


def _whole(leg: _Leg) -> tuple[RecordedLap, ...]:
    """A leg without laps as one, from Unix time 0."""
    begin, totals = number_of(leg.summary, "start_time"), _totals(leg.summary)
    if begin is None or totals.elapsed is None:
        return ()
    return (RecordedLap(begin, totals.elapsed, timer=totals.timer, distance=totals.distance),)


def _totals(summary: Message) -> DeviceTotals:
    return DeviceTotals(
        distance=number_of(summary, "total_distance"),
        elapsed=number_of(summary, "total_elapsed_time"),
        timer=number_of(summary, "total_timer_time"),
        calories=number_of(summary, "total_calories") or None,
        ascent=number_of(summary, "total_ascent"),
        descent=number_of(summary, "total_descent"),
        average_heartrate=number_of(summary, "avg_heart_rate"),
        max_heartrate=number_of(summary, "max_heart_rate"),
        average_cadence=number_of(summary, "avg_cadence"),
        average_power=number_of(summary, "avg_power"),
        max_speed=number_of(summary, "enhanced_max_speed", "max_speed"),
    )


def _pauses(events: Sequence[Message], leg: _Leg, start: float) -> tuple[tuple[float, float], ...]:
    """From each stop of the timer to the next start; a stop without a start is the end."""
    found: list[tuple[float, float]] = []
    stopped: float | None = None
    for event in events:
        at = number_of(event, "timestamp")
        if event.get("event") != "timer" or at is None or not leg.begin <= at < leg.end:
            continue
        if event.get("event_type") in STOPS:
            stopped = at if stopped is None else stopped
        elif event.get("event_type") == "start":
            if stopped is not None and at > stopped:
                found.append((stopped - start, at - start))
            stopped = None
    return tuple(found)


def _device(messages: Messages) -> str | None:
    """Maker and product of the file's creator."""
    for message in [*messages.of("file_id"), *messages.of("device_info")]:
        if maker := message.get("manufacturer"):
            product = message.get("product_name") or message.get("garmin_product") or message.get("product")
            return " ".join(str(part) for part in (str(maker).capitalize(), product) if part is not None)
    return None
