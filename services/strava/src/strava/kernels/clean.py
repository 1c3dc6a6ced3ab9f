"""From samples as recorded to samples that every number is computed from: times and distance never go back."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from strava.files.recording import Column, Columns, DeviceTotals, FileRefused, RecordedLap, Recording
from strava.kernels import elevation
from strava.kernels.device import believable_laps, believable_totals
from strava.kernels.distance import geodesic_steps
from strava.kernels.way import longest_rise, with_way

CLOCK_JUMP = 12 * 3600.0  # s
CLOCK_MOVED = 100.0  # m
LONGEST_BREAK = 7 * 86_400.0  # s; no activity rests longer, however far it moved
MOST_STRAY = 3  # samples
FEWEST = 2  # samples
LAP_SLACK = 5.0  # s
DISAGREES = 0.05
LEAST_DISTANCE, LEAST_TIME = 50.0, 60.0  # m, s; below, nobody asks

Indices = NDArray[np.intp]


def clean(recording: Recording) -> Recording:
    """The recording with strictly increasing times and a non-decreasing distance, and its report brought up to date.

    In this order: stray times go; a clock fault cuts (see `keep_longest_part`); samples that go back in time go, the
    fewest that must; samples of one moment are joined; samples without any value go; out-and-back positions go; the
    distance is the device's when it is sane, else that of the positions, without receiver jumps; samples that go back
    in distance go; single altitudes that nobody climbed to go; what laps and summary say and cannot be goes. Times
    count from the first sample that is left and are rounded to 1 ms, distance to 0.01 m.

    Raises:
        FileRefused: nothing but times is left and no device says how long it was, or there are no two samples.
    """
    dropped: Counter[str] = Counter(recording.quality.dropped)
    notes = list(recording.quality.notes)
    columns = _without_stray(recording.columns, dropped)
    part = keep_longest_part(columns)
    lost = len(columns["time"]) - len(part)
    cut = lost > MOST_STRAY
    dropped["clock_fault"] += lost
    if cut:
        notes.append("The clock jumped by more than 12 hours; the recording was cut there and the longer part kept.")
    columns = _present(_in_order(_present(_take(columns, part)), dropped))
    way = with_way(columns, recording)
    dropped.update(way.dropped)
    notes += way.notes
    columns = _present(_without_spikes(way.columns, dropped))
    if not len(columns["time"]) or (len(columns) == 1 and not recording.totals.elapsed):
        raise FileRefused("The recording has no samples left once impossible ones are dropped.", "no_data")
    if len(columns["time"]) < FEWEST:
        raise FileRefused("The recording has no two usable samples: it has no length in time or distance.", "no_data")
    cleaned = replace(_rebase(recording, columns, notes, cut=cut), jumps=way.jumps)
    notes += _disagreements(cleaned)
    quality = replace(recording.quality, dropped=dict(+dropped), notes=tuple(notes))
    return replace(cleaned, quality=quality)


def _take(columns: Columns, index: Indices | NDArray[np.bool_]) -> dict[str, Column]:
    return {name: values[index] for name, values in columns.items()}


def _without_stray(columns: Columns, dropped: Counter[str]) -> dict[str, Column]:
    """Columns without the few samples whose time is wrong while the clock goes on as before: those are no fault."""
    rising = longest_rise(columns["time"])
    stray = len(columns["time"]) - len(rising)
    if stray > MOST_STRAY:
        return dict(columns)
    dropped["backwards_time"] += stray
    return _take(columns, rising)


def _present(columns: dict[str, Column]) -> dict[str, Column]:
    """Columns that still have a value, and the time."""
    return {name: values for name, values in columns.items() if name == "time" or not np.isnan(values).all()}


def keep_longest_part(columns: Columns) -> Indices:
    """Indices of the longest part (in time) between clock faults.

    A fault is a jump of more than 12 h, forwards with less than 100 m moved, or backwards; or of more than 7 days.
    """
    time = columns["time"]
    jumps = np.flatnonzero(np.abs(np.diff(time)) > CLOCK_JUMP)
    faults = jumps[_are_faults(columns, jumps)] if jumps.size else jumps
    edges = [0, *(faults + 1).tolist(), len(time)]
    parts = [np.arange(first, last) for first, last in pairwise(edges)]
    return max(parts, key=lambda part: (np.ptp(time[part]), len(part)))


def _are_faults(columns: Columns, jumps: Indices) -> NDArray[np.bool_]:
    """Which of the jumps after these samples no athlete made."""
    jump = np.diff(columns["time"])[jumps]
    moved = np.full(len(jumps), np.nan)
    if "distance" in columns:
        moved = np.abs(np.diff(columns["distance"]))[jumps]
    if "latlng" in columns:
        moved = np.where(np.isnan(moved), geodesic_steps(columns["latlng"])[jumps], moved)
    return (jump < 0.0) | (jump > LONGEST_BREAK) | ~(moved >= CLOCK_MOVED)


def _in_order(columns: dict[str, Column], dropped: Counter[str]) -> dict[str, Column]:
    columns = columns | {"time": np.round(columns["time"], 3)}
    kept = longest_rise(columns["time"])
    dropped["backwards_time"] += len(columns["time"]) - len(kept)
    columns = _joined(_take(columns, kept), dropped)
    if not {"distance", "latlng"} & set(columns):
        return columns  # indoors the clock is all there is: an empty sample still says that the session went on
    filled = np.zeros(len(columns["time"]), dtype=np.bool_)
    for name, values in columns.items():
        if name != "time":
            filled |= ~np.isnan(values if values.ndim == 1 else values[:, 0])
    dropped["empty"] += int(np.count_nonzero(~filled))
    return _take(columns, filled)


def _joined(columns: dict[str, Column], dropped: Counter[str]) -> dict[str, Column]:
    """Samples of one moment as one, with the last known value of each column."""
    time = columns["time"]
    last = np.append(np.diff(time) > 0.0, True)
    if last.all():
        return columns
    dropped["duplicate"] += int(np.count_nonzero(~last))
    first = np.concatenate(([0], np.flatnonzero(last)[:-1] + 1))
    group = np.repeat(first, np.diff(np.append(first, len(time))))
    joined = {"time": time[last]}
    for name, values in columns.items():
        if name != "time":
            known = ~np.isnan(values if values.ndim == 1 else values[:, 0])
            latest = np.maximum.accumulate(np.where(known, np.arange(len(time)), 0))
            joined[name] = values[np.where(latest >= group, latest, np.arange(len(time)))[last]]
    return joined


def _without_spikes(columns: dict[str, Column], dropped: Counter[str]) -> dict[str, Column]:
    if "altitude" not in columns:
        return columns
    off = elevation.spikes(columns["time"], columns["altitude"])
    dropped["altitude_spike"] += int(np.count_nonzero(off))
    return columns | {"altitude": np.where(off, np.nan, columns["altitude"])}


def _rebase(recording: Recording, columns: dict[str, Column], notes: list[str], *, cut: bool) -> Recording:
    """Times from the first sample that is left; laps and pauses moved and clipped with it."""
    shift = float(columns["time"][0])
    columns["time"] = np.round(columns["time"] - shift, 3)
    end = float(columns["time"][-1])
    if cut and "distance" in columns:
        columns["distance"] = np.round(columns["distance"] - columns["distance"][0], 2)
    moved = (replace(lap, start=lap.start - shift) for lap in recording.laps)
    inside = [found for lap in moved if (found := _clipped(lap, end)) is not None]
    laps = list(believable_laps(inside, end))
    if inside and not laps:
        notes.append("The laps are far too many or lie over each other; they were left out.")
    if cut and laps and laps[0].start > LAP_SLACK:
        laps.insert(0, RecordedLap(0.0, laps[0].start))
    edges = [(max(begin - shift, 0.0), min(finish - shift, end)) for begin, finish in recording.pauses]
    return replace(
        recording,
        start_time=recording.start_time + timedelta(seconds=shift),
        columns=columns,
        laps=tuple(laps),
        pauses=tuple((begin, finish) for begin, finish in edges if finish > begin),
        totals=_totals_of(laps) if cut else believable_totals(recording.totals),
    )


def _clipped(lap: RecordedLap, end: float) -> RecordedLap | None:
    """The lap as far as there are samples; its own summary stays when it is nearly all there."""
    begin, finish = max(lap.start, 0.0), min(lap.start + lap.elapsed, end)
    if finish < begin or (finish == begin and lap.elapsed > LAP_SLACK):
        return None
    if lap.elapsed - (finish - begin) <= LAP_SLACK:
        return replace(lap, start=begin)
    return RecordedLap(begin, finish - begin, trigger=lap.trigger)


def _totals_of(laps: list[RecordedLap]) -> DeviceTotals:
    """What a cut recording keeps of its summary: calories of the laps that are all there."""
    return DeviceTotals(calories=sum(lap.calories or 0.0 for lap in laps) or None)


def _disagreements(recording: Recording) -> list[str]:
    """Notes where the device's summary and the samples differ by more than 5 %."""
    columns, totals = recording.columns, recording.totals
    notes = []
    covered = float(columns["distance"][-1] - columns["distance"][0]) if "distance" in columns else 0.0
    if totals.distance and abs(totals.distance - covered) > max(DISAGREES * totals.distance, LEAST_DISTANCE):
        notes.append(f"The device says {totals.distance:.0f} m, the samples cover {covered:.0f} m.")
    elapsed = float(columns["time"][-1])
    if totals.elapsed and abs(totals.elapsed - elapsed) > max(DISAGREES * totals.elapsed, LEAST_TIME):
        notes.append(f"The device says {totals.elapsed:.0f} s, the samples cover {elapsed:.0f} s.")
    return notes
