import gzip

import made_up
import pytest

from strava.files import FileRefused, parse
from strava.files.parse import LARGEST_FILE
from strava.files.xml import MOST_POINTS, MOST_TAGS, check_amount

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]><gpx><trk><name>&a9;</name></trk></gpx>"
)
QUADRATIC = f'<!DOCTYPE gpx [<!ENTITY a "{"x" * 50_000}">]><gpx><trk><name>{"&a;" * 50_000}</name></trk></gpx>'
EXTERNAL = '<!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/passwd">]><gpx><trk><name>&a;</name></trk></gpx>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n\x00\x00", "empty"),
        (b"Date,Distance\n2026-03-01,5\n", "unknown_format"),
        (b'{"type": "FeatureCollection"}', "unknown_format"),
        (b"\x89PNG\r\n\x1a\n", "unknown_format"),
        (b"<!doctype html><html><body>Sign in</body></html>", "invalid_xml"),
        (b"<html><body>Sign in</body></html>", "unknown_format"),
        (b"<kml xmlns='http://www.opengis.net/kml/2.2'></kml>", "unknown_format"),
        (b"<gpx", "invalid_xml"),
        (b"<?xml version='1.0'?>", "invalid_xml"),
        (BOMB.encode(), "unsafe_xml"),
        (BOMB.encode("utf-16"), "unsafe_xml"),
        (QUADRATIC.encode(), "unsafe_xml"),
        (EXTERNAL.encode(), "unsafe_xml"),
        (b"<!DOCTYPE gpx><gpx/>", "unsafe_xml"),
        (gzip.compress(made_up.run(), mtime=0), "nested_archive"),
        (b"\x0e\x10\x00\x00\x00\x00\x00\x00.FIT", "damaged"),
        (b" " * (LARGEST_FILE + 1), "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value[:24]),
)
def test_what_cannot_be_an_activity_is_refused_with_a_reason(data: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        parse(data)
    assert refused.value.code == code
    assert refused.value.reason.endswith(".")


def test_an_undeclared_entity_is_not_expanded() -> None:
    data = made_up.run(name="&bomb;")
    assert parse(data).recordings[0].quality.damaged


@pytest.mark.parametrize(("part", "most"), [(b"<", MOST_TAGS), (b"<trkpt", MOST_POINTS)])
def test_as_many_parts_as_may_be_are_read_and_one_more_is_not(part: bytes, most: int) -> None:
    check_amount(part * most, "trkpt")
    with pytest.raises(FileRefused) as refused:
        check_amount(part * (most + 1), "trkpt")
    assert refused.value.code == "too_many_entries"
