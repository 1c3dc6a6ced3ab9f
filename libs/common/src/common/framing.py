"""Content in frames, so that it need not be whole in memory.

A frame is a length (4 bytes, big-endian), 1 for the last one else 0, and so many bytes. What was cut off lacks its last
frame, and that is noticed.
"""

import struct
from collections.abc import AsyncIterator

from common.storage import ObjectUnreadable

HEAD = struct.Struct(">IB")
MOST_BYTES = 1 << 20
"""Content that a frame holds; what seals or compresses it may add to that."""

_MOST_ADDED = 1 << 10


async def start_of(chunks: AsyncIterator[bytes], length: int) -> bytes:
    """Return the first ``length`` bytes or more, all when there are fewer; ``chunks`` gives the rest."""
    start = b""
    async for chunk in chunks:
        start = start + chunk if start else chunk
        if len(start) >= length:
            break
    return start


async def cut(start: bytes, chunks: AsyncIterator[bytes], length: int) -> AsyncIterator[tuple[bytes, bool]]:
    """Yield content in pieces of ``length`` bytes with whether it is the last, which may be shorter or empty."""
    waiting = bytearray()
    async for chunk in _with(start, chunks):
        waiting += chunk
        at = 0
        while len(waiting) - at > length:
            yield bytes(memoryview(waiting)[at : at + length]), False
            at += length
        del waiting[:at]
    yield bytes(waiting), True


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    """Yield ``data`` in pieces of at most 1 MiB, nothing when it is empty."""
    for start in range(0, len(data), MOST_BYTES):
        yield data[start : start + MOST_BYTES]


def framed(content: bytes, *, last: bool) -> bytes:
    """Return ``content`` as a frame."""
    return HEAD.pack(len(content), last) + content


async def frames(start: bytes, chunks: AsyncIterator[bytes], place: str) -> AsyncIterator[tuple[bytes, bool]]:
    """Yield what the frames of an object hold with whether it is the last. Raises ``ObjectUnreadable``."""
    waiting, last = bytearray(), False
    async for chunk in _with(start, chunks):
        waiting += chunk
        at = 0
        while not last and (end := _end(waiting, at, place)):
            last = bool(waiting[at + HEAD.size - 1])
            yield bytes(memoryview(waiting)[at + HEAD.size : end]), last
            at = end
        del waiting[:at]
        if last and waiting:
            break
    if waiting or not last:
        raise ObjectUnreadable(f"The object {place} was cut off or has something after its end.")


def _end(waiting: bytearray, at: int, place: str) -> int | None:
    """Where the frame that begins at ``at`` ends; None while it is not all there."""
    if len(waiting) < at + HEAD.size:
        return None
    length, last = HEAD.unpack_from(waiting, at)
    if length > MOST_BYTES + _MOST_ADDED or last > 1:
        raise ObjectUnreadable(f"The object {place} is damaged.")
    end: int = at + HEAD.size + length
    return end if end <= len(waiting) else None


async def _with(start: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What was read already is looked at before more is read."""
    yield start
    async for chunk in chunks:
        yield chunk
