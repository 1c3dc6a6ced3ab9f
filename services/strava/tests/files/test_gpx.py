from collections.abc import Mapping
from datetime import timedelta

import made_up
import numpy as np
import pytest
from made_up import START

from strava.activities.sports import SPORTS
from strava.files import FileRefused, parse
from strava.sandbox.child import read_file

POINT = '<trkpt lat="{lat}" lon="{lng}"><ele>{ele}</ele>{time}{more}</trkpt>'


def track(*points: Mapping[str, object], before: str = "", head: str = "") -> str:
    """A GPX without a namespace; each point may override what it is made of."""
    texts = []
    for second, point in enumerate(points):
        values: dict[str, object] = {
            "lat": 45 + second * 2.7e-5,
            "lng": 9.0,
            "ele": 100,
            "time": f"<time>{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}</time>",
            "more": "",
        }
        texts.append(POINT.format(**(values | dict(point))))
    return f'{head}<gpx version="1.0">{before}<trk><trkseg>{"".join(texts)}</trkseg></trk></gpx>'


PLAIN: tuple[Mapping[str, object], ...] = ({},) * 30


def test_a_file_without_a_namespace_is_read() -> None:
    (recording,) = parse(track(*PLAIN).encode()).recordings
    assert len(recording.columns["latlng"]) == 30


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1"])
def test_encodings_are_understood(encoding: str) -> None:
    declared = encoding.removesuffix("-sig").removesuffix("-le").removesuffix("-be").upper()
    mark = "\ufeff" if encoding.endswith(("-le", "-be")) else ""
    text = mark + track(*PLAIN, head=f'<?xml version="1.0" encoding="{declared}"?>')
    named = text.replace("<trk>", "<trk><name>Zürich</name>").encode(encoding)
    (recording,) = parse(named).recordings
    assert recording.name == "Zürich"


def test_the_name_of_the_file_says_nothing() -> None:
    assert parse(track(*PLAIN).encode(), name="run.fit").format == "gpx"


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf", "x", "1e999"])
def test_a_position_that_is_no_number_goes_and_is_counted(bad: str) -> None:
    (recording,) = parse(track({}, {}, {"lat": bad}, {}, {}).encode()).recordings
    assert recording.quality.dropped == {"non_finite": 1}
    assert np.isnan(recording.columns["latlng"][2]).all()


def test_a_file_whose_positions_are_all_nan_and_has_no_sensors_is_refused() -> None:
    data = track(*({"lat": "nan", "lng": "nan", "ele": ""},) * 5).encode()
    with pytest.raises(FileRefused, match="no samples"):
        read_file(data, "")


@pytest.mark.parametrize("bad", ["-0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "yesterday", "9999-12-31T00:00:00Z"])
def test_an_impossible_time_drops_its_sample(bad: str) -> None:
    (recording,) = parse(track({}, {}, {"time": f"<time>{bad}</time>"}, {}, {}).encode()).recordings
    assert len(recording.columns["time"]) == 4
    assert sum(recording.quality.dropped.values()) == 1


def test_without_times_it_is_a_route() -> None:
    parsed = parse(track(*({"time": ""},) * 5).encode())
    assert (parsed.kind, parsed.recordings) == ("route", ())
    assert "it has no times" in parsed.notes[0]


def test_a_planned_route_is_a_route() -> None:
    parsed = parse(b'<gpx><rte><rtept lat="45" lon="9"/><rtept lat="46" lon="9"/></rte></gpx>')
    assert parsed.kind == "route"


def test_a_planner_that_gives_all_points_one_time_made_a_route() -> None:
    same = {"time": "<time>2026-03-01T07:00:00Z</time>"}
    assert parse(track(*(same,) * 5).encode()).kind == "route"


def test_a_real_run_from_midnight_of_new_year_is_an_activity() -> None:
    first = START.replace(month=1, day=1, hour=0)
    steps = [0, 3, 6, 7, 13, 14, 15, 20, 29, 31]
    points: list[Mapping[str, object]] = [
        {"lat": 45 + step * 1e-4, "time": f"<time>{first + timedelta(seconds=10 * at):%Y-%m-%dT%H:%M:%SZ}</time>"}
        for at, step in enumerate(steps)
    ]
    assert parse(track(*points).encode()).kind == "activities"


def test_an_entity_among_the_words_is_left_alone() -> None:
    parsed = parse(made_up.run().replace(b"<trkseg>", b"&name;<trkseg>"))
    assert len(parsed.recordings[0].columns["time"]) == 301


def test_a_track_without_points_is_refused() -> None:
    with pytest.raises(FileRefused, match="no track points"):
        parse(b'<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><name>x</name></trk></gpx>')


def test_each_track_is_an_activity_and_one_without_times_is_left_out() -> None:
    first, later = (made_up.run(START + timedelta(days=day), seconds=60).decode() for day in (1, 0))
    body = later.split("<trk>")[1].split("</trk>")[0]
    empty = '<trk><trkseg><trkpt lat="1" lon="2"/></trkseg></trk>'
    parsed = parse(first.replace("</gpx>", f"<trk>{body}</trk>{empty}</gpx>").encode())
    assert [recording.start_time for recording in parsed.recordings] == [START, START + timedelta(days=1)]
    assert parsed.notes == ("1 of 3 tracks have no times and were left out.",)


def segments(gap: timedelta) -> bytes:
    first = made_up.run(START, seconds=60).decode()
    second = made_up.run(START + gap, seconds=60).decode().split("<trkseg>")[1].split("</trkseg>")[0]
    return first.replace("</trk>", f"<trkseg>{second}</trkseg></trk>").encode()


def test_segments_are_parts_with_a_pause_between() -> None:
    (recording,) = parse(segments(timedelta(hours=1))).recordings
    assert recording.pauses == ((60, 3600),)


def test_segments_of_different_days_are_activities() -> None:
    assert len(parse(segments(timedelta(days=1))).recordings) == 2


@pytest.mark.parametrize(
    ("kind", "sport"),
    [
        *(("running", "Run"), ("9", "Run"), ("Trail Run", "TrailRun"), ("cycling", "Ride"), ("", "Run")),
        *(("e_biking", "EBikeRide"), ("stand_up_paddleboarding", "StandUpPaddling"), ("nonsense", "Run")),
        *((sport, sport) for sport in sorted(SPORTS)),
    ],
)
def test_the_type_names_the_sport(kind: str, sport: str) -> None:
    assert parse(made_up.run(kind=kind)).recordings[0].sport == sport


def test_what_is_faster_than_people_run_is_a_ride_unless_the_file_says_otherwise() -> None:
    (unnamed,) = parse(made_up.run(speed=9.0, kind="")).recordings
    assert unnamed.sport == "Ride"
    assert "too fast for a run" in unnamed.quality.notes[0]
    assert parse(made_up.run(speed=9.0)).recordings[0].sport == "Run"


def test_a_file_that_breaks_off_gives_what_came_before() -> None:
    data = made_up.run(seconds=600)
    (recording,) = parse(data[: len(data) // 2]).recordings
    assert 100 < len(recording.columns["time"]) < 200
    assert recording.quality.damaged


def test_times_with_an_offset_and_with_fractions_are_exact() -> None:
    first = {"time": "<time>2026-03-01T09:00:00.250+02:00</time>"}
    (recording,) = parse(track(first, {"time": "<time>2026-03-01T07:00:01.5Z</time>"}).encode()).recordings
    assert recording.start_time == START + timedelta(milliseconds=250)
    assert recording.columns["time"].tolist() == [0, 1.25]


def test_sensors_are_read_from_any_extension() -> None:
    more = "<extensions><a><hr>150</hr><cad>90</cad><atemp>12</atemp></a><power>250</power></extensions>"
    (recording,) = parse(track(*({"more": more},) * 3).encode()).recordings
    values = {name: recording.columns[name][0] for name in ("heartrate", "cadence", "temperature", "power")}
    assert values == {"heartrate": 150, "cadence": 180, "temperature": 12, "power": 250}
