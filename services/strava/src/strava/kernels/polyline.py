"""Tracks as encoded polylines (Google's algorithm), their bounds, and a short form of them."""

import numpy as np
from numpy.typing import NDArray

from strava.files.recording import Column
from strava.kernels.derived import Bounds

CHUNK = 5  # bits of a letter
CHUNKS = 6  # enough for twice 180 degrees at precision 6
SUMMARY_POINTS = 500
_HALF_WAY_ROUND = 180.0


def encode(latlng: Column, precision: int = 5) -> str:
    """Encoded polyline of (n, 2) degrees without NaN.

    Source: developers.google.com/maps/documentation/utilities/polylinealgorithm
    """
    if not len(latlng):
        return ""
    points = np.round(latlng * 10**precision).astype(np.int64)
    deltas = np.diff(points, axis=0, prepend=0).ravel()
    zigzag = np.where(deltas < 0, ~(deltas << 1), deltas << 1)
    return (_letters(zigzag[:2]) + _letters(zigzag[2:])).decode("ascii")  # where it starts, then small steps


def _letters(numbers: NDArray[np.int64]) -> bytes:
    """Letters of (n,) numbers, none negative or of more than ``CHUNK * CHUNKS`` bits; as many looked at as one has."""
    chunks = max(1, -(-int(numbers.max(initial=0)).bit_length() // CHUNK))
    rest = numbers[:, np.newaxis] >> CHUNK * np.arange(chunks + 1)
    more = rest[:, 1:] > 0
    letters = ((rest[:, :-1] & 0x1F) + np.where(more, 0x20, 0) + 63).astype(np.uint8)
    used = np.ones_like(more)
    used[:, 1:] = more[:, :-1]
    return letters[used].tobytes()


def decode(text: str, precision: int = 5) -> Column:
    """(n, 2) degrees of an encoded polyline; what cannot be read ends it. The inverse of `encode`."""
    deltas: list[int] = []
    value = shift = 0
    for letter in text:
        chunk = ord(letter) - 63
        if not 0 <= chunk < 64 or shift > CHUNK * CHUNKS:  # noqa: PLR2004 - six bits: five and one that says "more"
            break
        value |= (chunk & 0x1F) << shift
        shift += CHUNK
        if chunk < 0x20:  # noqa: PLR2004 - the last chunk of a number
            deltas.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    pairs = np.array(deltas[: len(deltas) // 2 * 2], dtype=np.float64).reshape(-1, 2)
    return np.asarray(np.cumsum(pairs, axis=0) / 10**precision, dtype=np.float64)


def simplify(latlng: Column, most: int = SUMMARY_POINTS) -> Column:
    """At most ``most`` points of (n, 2) degrees, ends kept: those that span the smallest triangles go first.

    Visvalingam and Whyatt 1993 (doi 10.1179/000870493786962263), many points at a time: no two neighbours in a pass.
    """
    scale = np.cos(np.radians(np.mean(latlng[:, 0]))) if len(latlng) else 1.0
    kept, lat, lng = np.arange(len(latlng)), latlng[:, 0].copy(), latlng[:, 1] * scale
    parity = 0
    while len(kept) > most:
        areas = _triangles(lat, lng)
        rank = min(2 * (len(kept) - most), len(areas) // 2)
        small = areas <= np.partition(areas, rank)[rank]
        small[parity::2] = False
        stay = np.ones(len(kept), dtype=np.bool_)
        stay[np.flatnonzero(small)[: len(kept) - most] + 1] = False
        kept, lat, lng = kept[stay], lat[stay], lng[stay]
        parity = 1 - parity
    return latlng[kept]


def _triangles(lat: Column, lng: Column) -> Column:
    """(n - 2,) area each inner point of n spans with its neighbours."""
    north, east = lat[:-2], lng[:-2]
    cross = (lat[1:-1] - north) * (lng[2:] - east) - (lng[1:-1] - east) * (lat[2:] - north)
    return np.asarray(np.abs(cross), dtype=np.float64)


def bounds(latlng: Column) -> Bounds:
    """Smallest box around (n, 2) degrees, n > 0; west is larger than east when the track crosses the 180th meridian."""
    south, north = float(latlng[:, 0].min()), float(latlng[:, 0].max())
    lng = latlng[:, 1]
    if np.ptp(lng) >= _HALF_WAY_ROUND:  # else no step can cross the 180th meridian
        lng = np.unwrap(lng, period=360.0)
    west, east = (round(float((edge + 180.0) % 360.0 - 180.0), 7) for edge in (lng.min(), lng.max()))
    return Bounds(south, west, north, east)
