"""The points of an XML recording in bulk: thousands of elements that look alike are read by patterns made of a few.

Nearly all of a GPX or TCX file is points with the same elements in the same order. What follows from one of them holds
for all that differ in their values only; so the first becomes a pattern, the next that does not fit another one, and
the XML parser sees the document with a mark in place of each run of points. Where anything is out of the ordinary, the
answer is None and the parser reads it all, slowly; both ways give the same.
"""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from strava.files.moments import moments
from strava.files.samples import number

MARK: Final = "run"
MOST_PATTERNS: Final = 32
MOST_PIECES: Final = 200  # tags and texts of one point

# What a value may hold for this way of reading: printable ASCII without markup.
_TEXT: Final = rb"\s*([!-%'-;=-~][ -%'-;=-~]*)"
_VALUE: Final = rb"([ !#-%(-;=-~]*)"
_ATTRIBUTES: Final = rb"(?:[^>\"']|\"[^\"]*\"|'[^']*')*?"
_PIECE: Final = re.compile(rb"<(/?)([A-Za-z_][\w.:-]*)(" + _ATTRIBUTES + rb")(/?)>|([^<]+)")
_ATTRIBUTE: Final = re.compile(rb"\s+([A-Za-z_][\w.-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")

Text = bytes | None


@dataclass(slots=True)
class Pattern:
    """How points of one shape read: ``names`` are of its values, attributes of the point with an ``@``."""

    names: tuple[str, ...]
    compiled: re.Pattern[bytes]


@dataclass(slots=True)
class Run:
    """Points that follow one another: texts by name in the order of the points, None where a point has none."""

    count: int
    texts: dict[str, list[Text]]

    def moments(self, name: str) -> list[float]:
        """Unix seconds by this name, NaN where there is none, as `timestamp` reads them."""
        return moments(self.texts.get(name, [None] * self.count))

    def floats(self, *names: str) -> list[float | None]:
        """Value of the first of these names that each point has, as `samples.number` reads it."""
        given = [self.texts[name] for name in names if name in self.texts]
        if not given:
            return [None] * self.count
        if len(given) == 1:
            return _floats(given[0])
        return _floats([next((text for text in row if text is not None), None) for row in zip(*given, strict=True)])


@dataclass(slots=True)
class Bulk:
    """A document with its points taken out; ``runs[n]`` stood where the mark with that number is."""

    skeleton: bytes
    runs: list[Run]


@dataclass(slots=True)
class _Reading:
    point: str
    structure: Collection[str]
    patterns: list[Pattern] = field(default_factory=list)

    def match(self, body: bytes, last: Pattern | None) -> tuple[Pattern, tuple[bytes, ...]] | None:
        """The pattern that a point fits, made where there is none yet, and its values."""
        for pattern in self.patterns if last is None else (last, *self.patterns):
            if found := pattern.compiled.fullmatch(body):
                return pattern, found.groups()
        made = _pattern_of(body, self.point, self.structure) if len(self.patterns) < MOST_PATTERNS else None
        found = made.compiled.fullmatch(body) if made else None
        if made is None or found is None:
            return None
        self.patterns.append(made)
        return made, found.groups()


def take_points(data: bytes, point: str, structure: Collection[str]) -> Bulk | None:
    """Take the points out of a document; None when it has to be read element by element.

    Args:
        data: of the document.
        point: local name of a point's element.
        structure: local names that must not stand inside of a point.
    """
    begin, end = b"<" + point.encode(), b"</" + point.encode() + b">"
    reading = _Reading(point, structure)
    skeleton: list[bytes] = []
    runs: list[Run] = []
    at = 0
    for last in re.finditer(end + rb"(?!\s*" + begin + rb"[\s>/])", data):
        first = data.find(begin, at, last.start())
        run = _run(data[first : last.end()], end, reading) if first >= 0 else None
        if run is None:
            return None
        skeleton += (data[at:first], f'<{point} {MARK}="{len(runs)}"/>'.encode())
        runs.append(run)
        at = last.end()
    if not runs or begin in (rest := data[at:]) or any(_is_odd(piece, point) for piece in (*skeleton[2::2], rest)):
        return None
    if _is_odd(skeleton[0][1:], point) or b"\0" in data[:4]:
        return None
    return Bulk(b"".join((*skeleton, rest)), runs)


def _is_odd(piece: bytes, point: str) -> bool:
    """Whether what stands around runs may make something else of them: comments, CDATA, instructions, prefixes."""
    return b"<!" in piece or b"<?" in piece or b":" + point.encode() in piece


def _run(region: bytes, end: bytes, reading: _Reading) -> Run | None:
    """Points of a stretch, from the begin of the first to the end of the last, in which nothing else should be."""
    count = region.count(end)
    first = region[: region.find(end)]
    found = reading.match(first, None)
    if found is None:
        return None
    pattern = found[0]
    if len(pattern.names) > 1 and region.count(b"<") == count * (first.count(b"<") + 1):
        rows = re.findall(pattern.compiled.pattern + end, region)
        if len(rows) == count:
            columns = zip(*rows, strict=True)
            return Run(count, {name: list(column) for name, column in zip(pattern.names, columns, strict=True)})
    if b"<!" in region or b"<?" in region:
        return None
    return _mixed_run(region.split(end)[:-1], reading)


def _mixed_run(points: Sequence[bytes], reading: _Reading) -> Run | None:
    """Points of several shapes."""
    rows: list[tuple[Pattern, tuple[bytes, ...]]] = []
    last: Pattern | None = None
    for body in points:
        found = reading.match(body.lstrip(), last)
        if found is None:
            return None
        last = found[0]
        rows.append(found)
    texts: dict[str, list[Text]] = {name: [None] * len(rows) for pattern, _ in rows for name in pattern.names}
    for index, (pattern, values) in enumerate(rows):
        for name, value in zip(pattern.names, values, strict=True):
            texts[name][index] = value
    return Run(len(rows), texts)


class _Unusual(Exception):
    """A point is no plain one."""


@dataclass(slots=True)
class _Maker:
    """Makes a pattern of a point, piece by piece. Methods raise ``_Unusual``."""

    point: str
    structure: Collection[str]
    names: list[str] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    may_have_text: bool = False

    def make(self, body: bytes) -> Pattern:
        """The pattern of a point without its end tag."""
        at = 0
        for found in _PIECE.finditer(body):
            if found.start() != at or len(self.parts) > MOST_PIECES:
                raise _Unusual
            at = found.end()
            self._add(found)
        if at != len(body) or self.open != [self.point] or not body.isascii():
            raise _Unusual
        return Pattern(tuple(self.names), re.compile(b"".join(self.parts)))

    def _add(self, found: re.Match[bytes]) -> None:
        closing, name, attributes, empty, text = found.groups()
        if text is not None:
            self.parts.append(self._text(text))
            self.may_have_text = False
        elif closing:
            self._close(name.decode(), plain=not attributes.strip() and not empty)
            self.parts.append(re.escape(found[0]))
        elif not self.open:
            if empty or name.decode() != self.point:
                raise _Unusual
            self.open.append(name.decode())
            self.parts.append(self._start(attributes))
        else:
            self._open(name.decode(), empty=bool(empty))
            self.parts.append(re.escape(found[0]))

    def _open(self, name: str, *, empty: bool) -> None:
        local = name.rpartition(":")[2]
        if local in self.structure or local == self.point:
            raise _Unusual
        if not empty:
            self.open.append(name)
        self.may_have_text = not empty

    def _close(self, name: str, *, plain: bool) -> None:
        if not plain or len(self.open) == 1 or self.open.pop() != name:
            raise _Unusual
        self.may_have_text = False

    def _text(self, text: bytes) -> bytes:
        """Pattern of a text: any space, or the value of the element that it stands first in."""
        if text.isspace():
            return rb"\s*"
        name = self.open[-1].rpartition(":")[2].lower() if self.open else ""
        if not self.may_have_text or name in self.names:
            raise _Unusual
        self.names.append(name)
        return _TEXT

    def _start(self, attributes: bytes) -> bytes:
        """Pattern of the point's own start tag, its attributes in the order of the first."""
        parts = [b"<" + self.point.encode()]
        at = 0
        for found in _ATTRIBUTE.finditer(attributes):
            called = f"@{found[1].decode()}"
            if found.start() != at or called in self.names:
                raise _Unusual
            at = found.end()
            self.names.append(called)
            quote = b"'" if found[2] is None else b'"'
            parts += (rb"\s+", re.escape(found[1]), rb"\s*=\s*", quote, _VALUE, quote)
        if attributes[at:].strip():
            raise _Unusual
        return b"".join((*parts, rb"\s*>"))


def _pattern_of(body: bytes, point: str, structure: Collection[str]) -> Pattern | None:
    try:
        return _Maker(point, structure).make(body)
    except _Unusual:
        return None


def _floats(texts: Sequence[Text]) -> list[float | None]:
    try:
        known = [*map(float, texts)] if None not in texts else [math.nan]  # type: ignore[arg-type] # none is None
        if not math.isnan(sum(known)):
            return [*known]
        values = [None if text is None else float(text) for text in texts]
    except ValueError:
        return [number(None if text is None else text.decode("ascii")) for text in texts]
    return [math.inf if value != value else value for value in values]  # noqa: PLR0124 - true for NaN
