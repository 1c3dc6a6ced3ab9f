"""Points read in bulk are those that the XML parser reads one by one; a comment in a document has it read so."""

from dataclasses import replace
from typing import Any

import made_up
import numpy as np
import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from strava.files import FileRefused, ParseResult, parse
from strava.files.points import take_points

HEAD = '<?xml version="1.0"?>\n<gpx creator="w" xmlns:g="urn:g"><trk><name>A &amp; B</name><type>running</type>'
TAIL = "</trk></gpx>"
TAGS = ("trk", "trkseg")

PLAIN = st.one_of(
    st.floats(-200, 9000, width=32).map(lambda value: f"{value:.6g}"),
    st.sampled_from(["", " ", "nan", "inf", "-inf", "1e999", " 12 ", "1_0", "0x1F", "1,5", "--1", "five", "]]", ">"]),
)
STRANGE = st.sampled_from(["&#49;", "&amp;", "<![CDATA[3]]>", "1<b/>2", "<b>1</b>2", "\u0664"])
NUMBER = st.one_of(PLAIN, STRANGE)
TIME = st.one_of(
    st.integers(0, 3000).map(lambda second: f"2026-03-01T07:{second // 60 % 60:02d}:{second % 60:02d}Z"),
    st.sampled_from(["", "soon", "2026-03-01T08:00:00+01:00", "2026-03-01T07:00:00.250Z", " 2026-03-01T07:00:09 "]),
)
SPACE = st.sampled_from(["", "\n  ", " ", "\t"])
PLAIN_ELEMENTS = ("ele", "hr", "g:cad", "atemp", "power", "link", "g:speed")
ELEMENTS = (*PLAIN_ELEMENTS, "time", "Ele", "trkpt", "g:hr")


@st.composite
def points(draw: st.DrawFn) -> str:
    """A run of points, most of them alike."""
    plain = draw(st.integers(0, 3)) > 0
    elements = st.lists(st.sampled_from(PLAIN_ELEMENTS if plain else ELEMENTS), max_size=5, unique=plain)
    shapes = [draw(elements) for _ in range(draw(st.integers(1, 3)))]
    space, wrapped = draw(SPACE), draw(st.booleans())
    numbers = PLAIN if plain else NUMBER
    count = draw(st.integers(0, 12))
    return "".join(_point(draw, draw(st.sampled_from(shapes)), space, wrapped, numbers) for _ in range(count))


def _point(draw: st.DrawFn, shape: list[str], space: str, wrapped: bool, numbers: st.SearchStrategy[str]) -> str:
    lat, lon = draw(numbers), draw(numbers)
    quote = draw(st.sampled_from(['"', "'"]))
    attributes = [f"lat={quote}{lat}{quote}", f"lon={quote}{lon}{quote}"]
    if draw(st.integers(0, 9)) == 0:
        attributes = [attributes[1], 'x="2"', attributes[0]]
    inside = "".join(
        f"{space}<{name}>{draw(TIME if name == 'time' else numbers)}</{name}>" for name in ["time", *shape]
    )
    odd = draw(st.sampled_from(["", ' a="1>2"']))
    inner = f"<extensions{odd}>{inside}</extensions>" if wrapped else inside
    if numbers is NUMBER and draw(st.integers(0, 30)) == 0:
        return f"<trkpt {' '.join(attributes)}/>"
    return f"<trkpt {' '.join(attributes)}>{inner}{space}</trkpt>{space}"


def outcome(data: bytes) -> Any:
    try:
        return parse(data)
    except FileRefused as refused:
        return refused.code


def shown(result: ParseResult | str) -> Any:
    """All of a result, as something that compares."""
    if isinstance(result, str):
        return result
    columns = [{name: values.tolist() for name, values in each.columns.items()} for each in result.recordings]
    return repr((replace(result, recordings=()), columns, [replace(each, columns={}) for each in result.recordings]))


def agrees(data: bytes, point: str = "trkpt") -> None:
    event(f"in bulk: {take_points(data, point, TAGS) is not None}")
    assert shown(outcome(data)) == shown(outcome(data + b"<!-- -->"))


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(points(), min_size=1, max_size=4), st.integers(0, 2000), st.booleans())
@example([""], 0, False)
def test_a_gpx_reads_the_same_in_bulk_and_point_by_point(runs: list[str], cut: int, cuts: bool) -> None:
    text = HEAD + "".join(f"<trkseg>{run}</trkseg>" for run in runs) + TAIL
    data = text.encode()
    agrees(data[: max(len(data) - cut, 60)] if cuts else data)


TCX = made_up.indoor(seconds=40)


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(
    st.integers(0, len(TCX)),
    st.integers(0, 30),
    st.one_of(
        st.sampled_from([b"", b"nan", b"</Track><Track>", b"<Value>5</Value>", b"<HeartRateBpm/>", b"\n"]), NUMBER
    ),
)
def test_a_changed_tcx_reads_the_same_in_bulk_and_point_by_point(at: int, gone: int, put: bytes | str) -> None:
    agrees(TCX[:at] + (put if isinstance(put, bytes) else put.encode()) + TCX[at + gone :], "Trackpoint")


def test_ordinary_files_are_read_in_bulk() -> None:
    for data, point in ((made_up.run(heartrate=150), "trkpt"), (made_up.indoor(), "Trackpoint")):
        bulk = take_points(data, point, TAGS)
        assert bulk is not None
        assert [run.count for run in bulk.runs] == [301]
        assert len(bulk.skeleton) < 1000
        assert shown(outcome(data)) == shown(outcome(data + b"<!-- -->"))


def test_a_point_without_some_value_keeps_its_place() -> None:
    data = made_up.run(seconds=20, heartrate=150).replace(b"<ele>100</ele>", b"", 3)
    bulk = take_points(data, "trkpt", TAGS)
    assert bulk is not None
    assert bulk.runs[0].floats("ele") == [None] * 3 + [100.0] * 8
    assert bulk.runs[0].floats("hr", "ele") == [150.0] * 11
    assert bulk.runs[0].floats("nothing") == [None] * 11


@pytest.mark.parametrize(
    "strange",
    [
        b'<trkpt lat="1" lon="2"><ele>&#49;</ele></trkpt>',
        b'<trkpt lat="1" lon="2"><trkseg/></trkpt>',
        b'<trkpt lat="1" lon="2"><ele>1</ele><ele>2</ele></trkpt>',
        b'<trkpt lat="1" lon="2"><ele>1</hr></trkpt>',
        b'<trkpt lat="1" lon="2">text</trkpt>',
        b'<trkpt lat="1" lon="2"><ele>1</ele>tail</trkpt>',
        b'<trkpt lat="1" lon="2"><!-- no --></trkpt>',
        b'<trkpt lat="1" lon="2"/><trkpt lat="1" lon="2"></trkpt>',
        b'<trkpt lat="1" lat="2"></trkpt>',
        b"<trkptx></trkptx></trkpt>",
        b"</trkpt>",
        '<trkpt lat="1" lon="2"><ele>\u0664</ele></trkpt>'.encode(),
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_the_parser(strange: bytes) -> None:
    assert take_points(b"<gpx><trk><trkseg>" + strange + b"</trkseg></trk></gpx>", "trkpt", TAGS) is None


def test_points_of_too_many_shapes_are_left_to_the_parser() -> None:
    shapes = b"".join(b'<trkpt lat="1" lon="2"><e%d>1</e%d></trkpt>' % (number, number) for number in range(40))
    assert take_points(b"<gpx><trk><trkseg>" + shapes + b"</trkseg></trk></gpx>", "trkpt", TAGS) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1.5", "-2", "1e3"], [1.5, -2.0, 1000.0]),
        (["1.5", "nan", "2"], [1.5, np.inf, 2.0]),
        (["inf", "-inf"], [np.inf, -np.inf]),
        (["1", "far", "2"], [1.0, np.inf, 2.0]),
    ],
)
def test_a_column_has_a_number_for_each_value(values: list[str], expected: list[float]) -> None:
    points = "".join(f'<trkpt lat="{value}" lon="2"><ele>1</ele></trkpt>' for value in values)
    bulk = take_points(f"<gpx>{points}</gpx>".encode(), "trkpt", TAGS)
    assert bulk is not None
    assert bulk.runs[0].floats("@lat") == expected


def test_values_are_numbers_where_they_are_some() -> None:
    bulk = take_points(b'<gpx><trkpt lat="nan" lon="x"><ele> 5 </ele></trkpt></gpx>', "trkpt", TAGS)
    assert bulk is not None
    assert bulk.runs[0].floats("@lat") == [np.inf]
    assert bulk.runs[0].floats("@lon") == [np.inf]
    assert bulk.runs[0].floats("ele") == [5.0]
