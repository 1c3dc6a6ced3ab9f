"""What is to be rendered, and what came of it: the two messages between the parent and the child."""

import datetime as dt
import hashlib
import struct
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, Self

import orjson

from pdf.rendering.words import Units

_PAGES: Final = struct.Struct(">I")
_DRAWN, _REFUSED = b"d", b"r"


class Paper(StrEnum):
    A4 = "a4"


@dataclass(frozen=True, slots=True)
class Order:
    """A plan (JSON of ``contracts.trainer.api.PlanDocument``), how to show it, and the date to print on it."""

    plan: bytes
    paper: Paper
    units: Units
    printed_on: dt.date

    def pack(self) -> tuple[bytes, ...]:
        """The parts of a request."""
        settings = {"paper": self.paper, "units": self.units, "printed_on": self.printed_on}
        return orjson.dumps(settings, option=orjson.OPT_APPEND_NEWLINE), self.plan

    @classmethod
    def unpack(cls, request: bytes) -> Self:
        """Reverse of ``pack``."""
        settings, _, plan = request.partition(b"\n")
        given = orjson.loads(settings)
        printed_on = dt.date.fromisoformat(given["printed_on"])
        return cls(plan, Paper(given["paper"]), Units(given["units"]), printed_on)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished PDF."""

    pages: int
    content: bytes

    def pack(self) -> bytes:
        """The reply that says so."""
        return _DRAWN + _PAGES.pack(self.pages) + self.content


@dataclass(frozen=True, slots=True)
class CannotDraw:
    """The machine lacks something; ``reason`` tells the operator what."""

    reason: str

    def pack(self) -> bytes:
        """The reply that says so."""
        return _REFUSED + self.reason.encode()


def unpack_reply(reply: bytes) -> Drawn | CannotDraw:
    """Return what the child said. Raises ``ValueError`` and ``struct.error`` for bytes that are no reply."""
    if reply[:1] == _REFUSED:
        return CannotDraw(reply[1:].decode())
    (pages,) = _PAGES.unpack_from(reply, 1)
    content = reply[1 + _PAGES.size :]
    if reply[:1] != _DRAWN or not content.startswith(b"%PDF-"):
        raise ValueError("not a PDF")
    return Drawn(pages, content)


@cache
def template_version() -> str:
    """Return a hash of all that decides how a document looks: with any change documents are rendered anew."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.suffix in {".py", ".html", ".css"}):
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
