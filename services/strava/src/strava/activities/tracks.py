"""The track of a recording as lines: broken at pauses, cut at privacy zones. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strava.kernels import polyline
from strava.kernels.moving import SHORTEST_PAUSE
from strava.privacy.cutting import Zone, shown
from strava.streams.codec import Column

KEYS = ("time", "latlng", "moving", "altitude")
"""Streams that a track is made of."""

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Track:
    """Columns of one length, and the samples of each line in order; positions of a line are known, all of them."""

    columns: Mapping[str, Column]
    lines: tuple[Indices, ...] = ()

    @property
    def latlng(self) -> Column:
        """(m, 2) degrees of all lines."""
        return self.columns["latlng"][np.concatenate(self.lines)] if self.lines else np.empty((0, 2))


def track_of(columns: Mapping[str, Column], zones: Sequence[Zone] = ()) -> Track:
    """Make the track of streams, without what the zones hide. No line without ``latlng``."""
    if "latlng" not in columns:
        return Track(columns)
    latlng = columns["latlng"]
    kept = shown(latlng, zones)
    known = np.flatnonzero(np.isfinite(latlng).all(axis=1))
    known = known[(known >= kept.start) & (known < kept.stop)]
    if not len(known):
        return Track(columns)
    return Track(columns, tuple(np.split(known, _breaks(columns, known) + 1)))


def _breaks(columns: Mapping[str, Column], known: Indices) -> Indices:
    """Places in ``known`` after which a line ends: more than 10 s without a sample, most of them not moving.

    Whoever pauses may be anywhere when it goes on: a line across would be a way that was not gone.
    """
    if "time" not in columns or "moving" not in columns:
        return np.empty(0, dtype=np.intp)
    steps = np.diff(columns["time"], prepend=columns["time"][:1])
    moved = np.cumsum(steps * (columns["moving"] > 0.0))
    lasted = np.diff(columns["time"][known])
    return np.flatnonzero((lasted > SHORTEST_PAUSE) & (np.diff(moved[known]) < lasted / 2))


def as_polylines(track: Track, precision: int) -> dict[str, Any]:
    """Encoded polylines of a track and their bounds; null without positions."""
    if not track.lines:
        return {"polyline": None, "polylines": [], "summary_polyline": None, "bounds": None, "precision": precision}
    whole = _stepping(track.latlng)
    box = polyline.bounds(whole)
    encoded = polyline.encode(whole, precision)
    parts = [_stepping(track.columns["latlng"][line]) for line in track.lines] if len(track.lines) > 1 else []
    return {
        "polyline": encoded,
        "polylines": [polyline.encode(part, precision) for part in parts] or [encoded],
        "summary_polyline": polyline.encode(polyline.simplify(whole), precision),
        "bounds": [box.south, box.west, box.north, box.east],
        "precision": precision,
    }


def _stepping(latlng: Column) -> Column:
    """Positions without standing on the spot."""
    steps = latlng[1:] != latlng[:-1]
    return latlng[np.concatenate(([True], steps[:, 0] | steps[:, 1]))]
