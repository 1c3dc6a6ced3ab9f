"""Activities as comma-separated values (RFC 4180), in pieces: memory stays the same whatever their number."""

import csv
import io
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from common.db import Database
from common.pagination import encode_cursor
from strava.activities.listing import ActivityFilter, rows_of
from strava.models import Activity, Gear

MEDIA_TYPE = "text/csv"
BYTE_ORDER_MARK = "\ufeff"
ROWS_AT_ONCE = 500
COLUMNS = (
    "id", "name", "sport", "start_time", "start_time_local", "timezone", "distance", "moving_time", "elapsed_time",
    "elevation_gain", "average_speed", "max_speed", "average_heartrate", "max_heartrate", "average_cadence",
    "calories", "calories_source", "fastest_pace", "gear", "source", "sources", "strava_id", "description",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def table(database: Database, athlete_id: UUID, chosen: ActivityFilter, *, mark: bool) -> AsyncIterator[bytes]:
    """Write the activities that the filter fits, the newest first; ``mark`` puts a byte order mark before.

    Rows are read by key in batches, each with a connection of its own for as long as its query takes: a slow reader
    holds none.
    """
    yield ((BYTE_ORDER_MARK if mark else "") + _lines([COLUMNS])).encode()
    cursor: str | None = None
    while True:
        async with database.reading() as session:
            gear = {row.id: row.name for row in await session.execute(_GEAR.where(Gear.athlete_id == athlete_id))}
            rows = await rows_of(session, athlete_id, chosen, cursor, ROWS_AT_ONCE, *_ALSO)
        if rows:
            yield _lines([_cells(row, gear) for row in rows]).encode("utf-8", "replace")
        if len(rows) < ROWS_AT_ONCE:
            return
        cursor = encode_cursor((rows[-1]["start_time"], rows[-1]["id"]))


def _lines(rows: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cells(row: Mapping[Any, Any], gear: Mapping[UUID, str]) -> list[Any]:
    start: datetime = row["start_time"]
    shown = {
        **row,
        "start_time": start.isoformat(),
        "start_time_local": start.astimezone(ZoneInfo(row["timezone"])).isoformat(),
        "sources": " ".join(row["sources"]),
        "gear": gear.get(row["gear_id"], ""),
    }
    return [_safe(shown[name]) for name in COLUMNS]


def _safe(value: Any) -> Any:
    """Keep spreadsheets from taking a text for a formula (CWE-1236)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


_GEAR = select(Gear.id, Gear.name)
_ALSO = (Activity.calories_source, Activity.gear_id, Activity.description)
