import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from thumbnails.pictures.drawing import BACKGROUND, PIXELS, Format, Size, Variant, draw, revision_of
from thumbnails.pictures.route import Floats, route_of

STEPS = np.linspace(0, 2 * np.pi, 200)
CIRCLE = np.column_stack((45 + 0.01 * np.sin(STEPS), 9 + 0.01 * np.cos(STEPS)))


def image_of(latlng: Floats, size: Size, kind: Format) -> Image.Image:
    route = route_of(latlng)
    assert route is not None
    return Image.open(io.BytesIO(draw(route, Variant(size, kind))))


def inked(image: Image.Image) -> NDArray[np.bool_]:
    """Where there is more than background."""
    pixels = np.asarray(image.convert("RGB")).astype(int)
    return np.asarray(np.abs(pixels - np.array(BACKGROUND)).max(axis=2) > 40)


@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("kind", Format)
def test_an_image_has_its_size_and_format(size: Size, kind: Format) -> None:
    image = image_of(CIRCLE, size, kind)
    assert image.size == PIXELS[size]
    assert (image.format or "").lower() == kind


def test_the_line_is_where_the_route_is_and_a_margin_stays_free() -> None:
    ink = inked(image_of(CIRCLE, Size.MEDIUM, Format.PNG))
    height, width = ink.shape
    assert not ink[: height // 20].any()
    assert not ink[:, : width // 20].any()
    assert ink[height // 2].any()
    assert not ink[height // 2 - 20 : height // 2 + 20, width // 2 - 20 : width // 2 + 20].any()


def test_a_wide_route_uses_the_width_of_the_card() -> None:
    east = np.column_stack((np.full(100, 45.0), np.linspace(9, 9.1, 100)))
    columns = np.flatnonzero(inked(image_of(east, Size.MEDIUM, Format.PNG)).any(axis=0))
    assert columns[-1] - columns[0] > 0.7 * PIXELS[Size.MEDIUM][0]


def test_the_revision_tells_routes_apart_and_is_the_same_for_the_same() -> None:
    circle, other = route_of(CIRCLE), route_of(CIRCLE * [1, 1.0001])
    assert circle is not None
    assert other is not None
    assert revision_of(circle) == revision_of(circle.copy())
    assert revision_of(circle) != revision_of(other)
