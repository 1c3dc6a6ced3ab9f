"""What one row of the route table may say."""

import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Final, Literal

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

PREFIX: Final = "/api/v1"
HERE: Final = "gateway"
"""The owner of paths that the gateway answers itself, out of what the services say."""

NEVER: Final = -1
"""For ``cache``: nobody may keep the answer."""

READING: Final = frozenset({"GET", "HEAD"})
"""Methods that change nothing."""

Auth = Literal["user", "admin", "signed", "public"]
LimitClass = Literal["standard", "login", "signed", "webhook"]
Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Headers:
    """Headers that are put on, and names of those that are taken off; names in lower case."""

    add: tuple[tuple[str, str], ...] = ()
    strip: tuple[str, ...] = ()

    def lines(self) -> list[Header]:
        """Return what is put on, as ASGI has it."""
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in self.add]

    def names(self) -> frozenset[bytes]:
        """Return the names of all that does not pass: what is put on replaces what was there."""
        return frozenset(name.encode("ascii") for name in (*self.strip, *(name for name, _ in self.add)))


AS_THEY_ARE: Final = Headers()


@dataclass(frozen=True, slots=True)
class Deprecated:
    """Since when a row should not be used any more, from when it will not be there, and where its follower is told.

    Sent as ``Deprecation`` (RFC 9745), ``Sunset`` (RFC 8594) and ``Link``.
    """

    since: date
    sunset: date | None = None
    link: str = ""

    def lines(self) -> list[Header]:
        """Return the headers that say so."""
        found = [(b"deprecation", b"@%d" % _midnight(self.since).timestamp())]
        if self.sunset:
            found.append((b"sunset", format_datetime(_midnight(self.sunset), usegmt=True).encode("ascii")))
        if self.link:
            found.append((b"link", f'<{self.link}>; rel="deprecation"'.encode("latin-1")))
        return found


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table; times in seconds, ``body_limit`` in bytes.

    ``auth``: anybody with a token, an ``admin``, the holder of a ``signed`` address in place of a token (the service
    verifies it), or the ``public``. ``timeout`` bounds the wait for the answer to begin once the request is sent,
    ``silence`` the gaps inside either body, ``total`` the whole answer. ``retry`` lets an idempotent request be sent
    again. ``cache`` is how long a client may keep what a GET answered, where the service does not say it: 0 means to
    ask each time whether it changed, ``NEVER`` not to keep it. What is never kept is not compressed either, so that
    its length tells nothing of the secrets in it. ``share`` is how old an answer of the gateway itself may be that is
    given to all administrators who ask the same; 0 has each made anew. ``fields`` lets clients choose the members of
    JSON answers. ``request`` and ``answer`` change headers. ``method`` binds an unversioned row to one method.
    """

    template: str
    service: str
    auth: Auth = "user"
    limit: LimitClass = "standard"
    body_limit: int = MIB
    timeout: float = 10.0
    silence: float = 30.0
    total: float = 600.0
    retry: bool = True
    cache: int = 0
    share: float = 0.0
    fields: bool = True
    request: Headers = AS_THEY_ARE
    answer: Headers = AS_THEY_ARE
    deprecated: Deprecated | None = None
    method: str = ""
    # Worked out once, since each request needs it.
    public: bool = field(init=False, repr=False)
    allowance: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.share and (self.service != HERE or self.auth != "admin"):
            raise ValueError(f"{self.template} is not the same for all who may read it")
        object.__setattr__(self, "public", self.auth == "public")
        seconds = max(1, math.ceil(self.timeout))
        object.__setattr__(self, "allowance", b"x-internal-timeout: %d\r\n" % seconds)
