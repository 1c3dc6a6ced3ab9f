"""Drawing a route: a plain card with the line, where it starts and where it ends."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image, ImageDraw

from thumbnails.pictures.route import GRID, Route, pack, pieces

STYLE_VERSION = 1
"""Raised with any change of how pictures look: every picture then gets a new revision when it is next drawn."""

_OVERSAMPLING = 3
_MARGIN = 0.12
_USUAL_EXTENT = GRID * 0.6  # a route that fills less of its square is a tiny one, and stays small
_LINE = 0.016
_DOT = 0.02
BACKGROUND = (240, 242, 238)
_CASING = (255, 255, 255)
_COLOUR = (214, 72, 34)
_START = (38, 132, 84)
_FINISH = (33, 37, 41)


class Size(StrEnum):
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Format(StrEnum):
    WEBP = "webp"
    PNG = "png"


PIXELS = {Size.SMALL: (160, 120), Size.MEDIUM: (400, 300), Size.LARGE: (800, 600)}


@dataclass(frozen=True)
class Variant:
    """One image of a picture."""

    size: Size
    format: Format

    @property
    def name(self) -> str:
        """How it is called in storage."""
        return f"{self.size}.{self.format}"


def revision_of(route: Route) -> str:
    """Return the hash of what a picture of this route shows."""
    return hashlib.sha256(f"{STYLE_VERSION}\n".encode() + pack(route)).hexdigest()[:16]


def draw(route: Route, variant: Variant) -> bytes:
    """Return the encoded image."""
    width, height = PIXELS[variant.size]
    large = Image.new("RGB", (width * _OVERSAMPLING, height * _OVERSAMPLING), BACKGROUND)
    _draw_route(large, route)
    image = large.resize((width, height), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    if variant.format is Format.WEBP:
        image.save(buffer, "WEBP", quality=86, method=4)
    else:
        image.quantize(96, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _draw_route(image: Image.Image, route: Route) -> None:
    canvas = ImageDraw.Draw(image)
    height = image.height
    place = _placement(route, image.size)
    lines = [place(piece) for piece in pieces(route)]
    line, dot = round(height * _LINE), round(height * _DOT)
    for colour, width in ((_CASING, line * 2.2), (_COLOUR, line)):
        for points in lines:
            canvas.line(points, fill=colour, width=round(width), joint="curve")
    for colour, (x, y) in ((_FINISH, lines[-1][-1]), (_START, lines[0][0])):
        canvas.ellipse((x - dot * 1.5, y - dot * 1.5, x + dot * 1.5, y + dot * 1.5), fill=_CASING)
        canvas.ellipse((x - dot, y - dot, x + dot, y + dot), fill=colour)


def _placement(route: Route, size: tuple[int, int]) -> Callable[[Route], list[tuple[float, float]]]:
    """Return what turns steps of the grid into pixels: the route fitted into the card and centred."""
    drawn = np.concatenate(pieces(route)).astype(float)
    low, high = drawn.min(axis=0), drawn.max(axis=0)
    room = np.array(size) - 2 * _MARGIN * size[1]
    scale = min((room / np.maximum(high - low, 1)).min(), room.min() / _USUAL_EXTENT)
    shift = np.array(size) / 2 - (low + high) / 2 * scale

    def place(piece: Route) -> list[tuple[float, float]]:
        points = np.rint(piece * scale + shift)
        moves = (np.diff(points, axis=0) != 0).any(axis=1)
        return [(x, y) for x, y in points[np.concatenate(([True], moves))].tolist()]

    return place
