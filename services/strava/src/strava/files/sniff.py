"""What a file is, by its content; names may lie."""

import codecs
from typing import Final, Literal
from xml.parsers import expat

from strava.files.recording import FileRefused, Format

GZIP: Final = b"\x1f\x8b"
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
ROOTS: Final[dict[str, Format]] = {"gpx": "gpx", "TrainingCenterDatabase": "tcx"}
BOMS: Final = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
PIECE: Final = 64 * 1024
LONGEST_BEGINNING: Final = 1024 * 1024  # bytes before the end of the first tag

Container = Literal["zip", "gzip"]


class _Root(Exception):
    """The first element was met: reading may stop."""


def container(head: bytes) -> Container | None:
    """Kind of archive that starts with these bytes, None for a plain file."""
    if head.startswith(GZIP):
        return "gzip"
    return "zip" if head.startswith(ZIP) else None


def identify(data: bytes) -> Format:
    """Format of one plain file.

    Raises:
        FileRefused: empty, an archive, XML with a document type, or not one of the three formats.
    """
    if not data.strip(b"\x00\r\n\t "):
        raise FileRefused("The file is empty.", "empty")
    if data[8:12] == b".FIT":
        return "fit"
    if container(data):
        raise FileRefused("This is an archive inside an archive; put the files straight into one.", "nested_archive")
    if not _looks_like_xml(data):
        raise FileRefused("The file is neither FIT, GPX nor TCX.", "unknown_format")
    root = root_element(data)
    if root not in ROOTS:
        raise FileRefused(f"This XML file is neither GPX nor TCX: it starts with <{root[:40]}>.", "unknown_format")
    return ROOTS[root]


def _looks_like_xml(data: bytes) -> bool:
    head = data[:PIECE]
    for bom in BOMS:
        head = head.removeprefix(bom)
    return head.replace(b"\x00", b"").lstrip().startswith(b"<")


def root_element(data: bytes) -> str:
    """Local name of the root element, read without parsing further.

    Raises:
        FileRefused: a document type (entities live there), or no XML.
    """
    found: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        found.append(name)
        raise _Root

    def doctype(*_: object) -> None:
        raise FileRefused("The XML file declares a document type or entities, which is not allowed.", "unsafe_xml")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    view = memoryview(data.lstrip(b"\r\n\t "))
    try:
        for at in range(0, min(len(view), LONGEST_BEGINNING), PIECE):
            parser.Parse(bytes(view[at : at + PIECE]), at + PIECE >= len(view))
    except _Root:
        return found[0].rpartition(":")[2]
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise FileRefused("The XML file cannot be read: its beginning is broken.", "invalid_xml") from error
    raise FileRefused("The XML file has no content, or it begins far too late.", "invalid_xml")
