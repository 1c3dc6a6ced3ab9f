"""Identifiers: UUID version 7 (RFC 9562), ordered by creation time."""

import secrets
import threading
import time
from uuid import UUID

_LOCK = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """Return a new UUIDv7, strictly increasing within the process.

    48 bits of Unix milliseconds, then 12 bits that count within the millisecond (RFC 9562, 6.2 method 3:
    the fraction of the millisecond), then 62 random bits.
    """
    global _last  # noqa: PLW0603 - the order within a process is the point
    with _LOCK:
        now = time.time_ns()
        stamp = (now // 1_000_000) << 12 | (now % 1_000_000) * 4096 // 1_000_000
        _last = stamp = max(stamp, _last + 1)
    milliseconds, fraction = stamp >> 12, stamp & 0xFFF
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)
