"""Uploads taken apart in memory: one entry at a time, sizes checked before and while inflating."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final, Self

from strava.files.parse import LARGEST_FILE
from strava.files.recording import Entry, FileRefused
from strava.files.sniff import container

LARGEST_ARCHIVE: Final = 2 * 1024**3
MOST_ENTRIES: Final = 20_000
HIGHEST_RATIO: Final = 200
RATIO_FREE: Final = 1024 * 1024  # below this, inflating harms nobody
LARGEST_DIRECTORY: Final = 32 * 1024 * 1024
PIECE: Final = 256 * 1024
LONGEST_NAME: Final = 200
END_RECORD: Final = struct.Struct("<4s4H2LH")
END_RECORD_64: Final = struct.Struct("<4sQ2H2L4Q")
LOCATOR_64: Final = struct.Struct("<4sLQL")
READABLE: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def unpack(source: Path | str | BinaryIO, name: str) -> Iterator[Entry]:
    """Files of an upload: a plain file, a .gz, or the entries of a .zip (.gz inside too), told apart by content.

    A bad entry comes as one with ``refused`` set, and the rest goes on. Limits: 64 MiB a file, 2 GiB an archive
    (packed and inflated), 20,000 entries, 200 times inflated (above 1 MiB); archives inside archives are refused.

    Args:
        source: a path, or a seekable binary file that stays open meanwhile.
        name: of the upload, for display.
    """
    if isinstance(source, str | Path):
        with Path(source).open("rb") as file:
            yield from unpack(file, name)
        return
    shown = display_name(name)
    source.seek(0)
    kind = container(source.read(4))
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    if kind == "zip":
        yield from _zip(source, size, shown)
    elif kind == "gzip":
        yield _entry(_without_gz(shown), lambda: _gunzip(source, size))
    else:
        yield _entry(shown, lambda: _plain(source, size))


def display_name(name: str) -> str:
    """A name to show: no drive, no way up, no control characters, at most 200 characters; never a path on disk."""
    printable = "".join(char if char.isprintable() else "_" for char in name.replace("\\", "/"))
    parts = [part for part in re.sub(r"^[A-Za-z]:", "", printable).split("/") if part not in {"", ".", ".."}]
    return "/".join(parts)[-LONGEST_NAME:] or "unnamed"


def _entry(name: str, read: Callable[[], bytes]) -> Entry:
    try:
        return Entry(name, read())
    except FileRefused as refused:
        return Entry(name, refused=refused)


def _without_gz(name: str) -> str:
    return name[:-3] if name.lower().endswith(".gz") and len(name) > len(".gz") else name


def _plain(source: BinaryIO, size: int) -> bytes:
    if size > LARGEST_FILE:
        raise FileRefused("The file is larger than 64 MiB.", "too_large")
    return source.read()


def _gunzip(source: BinaryIO, size: int) -> bytes:
    """Content of a gzip stream; a stream that breaks off gives what came before."""
    inflater = zlib.decompressobj(wbits=31)
    inflated = bytearray()
    while not inflater.eof and (piece := inflater.unconsumed_tail or source.read(PIECE)):
        try:
            inflated += inflater.decompress(piece, PIECE * 4)
        except zlib.error as error:
            if not inflated:
                raise FileRefused("The compressed file is damaged.", "damaged") from error
            break
        _check(len(inflated), size)
    if container(bytes(inflated[:4])):
        raise FileRefused("This is an archive inside an archive; put the files straight into one.", "nested_archive")
    return bytes(inflated)


def _check(inflated: int, packed: int) -> None:
    if inflated > LARGEST_FILE:
        raise FileRefused("The file is larger than 64 MiB.", "too_large")
    if inflated > RATIO_FREE and inflated > packed * HIGHEST_RATIO:
        raise FileRefused("The file inflates to more than 200 times its size, as attacks do.", "ratio")


def _zip(source: BinaryIO, size: int, name: str) -> Iterator[Entry]:
    try:
        archive = Archive(source, size)
    except FileRefused as refused:
        yield Entry(name, refused=refused)
        return
    with archive:
        if not archive.members:
            yield Entry(name, refused=FileRefused("The archive has no files.", "empty"))
        for member in archive.members:
            entry = archive.entry(member)
            if archive.broken is not None:
                yield Entry(name, refused=archive.broken)
                return
            yield entry


class Budget:
    """Bytes inflated out of one upload, archives inside it included."""

    def __init__(self, packed: int) -> None:
        self._packed = packed
        self._inflated = 0

    def spend(self, size: int) -> None:
        """Count bytes. Raises ``FileRefused`` when they are more than an honest archive inflates to."""
        self._inflated += size
        if self._inflated > LARGEST_ARCHIVE:
            raise FileRefused("The archive inflates to more than 2 GiB.", "too_large")
        if self._inflated > RATIO_FREE and self._inflated > self._packed * HIGHEST_RATIO:
            raise FileRefused("The archive inflates to more than 200 times its size, as attacks do.", "ratio")


class Archive:
    """A .zip whose sizes were checked before anything of it is inflated; ``members`` are its files, in order.

    ``broken`` says why the archive as a whole is given up, once it is.
    """

    def __init__(self, source: BinaryIO, size: int, budget: Budget | None = None) -> None:
        """Open ``size`` bytes of a seekable file that stays open meanwhile. Raises ``FileRefused``."""
        self._budget = budget or Budget(size)
        self.broken: FileRefused | None = None
        try:
            _check_directory(source, size)
            self._zip = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, struct.error, OSError, ValueError, RuntimeError) as error:
            raise FileRefused("The ZIP archive is damaged.", "damaged") from error
        everything = self._zip.infolist()
        self.members = [info for info in everything if not info.is_dir() and not _is_hidden(info.filename)]
        if sum(info.file_size for info in self.members) > LARGEST_ARCHIVE:
            raise FileRefused("The archive inflates to more than 2 GiB.", "too_large")
        if _overlap(everything):
            raise FileRefused("The archive's entries share their content, as attacks do.", "ratio")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def entry(self, member: zipfile.ZipInfo) -> Entry:
        """One file (.gz inside is opened), or why it is refused; then ``broken`` may be set, and nothing more comes."""
        entry = _entry(_without_gz(display_name(member.filename)), lambda: _member(self._zip, member))
        try:
            self._budget.spend(len(entry.data))
        except FileRefused as refused:
            self.broken = refused
            return Entry(entry.name, refused=refused)
        return entry

    def nested(self, member: zipfile.ZipInfo, spool: BinaryIO) -> "Archive":
        """An archive inside this one, copied to ``spool`` first. Raises ``FileRefused``."""
        _check_readable(member)
        size = 0
        try:
            with self._zip.open(member) as packed:
                while piece := packed.read(PIECE):
                    size += len(piece)
                    self._budget.spend(len(piece))
                    spool.write(piece)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
            raise FileRefused("The archive inside the archive is damaged.", "damaged") from error
        return Archive(spool, size, self._budget)


def _overlap(members: Sequence[zipfile.ZipInfo]) -> bool:
    """Whether entries lead to the same bytes: a little of them would inflate again and again."""
    spans = sorted((info.header_offset, info.header_offset + info.compress_size) for info in members)
    return any(start < end for (_, end), (start, _) in pairwise(spans)) or len(dict(spans)) < len(spans)


def _is_hidden(name: str) -> bool:
    """Files that systems put beside others, not the athlete."""
    parts = name.replace("\\", "/").split("/")
    return "__MACOSX" in parts or parts[-1].startswith(".") or parts[-1].lower() == "thumbs.db"


def _check_readable(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & 0x1:
        raise FileRefused("The file is encrypted; take it out of the archive first.", "encrypted")
    if info.compress_type not in READABLE:
        raise FileRefused("The file is packed with a method that is not supported; use plain ZIP.", "unknown_format")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    _check_readable(info)
    _check(info.file_size, info.compress_size)
    inflated = bytearray()
    try:
        with archive.open(info) as member:
            while piece := member.read(PIECE):
                inflated += piece
                _check(len(inflated), info.compress_size)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise FileRefused("The file is damaged inside the archive.", "damaged") from error
    kind = container(bytes(inflated[:4]))
    if kind == "zip":
        raise FileRefused("This is an archive inside an archive; put the files straight into one.", "nested_archive")
    return _gunzip(io.BytesIO(inflated), info.compress_size) if kind == "gzip" else bytes(inflated)


def _check_directory(source: BinaryIO, size: int) -> None:
    """Refuse by the end record, before the directory is read into memory."""
    if size > LARGEST_ARCHIVE:
        raise FileRefused("The archive is larger than 2 GiB.", "too_large")
    entries, directory = _end_record(source, size)
    source.seek(0)
    if entries > MOST_ENTRIES:
        raise FileRefused("The archive has more than 20,000 entries.", "too_many_entries")
    if directory > LARGEST_DIRECTORY:
        raise FileRefused("The archive's directory is larger than 32 MiB.", "too_large")


def _end_record(source: BinaryIO, size: int) -> tuple[int, int]:
    """(entries, bytes of the directory) as the archive declares them."""
    tail_size = min(size, END_RECORD.size + 0xFFFF)
    source.seek(size - tail_size)
    tail = source.read(tail_size)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise zipfile.BadZipFile
    _, _, _, _, entries, directory, _, _ = END_RECORD.unpack_from(tail, at)
    locator = size - tail_size + at - LOCATOR_64.size
    if locator >= 0:
        source.seek(locator)
        signature, _, offset, _ = LOCATOR_64.unpack(source.read(LOCATOR_64.size))
        if signature == b"PK\x06\x07" and offset < size:
            source.seek(offset)
            fields = END_RECORD_64.unpack(source.read(END_RECORD_64.size))
            return fields[7], fields[8]
    return entries, directory
