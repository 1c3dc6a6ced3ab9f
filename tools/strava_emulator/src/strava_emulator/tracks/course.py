"""Where a made-up activity goes: a closed course near the athlete's home, and the height of the land there."""

import itertools
import math
from bisect import bisect_right
from random import Random

RADIUS = 6_371_008.8  # m
CORNERS = 160
LONGEST = 9_000.0  # m of one round; more is more rounds
SEA_LEVEL = 120.0  # m at home
# Waves of the land: height in m, length in m, direction in radians.
WAVES = ((14.0, 2_600.0, 0.5), (7.0, 1_300.0, 2.0), (3.0, 700.0, 2.9))


class Course:
    """A closed course of so many metres a round; which one, the seed says."""

    def __init__(self, seed: int, distance: float, home: tuple[float, float]) -> None:
        random = Random(seed)  # noqa: S311 - the same course each time is the point
        self._home = home
        rounds = max(1, math.ceil(distance / LONGEST))
        shape = [(wave, random.uniform(0.05, 0.5) / wave, random.uniform(0, 2 * math.pi)) for wave in range(2, 6)]
        turn = random.uniform(0, 2 * math.pi)
        corners = []
        for number in range(CORNERS + 1):
            angle = 2 * math.pi * number / CORNERS
            radius = 1 + sum(size * math.cos(wave * angle + phase) for wave, size, phase in shape)
            corners.append((radius * math.cos(angle + turn), radius * math.sin(angle + turn)))
        first = corners[0]
        corners = [(east - first[0], north - first[1]) for east, north in corners]
        along = [0.0]
        for (east, north), (next_east, next_north) in itertools.pairwise(corners):
            along.append(along[-1] + math.hypot(next_east - east, next_north - north))
        scale = distance / rounds / along[-1]
        self._along = [each * scale for each in along]
        self._corners = [(east * scale, north * scale) for east, north in corners]

    def at(self, distance: float) -> tuple[float, float]:
        """East and north of home, m, after so many metres."""
        inside = distance % self._along[-1]
        after = min(bisect_right(self._along, inside), CORNERS)
        start, end = self._along[after - 1], self._along[after]
        share = (inside - start) / (end - start)
        (east, north), (next_east, next_north) = self._corners[after - 1], self._corners[after]
        return east + share * (next_east - east), north + share * (next_north - north)

    def degrees(self, east: float, north: float) -> tuple[float, float]:
        """Latitude and longitude, six decimals."""
        latitude, longitude = self._home
        wide = RADIUS * math.cos(math.radians(latitude))
        east_of = longitude + math.degrees(east / wide)
        return round(latitude + math.degrees(north / RADIUS), 6), round((east_of + 180) % 360 - 180, 6)


def altitude(east: float, north: float, *, hilly: bool) -> float:
    """Metres above the sea, one decimal."""
    waves = sum(
        height * math.sin(2 * math.pi * (east * math.cos(way) + north * math.sin(way)) / length)
        for height, length, way in WAVES
    )
    return round(SEA_LEVEL + waves * (1.0 if hilly else 0.15), 1)
