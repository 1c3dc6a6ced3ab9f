"""``*_summarizedActivities.json`` of Garmin's account archive: names of activities by when they began."""

import math
from datetime import UTC, datetime
from typing import Any

import orjson

from strava.files.accounts.strava import LONGEST_TEXT, LONGEST_TIME
from strava.files.accounts.told import Told
from strava.files.accounts.values import within
from strava.files.recording import FileRefused
from strava.files.samples import EARLIEST, LATEST

WRAPPER = "summarizedActivitiesExport"
MS = 1000.0
CM = 100.0


def read_summaries(data: bytes) -> tuple[Told, ...]:
    """What is said of each activity; those without a time are passed over.

    Times are in ms, distances and elevation in cm. Files are not named: they are found by when they begin.

    Raises:
        FileRefused: it is no such file.
    """
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise FileRefused("The list of activities is damaged; its names are not used.", "damaged") from error
    found = [_told(each) for each in _entries(document)]
    return tuple(each for each in found if each.start_time is not None)


def _entries(document: Any) -> list[dict[str, Any]]:
    """Activities of the list, wherever it is wrapped."""
    parts = document if isinstance(document, list) else [document]
    found: list[Any] = []
    for part in parts:
        wrapped = part.get(WRAPPER, [part]) if isinstance(part, dict) else []
        found += wrapped if isinstance(wrapped, list) else []
    return [each for each in found if isinstance(each, dict)]


def _told(entry: dict[str, Any]) -> Told:
    return Told(
        name=_text(entry.get("name")),
        description=_text(entry.get("description")),
        start_time=_moment(_number(entry, "beginTimestamp") or _number(entry, "startTimeGmt")),
        elapsed_time=within(_scaled(entry, "elapsedDuration", MS) or _scaled(entry, "duration", MS), 0.0, LONGEST_TIME),
        distance=within(_scaled(entry, "distance", CM), 0.0, 1e7),
    )


def _text(value: Any) -> str | None:
    return value.strip().replace("\0", "")[:LONGEST_TEXT] or None if isinstance(value, str) else None


def _number(entry: dict[str, Any], name: str) -> float | None:
    value = entry.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < math.inf:
        return None
    return float(value)


def _scaled(entry: dict[str, Any], name: str, scale: float) -> float | None:
    value = _number(entry, name)
    return None if value is None else value / scale


def _moment(ms: float | None) -> datetime | None:
    seconds = None if ms is None else within(ms / MS, EARLIEST, LATEST)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
