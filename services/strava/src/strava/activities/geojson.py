"""Tracks as GeoJSON (RFC 7946): longitude first, altitude third where it is known."""

from typing import Any
from uuid import UUID

import numpy as np

from strava.activities.tracks import Indices, Track
from strava.streams.codec import Column

MEDIA_TYPE = "application/geo+json"
_DIGITS = 6
_SHORTEST = 2  # positions of a line


def wanted(accept: str) -> bool:
    """Tell whether the client asks for GeoJSON."""
    return any(part.split(";")[0].strip() == MEDIA_TYPE for part in accept.split(","))


def feature(activity_id: UUID, track: Track) -> dict[str, Any]:
    """Return the track as a feature: a line, several with pauses between, or null without two positions in a row."""
    lines = [_coordinates(track, line) for line in track.lines if len(line) >= _SHORTEST]
    geometry: dict[str, Any] | None = None
    if lines:
        several = len(lines) > 1
        geometry = {
            "type": "MultiLineString" if several else "LineString",
            "coordinates": lines if several else lines[0],
        }
    return {"type": "Feature", "geometry": geometry, "properties": {"activity_id": str(activity_id)}}


def _coordinates(track: Track, line: Indices) -> Column:
    """(n, 2) or (n, 3) positions; the columns stay an array, which is written out without an object for each number."""
    positions = track.columns["latlng"][line][:, ::-1]
    if "altitude" in track.columns and np.isfinite(track.columns["altitude"][line]).all():
        positions = np.column_stack([positions, track.columns["altitude"][line]])
    return np.ascontiguousarray(np.round(positions, _DIGITS))
