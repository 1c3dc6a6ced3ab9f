"""A track as what a picture needs of it: its shape on a map, small enough to keep in a row."""

import zlib

import numpy as np
from numpy.typing import NDArray

GRID = 4096
"""Steps along the longer side; the largest picture has far fewer pixels."""

SMALLEST_EXTENT_M = 150.0
"""A track round a room is not blown up to the size of the picture."""

_EARTH_CIRCUMFERENCE_M = 40_075_016.7
_MERCATOR_LATITUDE = 85.05
_BREAK = -1
_SHORTEST = 2  # positions

Floats = NDArray[np.float64]
Route = NDArray[np.int16]


def route_of(latlng: Floats) -> Route | None:
    """Return the shape of a track, or None where fewer than two positions are known.

    ``latlng`` has the shape (n, 2), degrees, NaN where there was no signal. The route has the shape (m, 2): x to the
    east and y to the south in 1/``GRID`` of the longer side, in Web Mercator (EPSG:3857), centred in the square;
    a row of -1 is a gap that is not drawn.
    """
    known = np.isfinite(latlng).all(axis=1)
    if known.sum() < _SHORTEST:
        return None
    points = _mercator(latlng[known])
    low, high = points.min(axis=0), points.max(axis=0)
    metres = _EARTH_CIRCUMFERENCE_M * np.cos(np.radians(_clamped(latlng[known][:, 0]).mean()))
    extent = max(float((high - low).max()), SMALLEST_EXTENT_M / float(metres))
    grid = np.rint(((points - (low + high) / 2) / extent + 0.5) * (GRID - 1))
    rows = np.full((len(latlng), 2), _BREAK, dtype=np.int16)
    rows[known] = np.clip(grid, 0, GRID - 1).astype(np.int16)
    changes = np.concatenate(([True], (np.diff(rows, axis=0) != 0).any(axis=1)))
    return rows[changes]


def _clamped(latitude: Floats) -> Floats:
    return np.clip(latitude, -_MERCATOR_LATITUDE, _MERCATOR_LATITUDE)


def _mercator(latlng: Floats) -> Floats:
    """Web Mercator in units of the world's width, x continuous across the antimeridian."""
    longitude = np.unwrap(latlng[:, 1], period=360)
    latitude = np.radians(_clamped(latlng[:, 0]))
    y = 0.5 - np.log(np.tan(np.pi / 4 + latitude / 2)) / (2 * np.pi)
    return np.column_stack((longitude / 360 + 0.5, y))


def pieces(route: Route) -> list[Route]:
    """Split a route at its gaps; each piece has at least one point."""
    gaps = np.flatnonzero(route[:, 0] == _BREAK)
    return [each for part in np.split(route, gaps) if len(each := part[part[:, 0] != _BREAK])]


def pack(route: Route) -> bytes:
    """Return the route as bytes: differences compress to a byte or two a point."""
    return zlib.compress(np.diff(route, axis=0, prepend=np.zeros((1, 2), np.int16)).astype("<i2").tobytes(), 6)


def unpack(packed: bytes) -> Route:
    """Reverse of ``pack``."""
    steps = np.frombuffer(zlib.decompress(packed), dtype="<i2").reshape(-1, 2)
    return np.cumsum(steps, axis=0, dtype=np.int16)
