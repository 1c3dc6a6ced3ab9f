"""Streams between services: one binary body, columns of little-endian floats, read without copying.

4 bytes  magic ``RTS1``
4 bytes  length of the header, unsigned little-endian
header   JSON: ``{"activity": ActivitySummary, "count": n, "columns": [name, ...]}``, padded to 8 bytes
columns  float64 little-endian, n values each (``latlng`` 2 n, latitude first), absent values NaN
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from contracts.strava.api import ActivitySummary

MAGIC = b"RTS1"
_PREFIX = struct.Struct("<4sI")
_PAIRS = "latlng"

Column = NDArray[np.float64]


class MalformedStreams(ValueError):
    """The body is not what this module writes."""


@dataclass(frozen=True)
class ActivityStreams:
    """An activity and its streams: each of shape ``(n,)``, ``latlng`` of shape ``(n, 2)`` in degrees.

    Names and units: time s since the start, distance m, altitude m, heartrate bpm, cadence 1/min (steps for
    runs), power W, velocity m/s, grade %, temperature degrees C, moving 0 or 1.
    """

    activity: ActivitySummary
    columns: Mapping[str, Column]


def encode(streams: ActivityStreams) -> bytes:
    """Return the body; columns must have equal length."""
    counts = {len(column) for column in streams.columns.values()} or {0}
    if len(counts) != 1:
        raise ValueError("columns of different length")
    header = orjson.dumps(
        {
            "activity": streams.activity.model_dump(mode="json"),
            "count": counts.pop(),
            "columns": list(streams.columns),
        }
    )
    header += b" " * (-len(header) % 8)
    bodies = (np.ascontiguousarray(column, dtype="<f8").tobytes() for column in streams.columns.values())
    return _PREFIX.pack(MAGIC, len(header)) + header + b"".join(bodies)


def decode(body: bytes) -> ActivityStreams:
    """Read a body. Raises ``MalformedStreams``."""
    try:
        magic, length = _PREFIX.unpack_from(body)
        header = orjson.loads(body[_PREFIX.size : _PREFIX.size + length])
    except (struct.error, orjson.JSONDecodeError) as error:
        raise MalformedStreams("the header cannot be read") from error
    if magic != MAGIC:
        raise MalformedStreams("not a body of streams")
    offset = _PREFIX.size + length
    columns: dict[str, Column] = {}
    for name in header["columns"]:
        size = header["count"] * (2 if name == _PAIRS else 1)
        if offset + 8 * size > len(body):
            raise MalformedStreams("the body is cut short")
        column = np.frombuffer(body, dtype="<f8", count=size, offset=offset)
        columns[name] = column.reshape(-1, 2) if name == _PAIRS else column
        offset += 8 * size
    return ActivityStreams(ActivitySummary.model_validate(header["activity"]), columns)
