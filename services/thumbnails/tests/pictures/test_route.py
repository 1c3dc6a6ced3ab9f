import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from thumbnails.pictures.route import GRID, Floats, pack, pieces, route_of, unpack

NAN = float("nan")


def track(*points: tuple[float, float]) -> Floats:
    return np.array(points, dtype=np.float64)


def test_north_is_up_and_east_is_right() -> None:
    route = route_of(track((45.0, 9.0), (45.01, 9.0), (45.01, 9.02)))
    assert route is not None
    start, north, east = route.tolist()
    assert start[0] == north[0] < east[0]
    assert north[1] == east[1] < start[1]


def test_shapes_keep_their_proportions_far_from_the_equator() -> None:
    """At 60 degrees a degree of longitude is half as long as one of latitude."""
    route = route_of(track((60.0, 10.0), (60.0, 10.02), (60.01, 10.02)))
    assert route is not None
    assert route[1, 0] - route[0, 0] == pytest.approx(route[1, 1] - route[2, 1], rel=0.01)


def test_a_gap_in_the_signal_is_not_drawn_over() -> None:
    route = route_of(track((45.0, 9.0), (45.001, 9.0), (NAN, NAN), (NAN, NAN), (45.003, 9.0), (45.004, 9.0)))
    assert route is not None
    assert [len(piece) for piece in pieces(route)] == [2, 2]


def test_a_track_across_the_date_line_stays_together() -> None:
    route = route_of(track((-17.0, 179.99), (-17.0, -179.99), (-17.01, -179.98)))
    assert route is not None
    assert route[0, 0] < route[1, 0] < route[2, 0]
    assert route[1, 0] - route[0, 0] < GRID * 0.8


def test_standing_still_is_a_point_in_the_middle_and_not_noise_blown_up() -> None:
    route = route_of(track((45.0, 9.0), (45.00001, 9.00001), (45.0, 9.00001)))
    assert route is not None
    assert np.abs(route - GRID / 2).max() < GRID / 50


@pytest.mark.parametrize("latlng", [np.empty((0, 2)), track((45.0, 9.0)), track((NAN, NAN), (NAN, 9.0))])
def test_without_two_positions_there_is_no_route(latlng: Floats) -> None:
    assert route_of(latlng) is None


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(0, 40), st.just(2)),
        elements=st.floats(-1000, 1000) | st.just(NAN),
    )
)
def test_whatever_the_positions_are_the_route_is_on_the_grid_and_survives_packing(latlng: Floats) -> None:
    route = route_of(latlng)
    if route is None:
        return
    drawn = np.concatenate(pieces(route))
    assert drawn.min() >= 0
    assert drawn.max() < GRID
    assert (unpack(pack(route)) == route).all()
