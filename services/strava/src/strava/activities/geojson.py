"""Tracks as GeoJSON (RFC 7946): longitude first, altitude third where it is known."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np

from strava.streams.codec import Column

MEDIA_TYPE = "application/geo+json"
_DIGITS = 6


def wanted(accept: str) -> bool:
    """Tell whether the client asks for GeoJSON."""
    return any(part.split(";")[0].strip() == MEDIA_TYPE for part in accept.split(","))


def feature(activity_id: UUID, columns: Mapping[str, Column]) -> dict[str, Any]:
    """Return the track as a feature; its geometry is null without positions."""
    geometry = None
    if "latlng" in columns:
        present = np.isfinite(columns["latlng"]).all(axis=1)
        positions = columns["latlng"][present][:, ::-1]
        if "altitude" in columns and np.isfinite(columns["altitude"][present]).all():
            positions = np.column_stack([positions, columns["altitude"][present]])
        geometry = {"type": "LineString", "coordinates": np.round(positions, _DIGITS).tolist()}
    return {"type": "Feature", "geometry": geometry, "properties": {"activity_id": str(activity_id)}}
