import numpy as np
import pytest

from strava.files.recording import Column
from strava.kernels.derived import Bounds
from strava.kernels.distance import geodesic_steps
from strava.kernels.polyline import bounds, encode, simplify
from strava.kernels.polyline import decode as ours


def decode(text: str) -> list[tuple[float, float]]:
    """The published decoder, step by step."""
    values: list[float] = []
    at, last = 0, [0, 0]
    while at < len(text):
        value, shift = 0, 0
        while True:
            chunk = ord(text[at]) - 63
            value |= (chunk & 0x1F) << shift
            shift, at = shift + 5, at + 1
            if chunk < 0x20:
                break
        last[len(values) % 2] += ~(value >> 1) if value & 1 else value >> 1
        values.append(last[len(values) % 2] / 1e5)
    return list(zip(values[::2], values[1::2], strict=True))


def test_the_published_example_is_encoded_as_published() -> None:
    points = np.array([(38.5, -120.2), (40.7, -120.95), (43.252, -126.453)])
    assert encode(points) == "_p~iF~ps|U_ulLnnqC_mqNvxq`@"


def test_what_is_encoded_comes_back() -> None:
    random = np.random.default_rng(1)
    points = random.uniform((-90, -180), (90, 180), (500, 2))
    points[7] = points[6]
    assert np.array(decode(encode(points))) == pytest.approx(points, abs=0.51e-5)
    assert encode(np.empty((0, 2))) == ""


def slowly(points: Column, precision: int) -> str:
    """The published encoder, step by step."""
    text, last = "", [0, 0]
    for point in points:
        for axis, degrees in enumerate(point):
            there = int(np.round(degrees * 10**precision))
            number, last[axis] = there - last[axis], there
            number = ~(number << 1) if number < 0 else number << 1
            while number >= 0x20:
                text += chr((0x20 | number & 0x1F) + 63)
                number >>= 5
            text += chr(number + 63)
    return text


@pytest.mark.parametrize("precision", [1, 3, 5, 6])
@pytest.mark.parametrize("step", [1e-7, 1e-5, 1e-3, 1.0])
@pytest.mark.parametrize("size", [1, 2, 400])
def test_steps_of_every_size_are_encoded_as_published(precision: int, step: float, size: int) -> None:
    points = np.array((45.0, -170.0)) + np.cumsum(np.random.default_rng(2).normal(0.0, step, (size, 2)), axis=0)
    assert encode(points, precision) == slowly(points, precision)


def test_the_longest_steps_there_are_fit() -> None:
    corners = np.array([(-90.0, -180.0), (90.0, 180.0), (-90.0, -180.0)])
    assert encode(corners, 6) == slowly(corners, 6)


def loop(size: int) -> Column:
    angle = np.linspace(0, 2 * np.pi, size)
    wobble = 1e-6 * np.random.default_rng(1).standard_normal((size, 2))
    return np.column_stack((45 + 0.01 * np.sin(angle), 9 + 0.01 * np.cos(angle))) + wobble


@pytest.mark.parametrize("size", [3, 500, 501, 999, 3600, 20_000])
def test_a_summary_is_short_and_keeps_the_ends_and_the_shape(size: int) -> None:
    whole = loop(size)
    short = simplify(whole)
    assert len(short) == min(size, 500)
    assert (short[0] == whole[0]).all()
    assert (short[-1] == whole[-1]).all()
    assert geodesic_steps(short).sum() == pytest.approx(geodesic_steps(whole).sum(), rel=0.1)


def slowly_simplified(latlng: Column, most: int) -> Column:
    """The same choice of points, one at a time: of the smallest triangles those whose neighbours stay, in order."""
    scale = np.array((1.0, np.cos(np.radians(np.mean(latlng[:, 0])))))
    points, parity = [*latlng], 0
    while len(points) > most:
        scaled = [point * scale for point in points]
        areas = [
            abs((b - a)[0] * (c - a)[1] - (b - a)[1] * (c - a)[0])
            for a, b, c in zip(scaled, scaled[1:], scaled[2:], strict=False)
        ]
        limit = sorted(areas)[min(2 * (len(points) - most), len(areas) // 2)]
        small = [at + 1 for at, area in enumerate(areas) if area <= limit and at % 2 != parity]
        gone = set(small[: len(points) - most])
        points = [point for at, point in enumerate(points) if at not in gone]
        parity = 1 - parity
    return np.array(points)


@pytest.mark.parametrize("size", [21, 60, 700])
def test_the_points_of_a_summary_are_those_of_the_smallest_triangles(size: int) -> None:
    assert (simplify(loop(size), 20) == slowly_simplified(loop(size), 20)).all()


def test_corners_stay_and_straight_lines_go() -> None:
    side = np.linspace(0, 0.01, 1000)
    corner = np.concatenate((np.column_stack((side, 0 * side)), np.column_stack((0 * side + 0.01, side))))
    assert (simplify(corner, 20) == (0.01, 0.0)).all(axis=1).any()


def test_points_on_one_line_end_too() -> None:
    assert len(simplify(np.column_stack((np.linspace(0, 1, 5000), np.zeros(5000))))) == 500


def test_bounds_hold_the_track() -> None:
    narrow = bounds(np.array([(45.0, 24.153407), (45.1, 24.3763034)]))
    assert (narrow.west, narrow.east) == (24.153407, 24.3763034)
    assert bounds(np.array([(45.0, 9.0), (46.0, 8.0)])) == Bounds(45, 8, 46, 9)


def test_bounds_across_the_180th_meridian_are_small() -> None:
    box = bounds(np.array([(10.0, 179.5), (10.0, -179.5)]))
    assert (box.west, box.east) == (179.5, -179.5)


def test_steps_agree_with_the_ellipsoid() -> None:
    """Reference: 1 degree of latitude is 110,574 m at the equator and 111,694 m at the pole; of longitude 111,320 m."""
    small = 1e-3
    lat = geodesic_steps(np.array([(0.0, 0.0), (small, 0.0)]))[0] / small
    pole = geodesic_steps(np.array([(90.0 - small, 0.0), (90.0, 0.0)]))[0] / small
    lng = geodesic_steps(np.array([(0.0, 179.9995), (0.0, -179.9995)]))[0] / small
    assert (lat, pole, lng) == pytest.approx((110_574, 111_694, 111_320), abs=1)
    assert geodesic_steps(np.array([(0.0, 0.0), (0.0, 90.0)]))[0] == pytest.approx(6_371_008.8 * np.pi / 2)


@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_decoding_is_the_inverse_of_encoding(count: int) -> None:
    track: Column = np.column_stack((np.linspace(-89, 89, count), np.linspace(179, -179, count))).round(5)
    assert ours(encode(track)) == pytest.approx(track, abs=1e-9)


@pytest.mark.parametrize("text", ["", "_", "~~~~~~~~~~~~~~~~", "_p~iF~ps|U_", "é", "\x00", "_p~iF"])
def test_a_damaged_polyline_is_read_as_far_as_it_goes(text: str) -> None:
    assert ours(text).shape[1] == 2
