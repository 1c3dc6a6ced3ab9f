"""Original files as they are stored: compressed frame by frame, then sealed where that is asked for.

A packed object is a mark, then frames (``common.framing``), each 256 KiB of content (the last one less) compressed with
Zstandard, with its length and a checksum. Only what is empty or begins as gzip or ZIP is stored as it is. Whatever else
has no mark was stored before there was any packing, and is given out as it is.
"""

import asyncio
from collections.abc import AsyncIterator
from operator import ne

import zstandard

from common.framing import cut, framed, frames, pieces, start_of
from common.sealing import MARK as SEALED
from common.sealing import SealingStore
from common.storage import ObjectUnreadable
from strava.files.sniff import container

MARK = b"\x89packed\n"
_LEVEL = 3
_PIECE = 256 << 10
"""Bytes that are compressed at a time: a millisecond, in which nothing else happens in the process."""


class PackingStore(SealingStore):
    """Compresses what it stores, and gives out plain bytes whichever way they were stored; sizes are as stored."""

    async def put(self, key: str, data: bytes | AsyncIterator[bytes], *, if_absent: bool = True) -> bool:
        if isinstance(data, bytes):  # in one piece, for storage that asks and writes at once
            packed = b"".join([each async for each in pack(pieces(data))])
            return await super().put(key, packed, if_absent=if_absent)
        return await super().put(key, pack(data), if_absent=if_absent)

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        return unpack(await super().stream(key), key)

    async def _is_as_today(self, key: str) -> bool:
        start = await start_of(await super().stream(key), len(MARK))
        return (start.startswith(MARK) or _stays(start)) and await super()._is_as_today(key)


async def pack(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the packed object of what ``chunks`` hold, or what is compressed already as it is."""
    start = await start_of(chunks, len(MARK))
    if _stays(start):
        yield start
        async for chunk in chunks:
            yield chunk
        return
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    ready = bytearray(MARK)
    async for piece, last in cut(start, chunks, _PIECE):
        ready += framed(compressor.compress(piece), last=last)
        if last or len(ready) >= _PIECE:
            yield bytes(ready)
            ready.clear()
        await _let_others(last=last)


async def unpack(chunks: AsyncIterator[bytes], place: str) -> AsyncIterator[bytes]:
    """Yield the content of what is stored at ``place``, checked before it is given out. Raises ``ObjectUnreadable``."""
    start = await start_of(chunks, len(MARK))
    if not start.startswith(MARK):
        if _was_marked(start):
            raise ObjectUnreadable(f"The object {place} is damaged.")
        yield start
        async for chunk in chunks:
            yield chunk
        return
    decompressor = zstandard.ZstdDecompressor()
    async for frame, last in frames(start[len(MARK) :], chunks, place):
        yield _opened(frame, decompressor, place)
        await _let_others(last=last)


def _stays(start: bytes) -> bool:
    """Whether what begins so is stored as it is."""
    return not start or container(start) is not None


def _opened(frame: bytes, decompressor: zstandard.ZstdDecompressor, place: str) -> bytes:
    """The content of a frame, never more than was put into one."""
    try:
        if not 0 < zstandard.frame_content_size(frame) <= _PIECE:
            raise ObjectUnreadable(f"The object {place} is damaged.")
        return decompressor.decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ObjectUnreadable(f"The object {place} is damaged.") from error


def _was_marked(start: bytes) -> bool:
    """Whether an object begins with most of a mark: it was changed, or cut off within."""
    head = start[: len(MARK)]
    return bool(head) and any(sum(map(ne, head, mark)) <= len(head) // 4 for mark in (MARK, SEALED))


async def _let_others(*, last: bool) -> None:
    if not last:
        await asyncio.sleep(0)
