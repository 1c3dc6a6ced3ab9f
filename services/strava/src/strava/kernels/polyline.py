"""Tracks as encoded polylines (Google's algorithm), their bounds, and a short form of them."""

import numpy as np

from strava.files.recording import Column
from strava.kernels.derived import Bounds

CHUNKS = 6  # of 5 bits: enough for twice 180 degrees at precision 5
SUMMARY_POINTS = 500


def encode(latlng: Column, precision: int = 5) -> str:
    """Encoded polyline of (n, 2) degrees without NaN.

    Source: developers.google.com/maps/documentation/utilities/polylinealgorithm
    """
    if not len(latlng):
        return ""
    points = np.round(latlng * 10**precision).astype(np.int64)
    deltas = np.diff(points, axis=0, prepend=0).ravel()
    zigzag = np.where(deltas < 0, ~(deltas << 1), deltas << 1)
    shifts = 5 * np.arange(CHUNKS + 1)
    rest = zigzag[:, np.newaxis] >> shifts
    more = rest[:, 1:] > 0
    bytes_ = (rest[:, :-1] & 0x1F) + np.where(more, 0x20, 0) + 63
    used = np.concatenate((np.ones((len(deltas), 1), dtype=np.bool_), more[:, :-1]), axis=1)
    return bytes(bytes_[used].astype(np.uint8)).decode("ascii")


def decode(text: str, precision: int = 5) -> Column:
    """(n, 2) degrees of an encoded polyline; what cannot be read ends it. The inverse of `encode`."""
    deltas: list[int] = []
    value = shift = 0
    for letter in text:
        chunk = ord(letter) - 63
        if not 0 <= chunk < 64 or shift > 5 * CHUNKS:  # noqa: PLR2004 - six bits: five and one that says "more"
            break
        value |= (chunk & 0x1F) << shift
        shift += 5
        if chunk < 0x20:  # noqa: PLR2004 - the last chunk of a number
            deltas.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    pairs = np.array(deltas[: len(deltas) // 2 * 2], dtype=np.float64).reshape(-1, 2)
    return np.asarray(np.cumsum(pairs, axis=0) / 10**precision, dtype=np.float64)


def simplify(latlng: Column, most: int = SUMMARY_POINTS) -> Column:
    """At most ``most`` points of (n, 2) degrees, ends kept: those that span the smallest triangles go first.

    Visvalingam and Whyatt 1993 (doi 10.1179/000870493786962263), many points at a time: no two neighbours in a pass.
    """
    points = latlng
    scale = np.array((1.0, np.cos(np.radians(np.mean(latlng[:, 0]))))) if len(latlng) else np.ones(2)
    parity = 0
    while len(points) > most:
        areas = _triangles(points * scale)
        rank = min(2 * (len(points) - most), len(areas) // 2)
        small = areas <= np.partition(areas, rank)[rank]
        small[parity::2] = False
        gone = np.flatnonzero(small)[: len(points) - most] + 1
        points = np.delete(points, gone, axis=0)
        parity = 1 - parity
    return points


def _triangles(points: Column) -> Column:
    """(n - 2,) area each inner point spans with its neighbours."""
    a, b, c = points[:-2], points[1:-1], points[2:]
    cross = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    return np.asarray(np.abs(cross), dtype=np.float64)


def bounds(latlng: Column) -> Bounds:
    """Smallest box around (n, 2) degrees, n > 0; west is larger than east when the track crosses the 180th meridian."""
    south, north = float(latlng[:, 0].min()), float(latlng[:, 0].max())
    lng = np.unwrap(latlng[:, 1], period=360.0)
    west, east = (round(float((edge + 180.0) % 360.0 - 180.0), 7) for edge in (lng.min(), lng.max()))
    return Bounds(south, west, north, east)
