"""What a token may be used for.

A session may do whatever its person may (``all``). A personal access token may do what its scopes name:
``<area>:read`` and ``<area>:write``, where writing includes reading, and ``admin`` for what administrators do.
Each service belongs to one area.
"""

from collections.abc import Set as AbstractSet
from typing import Final, Literal

ALL: Final = "all"
ADMIN: Final = "admin"

Area = Literal["activities", "training", "analytics", "documents", "profile"]
AREAS: Final[tuple[Area, ...]] = ("activities", "training", "analytics", "documents", "profile")
PERSONAL_SCOPES: Final = (*(f"{area}:{way}" for area in AREAS for way in ("read", "write")), ADMIN)
"""All scopes that a personal access token may have."""

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def needed(area: Area, method: str, *, administers: bool) -> str:
    """Return the scope that a request takes."""
    if administers:
        return ADMIN
    return f"{area}:{'read' if method in READING else 'write'}"


def covers(scopes: AbstractSet[str], wanted: str) -> bool:
    """Tell whether a token with these scopes may be used for what takes ``wanted``."""
    writing = f"{wanted.removesuffix(':read')}:write" if wanted.endswith(":read") else wanted
    return not scopes.isdisjoint({ALL, wanted, writing})
