"""Where the athlete runs: loops in open country that nobody lives in, and the height of the land there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]

HOME = (-35.801, 137.252)  # degrees; fields in the middle of Kangaroo Island, South Australia
RADIUS = 6_371_008.8  # m
SEA_LEVEL = 85.0  # m at home
SHAPES = 9
CORNERS = 720
LONGEST_LOOP = 16_000.0  # m
FLAT_LOOP = 2_000.0  # m
# Waves of the land: height in m, length in m, direction in radians.
WAVES = ((16.0, 2_900.0, 0.4), (9.0, 1_500.0, 1.9), (3.5, 760.0, 2.8))


@dataclass(frozen=True)
class Loop:
    """A closed course through home: ``east`` and ``north`` in m at each of its ``along`` metres."""

    along: Column
    east: Column
    north: Column

    def at(self, distance: Column) -> tuple[Column, Column]:
        """East and north (m) after so many metres, round after round."""
        inside = np.mod(distance, self.along[-1])
        return np.interp(inside, self.along, self.east), np.interp(inside, self.along, self.north)


def loop(distance: float, *, hilly: bool, random: np.random.Generator) -> Loop:
    """Return a course for a run of ``distance`` metres: whole rounds, in either direction.

    Hilly ones go north of home, flat ones, short rounds for measured efforts, south of it.
    """
    rounds = max(1, round(distance / FLAT_LOOP)) if not hilly else int(np.ceil(distance / LONGEST_LOOP))
    shape = np.random.default_rng((SHAPES, int(random.integers(SHAPES))))
    angle = np.linspace(0.0, 2.0 * np.pi, CORNERS + 1)
    radius = np.ones_like(angle)
    for wave in range(2, 6):
        radius += shape.uniform(0.04, 0.42) / wave * np.cos(wave * angle + shape.uniform(0.0, 2.0 * np.pi))
    east, north = radius * np.cos(angle - np.pi / 2), radius * np.sin(angle - np.pi / 2)
    east, north = east - east[0], north - north[0]
    along = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(east), np.diff(north)))))
    scale = distance / rounds / along[-1]
    turn = shape.uniform(-0.6, 0.6) + (0.0 if hilly else np.pi)
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    east, north = cos * east - sin * north, sin * east + cos * north
    if random.random() < 0.5:  # noqa: PLR2004 - a coin
        east, north = east[::-1], north[::-1]
        along = along[-1] - along[::-1]
    return Loop(along * scale, east, north)


def altitude(east: Column, north: Column) -> Column:
    """Metres above the sea: hills in the north, nearly flat in the south."""
    waves = sum(
        height * np.sin(2.0 * np.pi * (east * np.cos(way) + north * np.sin(way)) / length)
        for height, length, way in WAVES
    )
    hills = 0.12 + 0.88 / (1.0 + np.exp(-(north - 500.0) / 350.0))
    return np.asarray(SEA_LEVEL + hills * waves, dtype=np.float64)


def degrees(east: Column, north: Column) -> tuple[Column, Column]:
    """Latitude and longitude of positions near home."""
    latitude = HOME[0] + np.degrees(north / RADIUS)
    longitude = HOME[1] + np.degrees(east / (RADIUS * np.cos(np.radians(HOME[0]))))
    return latitude, longitude
