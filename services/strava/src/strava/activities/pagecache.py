"""Rendered pages of activity lists, kept as long as the athlete's list version stays the same."""

from collections import OrderedDict
from uuid import UUID

MOST_BYTES = 16 << 20

Key = tuple[UUID, str]
Rendered = tuple[bytes, str]


class PageCache:
    """By athlete and query: (body, ETag). Bounded by bytes, the least recently used goes first.

    The version is read from the database with each request, so a page is as fresh as the row it was checked against;
    a page put under an older version than its content is only thrown away too early.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._pages: OrderedDict[Key, tuple[int, Rendered]] = OrderedDict()

    def get(self, key: Key, version: int) -> Rendered | None:
        """Return the page if it is of this version."""
        known = self._pages.get(key)
        if known is None or known[0] != version:
            return None
        self._pages.move_to_end(key)
        return known[1]

    def put(self, key: Key, version: int, page: Rendered) -> None:
        """Keep a page that was read after the version was."""
        self._drop(key)
        self._pages[key] = (version, page)
        self._bytes += len(page[0])
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._pages)))

    def _drop(self, key: Key) -> None:
        dropped = self._pages.pop(key, None)
        if dropped is not None:
            self._bytes -= len(dropped[1][0])
