"""A stored recording derived anew from its samples: as it is, or as one of another sport."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from strava.activities import repository
from strava.activities.manual import SOURCE, Entered
from strava.activities.parsed import ParsedRecording
from strava.files.recording import Column, DeviceTotals, QualityReport, Recording
from strava.files.samples import FOOT, cadence_factor
from strava.kernels import derive
from strava.models import Recording as Row
from strava.models import Split, Stream

COMPUTED = frozenset({"velocity", "moving", "grade"})
"""Streams that follow from the others."""

_CALORIES = ("calories", "calories_source")


def pauses_of(time: Column, moving: Column | None) -> tuple[tuple[float, float], ...]:
    """(from, to) in s: the steps that lead to samples which do not move."""
    if moving is None or len(time) < 2:  # noqa: PLR2004 - a step has two ends
        return ()
    still = np.flatnonzero(moving[1:] < 0.5)  # noqa: PLR2004 - 1 or 0
    return tuple((float(time[at]), float(time[at + 1])) for at in still)


def recomputed(row: Row, streams: Mapping[str, Column]) -> ParsedRecording:
    """Derive a recording anew from its stored streams, of which ``time`` is one. Laps stay as the device has them."""
    summary, columns = row.summary, {name: column for name, column in streams.items() if name not in COMPUTED}
    told: list[tuple[float, float]] | None = summary.get("pauses")
    pauses = pauses_of(streams["time"], streams.get("moving")) if told is None else told
    recording = Recording(
        sport=summary["sport"],
        start_time=datetime.fromisoformat(summary["start_time"]),
        columns=columns,
        format=row.format,  # type: ignore[arg-type] # as it was stored
        pauses=tuple((begin, end) for begin, end in pauses),
        totals=DeviceTotals(calories=None if _is_estimated(summary) else summary["calories"]),
        name=summary.get("name"),
        notes=summary.get("description"),
        quality=QualityReport(dropped=row.quality.get("dropped", {})),
        jumps=summary.get("jumps", 0.0),
    )
    return ParsedRecording(recording, derive(recording), summary.get("weight"))


def _is_estimated(summary: Mapping[str, Any]) -> bool:
    return summary.get("calories_source") == "estimated"


async def replace_parts(
    session: AsyncSession, recording_id: UUID, fresh: ParsedRecording, streams: Mapping[str, Column]
) -> bool:
    """Write splits and computed streams where they differ; tells whether they did."""
    splits = fresh.splits(recording_id)
    there = [
        {column.key: getattr(each, column.key) for column in Split.__mapper__.columns}
        for unit in ("km", "mi")
        for each in await repository.splits(session, recording_id, unit)
    ]
    computed = {name: column for name, column in fresh.derived.streams.items() if name in COMPUTED}
    same = await repository.has_streams(session, recording_id, {**streams, **computed})
    if same and _comparable(splits) == _comparable(there):
        return False
    await session.execute(delete(Split).where(Split.recording_id == recording_id))
    await session.execute(delete(Stream).where(Stream.recording_id == recording_id, Stream.type.in_(COMPUTED)))
    await repository.add_parts(session, recording_id, streams=computed, splits=splits, laps=[])
    return True


def _comparable(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted(tuple(sorted(row.items(), key=lambda item: item[0])) for row in rows)


async def take_sport(session: AsyncSession, row: Row, sport: str) -> bool:
    """Give a recording another sport, with what follows from it: cadence, grade adjusted speeds, estimated calories.

    Tells whether its streams are others now. The caller holds ``lock_athlete`` and settles the activity.
    """
    streams = await repository.streams(session, row.id)
    factor = cadence_factor(row.sport, sport, streams.get("cadence"))
    average = row.summary.get("average_cadence")
    counted = None if average is None else round(average * factor, 1)
    row.sport, row.summary = sport, {**row.summary, "sport": sport, "average_cadence": counted}
    if "cadence" in streams and factor != 1.0:
        streams["cadence"] = streams["cadence"] * factor
        await session.execute(delete(Stream).where(Stream.recording_id == row.id, Stream.type == "cadence"))
        cadence = {"cadence": streams["cadence"]}
        await repository.add_parts(session, row.id, streams=cadence, splits=[], laps=[])
    for lap in await repository.laps(session, row.id):
        lap.average_cadence = None if lap.average_cadence is None else round(lap.average_cadence * factor, 1)
        lap.grade_adjusted_speed = lap.grade_adjusted_speed if sport in FOOT else None
    changed = await _refigured(session, row, streams)
    return changed or factor != 1.0


async def _refigured(session: AsyncSession, row: Row, streams: Mapping[str, Column]) -> bool:
    """Take the figures that a sport may change; tells whether splits or computed streams are others."""
    if "time" not in streams:
        if row.source == SOURCE and _is_estimated(row.summary):
            figures = Entered.of(row).parsed(row.summary.get("weight")).summary()
            row.summary = {**row.summary, **{name: figures[name] for name in _CALORIES}}
        return False
    fresh = recomputed(row, streams)
    figures = fresh.summary()
    if _is_estimated(row.summary) or row.summary["calories"] is None:
        row.summary = {**row.summary, **{name: figures[name] for name in _CALORIES}}
    return await replace_parts(session, row.id, fresh, streams)
