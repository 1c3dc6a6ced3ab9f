import gzip
import io
import struct
import zipfile
import zlib
from pathlib import Path

import fit_files
import made_up
import pytest

from strava.files import Entry, archive, unpack
from strava.files.archive import display_name
from strava.files.parse import LARGEST_FILE

RUN = made_up.run(seconds=60)


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, data in files:
            made.writestr(name, data)
    return buffer


def codes(entries: list[Entry]) -> list[tuple[str, str | None]]:
    return [(entry.name, entry.refused.code if entry.refused else None) for entry in entries]


def test_a_plain_file_is_its_own_entry(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(RUN)
    (entry,) = unpack(tmp_path / "a", "run.gpx")
    assert (entry.name, entry.data, entry.refused) == ("run.gpx", RUN, None)


def test_gzip_is_told_by_content_and_loses_its_suffix() -> None:
    (entry,) = unpack(io.BytesIO(gzip.compress(RUN)), "run.gpx.gz")
    assert (entry.name, entry.data) == ("run.gpx", RUN)


def test_a_gzip_that_breaks_off_gives_what_came_before() -> None:
    data = gzip.compress(bytes(fit_files.run(600)))
    (entry,) = unpack(io.BytesIO(data[: len(data) // 2]), "run.fit.gz")
    assert entry.refused is None
    assert 0 < len(entry.data) < len(fit_files.run(600))


def test_entries_come_in_order_and_gzip_inside_is_opened() -> None:
    fit = fit_files.run(10)
    source = zipped(("a/1.fit.gz", gzip.compress(fit)), ("a/", b""), ("a/2.gpx", RUN), ("__MACOSX/a/._2.gpx", b"x"))
    entries = list(unpack(source, "all.zip"))
    assert [(entry.name, entry.data) for entry in entries] == [("a/1.fit", fit), ("a/2.gpx", RUN)]


def test_a_bad_entry_is_refused_and_the_rest_goes_on() -> None:
    inner = zipped(("x.gpx", RUN)).getvalue()
    source = zipped(("nested.zip", inner), ("zeros.gpx", bytes(8 * 1024 * 1024)), ("empty.gpx", b""), ("good.gpx", RUN))
    assert codes(list(unpack(source, "all.zip"))) == [
        ("nested.zip", "nested_archive"),
        ("zeros.gpx", "ratio"),
        ("empty.gpx", None),
        ("good.gpx", None),
    ]


def test_an_archive_inside_a_gzip_is_refused() -> None:
    (entry,) = unpack(io.BytesIO(gzip.compress(zipped(("x.gpx", RUN)).getvalue())), "x.gz")
    assert codes([entry]) == [("x", "nested_archive")]


def test_a_damaged_entry_is_refused_and_the_rest_goes_on() -> None:
    data = bytearray(zipped(("a.gpx", RUN), ("b.gpx", RUN)).getvalue())
    data[60] ^= 0xFF
    assert codes(list(unpack(io.BytesIO(data), "x.zip"))) == [("a.gpx", "damaged"), ("b.gpx", None)]


def test_an_encrypted_entry_is_refused() -> None:
    data = bytearray(zipped(("a.gpx", RUN)).getvalue())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(header) + flags] |= 1
    assert codes(list(unpack(io.BytesIO(data), "x.zip"))) == [("a.gpx", "encrypted")]


def test_a_size_that_is_declared_too_small_does_not_help() -> None:
    data = bytearray(zipped(("a.gpx", bytes(4 * 1024 * 1024))).getvalue())
    for header, size in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.find(header) + size
        data[place : place + 4] = struct.pack("<I", 1000)
    (entry,) = unpack(io.BytesIO(data), "x.zip")
    assert entry.refused
    assert entry.data == b""


def test_entries_that_share_one_kernel_are_refused_before_they_inflate() -> None:
    """The flat bomb of David Fifield, in the small: every entry of the directory leads to the same data."""
    kernel = zlib.compress(b"<gpx>" + bytes(range(256)) * 800, 9)[2:-4]
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(kernel), 204_805, 1, 0) + b"a" + kernel
    sum_ = zlib.crc32(b"<gpx>" + bytes(range(256)) * 800)
    central = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, sum_, len(kernel), 204_805, 1, 0, 0, 0, 0, 0, 0
    )
    directory = (central + b"a") * 500
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 500, 500, len(directory), len(local), 0)
    entries = list(unpack(io.BytesIO(local + directory + end), "bomb.zip"))
    assert codes(entries) == [("bomb.zip", "ratio")]


def test_more_entries_than_allowed_are_refused_before_the_directory_is_read() -> None:
    source = zipped(*((str(number), b"") for number in range(20_001)), method=zipfile.ZIP_STORED)
    assert codes(list(unpack(source, "many.zip"))) == [("many.zip", "too_many_entries")]


def test_a_file_over_64_mib_is_refused() -> None:
    class Endless(io.RawIOBase):
        """Says that it is large, and never hands that much out."""

        def read(self, size: int = -1) -> bytes:
            assert 0 <= size <= 4
            return b"<gpx"

        def seek(self, offset: int, whence: int = 0) -> int:
            return 65 * 1024 * 1024 if whence == io.SEEK_END else offset

    assert codes(list(unpack(Endless(), "big.gpx"))) == [("big.gpx", "too_large")]  # type: ignore[arg-type] # enough of a file


def test_a_gzip_bomb_is_refused_while_it_inflates() -> None:
    data = gzip.compress(bytes(80 * 1024 * 1024), 9)
    assert codes(list(unpack(io.BytesIO(data), "x.gz"))) == [("x", "ratio")]


def test_an_archive_that_declares_more_than_2_gib_is_refused() -> None:
    data = bytearray(zipped(*((f"{number}", b"x") for number in range(3))).getvalue())
    at = 0
    while (at := data.find(b"PK\x01\x02", at + 1)) > 0:
        data[at + 24 : at + 28] = struct.pack("<I", 1024**3)
    assert codes(list(unpack(io.BytesIO(data), "x.zip"))) == [("x.zip", "too_large")]


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"PK\x03\x04" + bytes(100), b"PK\x05\x06" + bytes(17)])
def test_a_broken_archive_is_refused(data: bytes) -> None:
    assert codes(list(unpack(io.BytesIO(data), "x.zip"))) == [("x.zip", "damaged")]


def test_an_archive_cut_off_anywhere_gives_refusals_only() -> None:
    data = zipped(("a.gpx", RUN)).getvalue()
    for size in range(4, len(data), 7):
        assert all(entry.refused for entry in unpack(io.BytesIO(data[:size]), "x.zip"))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Users\\a\\run.fit", "Users/a/run.fit"),
        ("a/./b//../c.gpx", "a/b/c.gpx"),
        ("evil\x00\n\u202ename.gpx", "evil___name.gpx"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("x" * 500, "x" * 200),
    ],
)
def test_names_are_for_display_and_lead_nowhere(name: str, shown: str) -> None:
    assert display_name(name) == shown


def test_traversal_names_keep_their_content_and_touch_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (entry,) = unpack(zipped(("../../up.gpx", RUN)), "x.zip")
    assert (entry.name, entry.data) == ("up.gpx", RUN)
    assert list(tmp_path.rglob("*")) == []


def test_limits_are_those_of_the_rules() -> None:
    assert archive.LARGEST_ARCHIVE == 2 * 1024**3
    assert LARGEST_FILE == 64 * 1024**2
    assert archive.MOST_ENTRIES == 20_000
    assert archive.HIGHEST_RATIO == 200
