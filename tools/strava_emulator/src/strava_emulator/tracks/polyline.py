"""Tracks as encoded polylines."""

from collections.abc import Sequence

SUMMARY_POINTS = 120


def encode(points: Sequence[tuple[float, float]]) -> str:
    """Encoded polyline of (latitude, longitude) in degrees, five decimals.

    Source: developers.google.com/maps/documentation/utilities/polylinealgorithm
    """
    parts, last = [], (0, 0)
    for latitude, longitude in points:
        here = (round(latitude * 1e5), round(longitude * 1e5))
        parts += [_signed(here[0] - last[0]), _signed(here[1] - last[1])]
        last = here
    return "".join(parts)


def summary(points: Sequence[tuple[float, float]]) -> str:
    """The same with few points, ends kept."""
    step = max(1, -(-len(points) // SUMMARY_POINTS))
    few = [*points[::step]]
    if points and few[-1] != points[-1]:
        few.append(points[-1])
    return encode(few)


def _signed(value: int) -> str:
    rest = ~(value << 1) if value < 0 else value << 1
    text = ""
    while rest >= 0x20:  # noqa: PLR2004 - five bits at a time
        text += chr((0x20 | rest & 0x1F) + 63)
        rest >>= 5
    return text + chr(rest + 63)
