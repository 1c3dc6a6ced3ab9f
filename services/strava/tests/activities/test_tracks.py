from uuid import UUID

import numpy as np
import orjson
import pytest

from strava.activities import geojson
from strava.activities.endpoints import rendered
from strava.activities.tracks import as_polylines, track_of
from strava.kernels import polyline
from strava.privacy.cutting import Zone, metres_from, outside, shown, without_positions

LATLNG = np.column_stack((45 + np.arange(11) * 0.001, np.full(11, 9.0)))  # a step is 111.2 m
TIME = np.arange(11.0)
ID = UUID(int=1)


def test_distance_from_a_zone_is_that_on_the_earth() -> None:
    zone = Zone(45.0, 9.0, 100.0)
    assert metres_from(zone, LATLNG)[:3] == pytest.approx([0.0, 111.195, 222.39], abs=0.01)
    east = np.array([[0.0, 179.9995], [0.0, -179.9995]])
    assert metres_from(Zone(0.0, 180.0, 1.0), east) == pytest.approx([55.6, 55.6], abs=0.1)


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        ([], slice(0, 11)),
        ([Zone(45.0, 9.0, 150.0)], slice(2, 11)),
        ([Zone(45.01, 9.0, 150.0)], slice(0, 9)),
        ([Zone(45.0, 9.0, 150.0), Zone(45.003, 9.0, 150.0)], slice(5, 11)),
        ([Zone(45.005, 9.0, 150.0)], slice(0, 11)),
        ([Zone(45.005, 9.0, 5000.0)], slice(0, 0)),
        ([Zone(0.0, 0.0, 5000.0)], slice(0, 11)),
    ],
    ids=["none", "start", "end", "two that touch", "on the way", "all", "far away"],
)
def test_what_lies_in_a_zone_at_start_and_end_is_cut(zones: list[Zone], expected: slice) -> None:
    assert shown(LATLNG, zones) == expected


def test_unknown_positions_are_not_outside() -> None:
    latlng = LATLNG.copy()
    latlng[[0, 10]] = np.nan
    assert outside(latlng, []).tolist() == [False, *[True] * 9, False]
    assert shown(latlng, [Zone(0.0, 0.0, 50.0)]) == slice(1, 10)


def test_streams_keep_everything_but_the_hidden_positions() -> None:
    columns = {"latlng": LATLNG, "time": TIME}
    cut = without_positions(columns, [Zone(45.0, 9.0, 150.0)])
    assert np.isnan(cut["latlng"][:2]).all()
    assert (cut["latlng"][2:] == LATLNG[2:]).all()
    assert cut["time"] is TIME
    assert not np.isnan(LATLNG).any()


def test_a_pause_breaks_the_line_and_a_sparse_recording_does_not() -> None:
    time = TIME.copy()
    time[6:] += 60
    moving = np.ones(11)
    moving[6] = 0
    columns = {"time": time, "latlng": LATLNG, "moving": moving}
    assert [line.tolist() for line in track_of(columns).lines] == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]
    assert len(track_of(columns | {"moving": np.ones(11)}).lines) == 1
    encoded = as_polylines(track_of(columns), 6)
    assert len(encoded["polylines"]) == 2
    assert polyline.decode(encoded["polylines"][1], 6) == pytest.approx(LATLNG[6:])
    assert polyline.decode(encoded["polyline"], 6) == pytest.approx(LATLNG)
    assert encoded["bounds"] == pytest.approx([45.0, 9.0, 45.01, 9.0])
    assert geojson.feature(ID, track_of(columns))["geometry"]["type"] == "MultiLineString"


def test_a_pause_without_signal_breaks_the_line_where_the_signal_is() -> None:
    moving = np.ones(11)
    moving[5:7] = 0
    latlng = LATLNG.copy()
    latlng[5] = np.nan
    time = np.array([0.0, 1, 2, 3, 4, 20, 40, 41, 42, 43, 44])
    lines = track_of({"time": time, "latlng": latlng, "moving": moving}).lines
    assert [line.tolist() for line in lines] == [[0, 1, 2, 3, 4], [6, 7, 8, 9, 10]]


def test_without_positions_there_is_no_line() -> None:
    for columns in ({"time": TIME}, {"time": TIME, "latlng": np.full((11, 2), np.nan)}):
        track = track_of(columns)
        assert as_polylines(track, 5) == {
            "polyline": None,
            "polylines": [],
            "summary_polyline": None,
            "bounds": None,
            "precision": 5,
        }
        assert geojson.feature(ID, track)["geometry"] is None


def test_a_single_position_is_no_line_in_geojson() -> None:
    latlng = np.full((11, 2), np.nan)
    latlng[3] = 45.0, 9.0
    assert geojson.feature(ID, track_of({"latlng": latlng}))["geometry"] is None
    assert as_polylines(track_of({"latlng": latlng}), 5)["bounds"] == [45.0, 9.0, 45.0, 9.0]


def test_geojson_is_written_as_from_plain_numbers() -> None:
    altitude = np.full(11, 120.25)
    shown = geojson.feature(ID, track_of({"latlng": LATLNG + 1e-8, "altitude": altitude}))
    body, _ = rendered(shown)
    expected = [[9.0, round(lat, 6), 120.25] for lat in LATLNG[:, 0].tolist()]
    assert orjson.loads(body)["geometry"] == {"type": "LineString", "coordinates": expected}
    assert body.startswith(b'{"type":"Feature","geometry":{"type":"LineString","coordinates":[[9.0,45.0,120.25],[9.0,')
