"""Streams as JSON: chosen keys, thinned out to a resolution, index-aligned."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from common.errors import InvalidInput
from strava.streams.codec import SCALES, UNITS, Column

Resolution = Literal["low", "medium", "high", "full"]
POINTS: dict[Resolution, int] = {"low": 100, "medium": 1000, "high": 10_000}
"""Most samples of each resolution; ``full`` has all."""

SENSITIVE = frozenset({"heartrate"})
"""Given only when asked for by name."""

DEFAULT_KEYS = tuple(name for name in SCALES if name not in SENSITIVE)


def thinned(count: int, resolution: Resolution) -> NDArray[np.intp]:
    """Return the indices of the samples that a resolution keeps: evenly spread, with the first and the last."""
    most = POINTS.get(resolution, count)
    if count <= most:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, most).round().astype(np.intp))


def as_json(columns: Mapping[str, Column], resolution: Resolution) -> dict[str, dict[str, Any]]:
    """Return the streams in the shape of the API; absent values are null."""
    count = len(next(iter(columns.values()), ()))
    chosen = thinned(count, resolution)
    return {name: {"data": _values(name, column[chosen]), "unit": UNITS[name]} for name, column in columns.items()}


def _values(name: str, column: Column) -> Any:
    if name == "moving":
        return column > 0
    return np.ascontiguousarray(column)


class UnknownStream(InvalidInput):
    code = "streams.unknown_key"
    title = "Unknown stream"


def parse_keys(text: str) -> list[str]:
    """Split the names asked for. Raises ``UnknownStream``."""
    keys = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [key for key in keys if key not in SCALES]
    if unknown:
        raise UnknownStream(f"There is no stream {unknown[0][:40]!r}.", next_steps=f"Use some of: {', '.join(SCALES)}.")
    return keys
