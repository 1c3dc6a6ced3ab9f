"""Whatever happens to a file on its way: it is read or refused, and nothing else."""

import re
import struct
from contextlib import suppress

import fit_files
import made_up
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sane import assert_sane

from strava.files import FileRefused
from strava.sandbox.child import read_file

SEEDS = {
    "fit": bytes(fit_files.run(20)),
    "gpx": made_up.full_run(seconds=20, pause=15),
    "tcx": made_up.outdoor(),
}
NUMBER = re.compile(rb"(?<=[>\"])-?\d+(?:\.\d+)?(?=[<\"])")
ELEMENT = re.compile(rb"<(\w[\w:]*)[^<>]*>[^<>]*</\1>")
POINT = re.compile(rb"<(trkpt|trkseg|Trackpoint|Track|Lap)\b.*?</\1>", re.DOTALL)
EXTREMES = (
    *(b"nan", b"inf", b"-inf", b"1e999", b"-1e308", b"1e9", b"-1", b"0", b"180", b"90.0000001", b"", b"9" * 400),
    *(b"1970-01-01T00:00:00Z", b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-12:00", b"2036-03-01T07:00:00Z"),
)
INSERTED = (*EXTREMES, b"<!--", b"&x;", b"\xff" * 4, b"\x00" * 4, b"</Lap>", b"]]>", b"<trkpt>", b'run="9"')
PLACE = st.integers(0, 1 << 20)
CHANGE = st.one_of(
    st.tuples(
        st.just("splice"), PLACE, st.integers(0, 12), st.one_of(st.binary(max_size=6), st.sampled_from(INSERTED))
    ),
    st.tuples(st.just("flip"), PLACE, st.integers(1, 255), st.just(b"")),
    st.tuples(st.just("double"), PLACE, st.integers(1, 300), st.just(b"")),
    st.tuples(st.just("cut"), PLACE, st.integers(1, 300), st.just(b"")),
    st.tuples(st.just("number"), PLACE, st.just(0), st.sampled_from(EXTREMES)),
    st.tuples(st.just("swap"), PLACE, PLACE, st.sampled_from((b"element", b"point"))),
)
QUICKLY = settings(max_examples=200, deadline=None, derandomize=True, database=None)


def changed(data: bytes, change: tuple[str, int, int, bytes]) -> bytes:
    kind, place, size, word = change
    at = place % (len(data) + 1)
    if kind == "splice":
        return data[:at] + word + data[at + size :]
    if kind == "flip":
        return data[:at] + bytes(byte ^ size for byte in data[at : at + 1]) + data[at + 1 :]
    if kind == "double":
        return data[: at + size] + data[at:]
    if kind == "cut":
        return data[:at] + data[at + size :]
    if kind == "number":
        found = list(NUMBER.finditer(data))
        one = found[place % len(found)] if found else None
        return data if one is None else data[: one.start()] + word + data[one.end() :]
    return swapped(data, ELEMENT if word == b"element" else POINT, place, size)


def swapped(data: bytes, pattern: re.Pattern[bytes], one: int, other: int) -> bytes:
    """Two elements in each other's place."""
    found = list(pattern.finditer(data))
    if len(found) < 2:
        return data
    first, second = sorted((found[one % len(found)], found[other % len(found)]), key=lambda match: match.start())
    if first is second:
        return data
    return data[: first.start()] + second[0] + data[first.end() : second.start()] + first[0] + data[second.end() :]


@pytest.mark.parametrize("kind", SEEDS)
@QUICKLY
@given(changes=st.lists(CHANGE, min_size=1, max_size=6), sealed=st.booleans())
def test_a_changed_file_is_read_or_refused(kind: str, changes: list[tuple[str, int, int, bytes]], sealed: bool) -> None:
    data = SEEDS[kind]
    for change in changes:
        data = changed(data, change)
    if kind == "fit" and sealed and len(data) > 16:
        body = data[:4] + struct.pack("<I", len(data) - 16) + data[8:-2]
        data = body + struct.pack("<H", fit_files.crc(body))
    with suppress(FileRefused):
        assert_sane(read_file(data, ""))


@QUICKLY
@given(
    values=st.lists(st.tuples(*[st.floats(width=64)] * 5), min_size=1, max_size=40), sport=st.sampled_from(["1", "9"])
)
def test_any_numbers_give_possible_activities_or_a_refusal(values: list[tuple[float, ...]], sport: str) -> None:
    points = "".join(
        f'<trkpt lat="{lat}" lon="{lng}"><ele>{height}</ele><hr>{heart}</hr><cad>{turns}</cad>'
        f"<time>2026-03-01T07:{second // 60:02}:{second % 60:02}Z</time></trkpt>"
        for second, (lat, lng, height, heart, turns) in enumerate(values)
    )
    with suppress(FileRefused):
        assert_sane(read_file(f"<gpx><trk><type>{sport}</type><trkseg>{points}</trkseg></trk></gpx>".encode(), ""))


@QUICKLY
@given(
    samples=st.lists(
        st.tuples(st.floats(-1e9, 2e9, allow_nan=False), st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 2e9)),
        min_size=1,
        max_size=30,
    )
)
def test_any_times_and_ways_give_possible_activities_or_a_refusal(
    samples: list[tuple[float, float, float, float]],
) -> None:
    points = "".join(
        f"<Trackpoint><Time>{made_up.moment(second)}</Time><Position><LatitudeDegrees>{lat}</LatitudeDegrees>"
        f"<LongitudeDegrees>{lng}</LongitudeDegrees></Position><DistanceMeters>{way}</DistanceMeters></Trackpoint>"
        for second, lat, lng, way in samples
    )
    lap = f'<Lap StartTime="{made_up.moment(samples[0][0])}"><Track>{points}</Track></Lap>'
    data = f'<TrainingCenterDatabase><Activity Sport="Running">{lap}</Activity></TrainingCenterDatabase>'
    with suppress(FileRefused):
        assert_sane(read_file(data.encode(), ""))
