"""Cutting tracks: the stretches at start and end that lie in a privacy zone are taken away. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strava.streams.codec import Column

EARTH = 6_371_008.8  # m, mean radius


@dataclass(frozen=True)
class Zone:
    """A circle: centre in degrees, radius in m."""

    latitude: float
    longitude: float
    radius: float


def metres_from(zone: Zone, latlng: Column) -> Column:
    """(n,) metres from the centre to each position of (n, 2) degrees on the sphere (haversine); NaN stays NaN."""
    lat, lng = np.radians(latlng[:, 0]), np.radians(latlng[:, 1])
    lat0, lng0 = np.radians(zone.latitude), np.radians(zone.longitude)
    half = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin((lng - lng0) / 2) ** 2
    return np.asarray(2.0 * EARTH * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def outside(latlng: Column, zones: Sequence[Zone]) -> NDArray[np.bool_]:
    """(n,) true for known positions that no zone covers."""
    found = np.asarray(np.isfinite(latlng).all(axis=1))
    for zone in zones:
        found = found & ~(metres_from(zone, latlng) <= zone.radius)
    return found


def shown(latlng: Column, zones: Sequence[Zone]) -> slice:
    """Samples that others may see: from the first position outside all zones to the last one.

    A zone that is only passed on the way is not cut; a track that never leaves its zones is not shown at all.
    """
    if not zones:
        return slice(0, len(latlng))
    free = np.flatnonzero(outside(latlng, zones))
    return slice(int(free[0]), int(free[-1]) + 1) if len(free) else slice(0, 0)


def without_positions(columns: Mapping[str, Column], zones: Sequence[Zone]) -> dict[str, Column]:
    """Streams whose positions are absent where others may not see them; all else stays, index-aligned."""
    result = dict(columns)
    if "latlng" in columns and zones:
        kept = shown(columns["latlng"], zones)
        hidden = np.full_like(columns["latlng"], np.nan)
        hidden[kept] = columns["latlng"][kept]
        result["latlng"] = hidden
    return result
