"""XML read as a stream: no entities, no network, the good part of a broken file."""

import io
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from lxml import etree  # type: ignore[import-untyped] # it ships no types

from strava.files.recording import FileRefused
from strava.files.samples import number

MOST_TAGS = 8_000_000  # a file of 64 MiB that somebody recorded has half as many
MOST_POINTS = 1_000_000  # eleven days, one a second
MOST_PARTS = 100_000  # tracks, segments, laps, ...
TOO_MANY = "The file consists of far too many parts."


class Element(Protocol):
    """What we use of an element of lxml; the tag of an entity is no text."""

    tag: object
    text: str | None

    def get(self, key: str) -> str | None: ...
    def iter(self, *tags: str) -> Iterator["Element"]: ...
    def __iter__(self) -> Iterator["Element"]: ...


def check_amount(data: bytes, point: str) -> None:
    """Refuse a document that would keep its reader busy for long, before it is read.

    Raises:
        FileRefused: it has more than `MOST_TAGS` tags or `MOST_POINTS` points.
    """
    begin = b"<" + point.encode()
    if _has_more(data, b"<", MOST_TAGS) or _has_more(data, begin, MOST_POINTS):
        raise FileRefused(TOO_MANY, "too_many_entries")


def _has_more(data: bytes, part: bytes, most: int) -> bool:
    """Whether the part is in the data more often; what is too short for that is not looked at."""
    return len(data) > most * len(part) and data.count(part) > most


class Reader:
    """Events of one document in order.

    ``damaged`` says, once the events are read, whether the document broke off or had to be repaired.
    """

    def __init__(self, data: bytes, *, point: str, tags: Sequence[str]) -> None:
        self._source = data.lstrip(b"\r\n\t ")
        self._point = point
        self._tags = tuple(f"{{*}}{tag}" for tag in (point, *tags))
        self.damaged = False

    def __iter__(self) -> Iterator[tuple[str, str, Element]]:
        """(event, local name, element) for the start and end of each wanted tag; points are forgotten behind us.

        Raises:
            FileRefused: there are more than `MOST_PARTS` elements of the other tags.
        """
        parts = 0
        events = etree.iterparse(
            io.BytesIO(self._source),
            events=("start", "end"),
            tag=self._tags,
            recover=True,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            for event, element in events:
                tag = local_name(element)
                if tag != self._point and (parts := parts + 1) > 2 * MOST_PARTS:
                    raise FileRefused(TOO_MANY, "too_many_entries")
                yield event, tag, element
                if tag == self._point and event == "end":
                    _forget(element)
        except etree.XMLSyntaxError:
            self.damaged = True
        self.damaged = self.damaged or any(entry.level >= etree.ErrorLevels.FATAL for entry in events.error_log)


def _forget(element: Any) -> None:
    """Free a point that was read, and its elder siblings: memory stays flat however long the file is."""
    element.clear(keep_tail=False)
    parent = element.getparent()
    while parent is not None and parent[0] is not element:
        del parent[0]


def local_name(element: Element) -> str:
    """Tag without its namespace: files in the wild have the wrong one, or none."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def texts(element: Element) -> dict[str, str]:
    """Text of every element below, by local name in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for child in element.iter("*"):
        text = child.text
        if text and (text := text.strip()):
            found.setdefault(local_name(child).lower(), text)
    return found


def first_number(found: dict[str, str], *names: str) -> float | None:
    """Value of the first of these names that has one."""
    return next((number(found[name]) for name in names if name in found), None)
