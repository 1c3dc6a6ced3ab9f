"""Answers that were rendered before, good for as long as the version they were rendered for is the present one."""

from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID

MOST_BYTES = 16 << 20
_ENTRY_BYTES = 400
"""What an entry costs besides its address and body."""

Place = tuple[UUID, str]


@dataclass
class Rendered:
    """Bodies by athlete and address; past ``most_bytes`` of both those go that were not asked for the longest."""

    most_bytes: int = MOST_BYTES
    size: int = 0
    _known: OrderedDict[Place, tuple[int, bytes]] = field(default_factory=OrderedDict)

    def find(self, place: Place, version: int) -> bytes | None:
        """Return the body that was kept for this version."""
        kept, body = self._known.get(place, (None, b""))
        if kept != version:
            return None
        self._known.move_to_end(place)
        return body

    def keep(self, place: Place, version: int, body: bytes) -> None:
        """Keep a body whose content was read after the version was: it may be newer, never older."""
        if place in self._known:
            self.size -= _cost(place, self._known.pop(place)[1])
        self._known[place] = (version, body)
        self.size += _cost(place, body)
        while self.size > self.most_bytes:
            oldest, (_, dropped) = self._known.popitem(last=False)
            self.size -= _cost(oldest, dropped)


def _cost(place: Place, body: bytes) -> int:
    return len(place[1]) + len(body) + _ENTRY_BYTES
