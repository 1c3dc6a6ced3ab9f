"""Objects encrypted where they are stored, frame by frame, so that none has to be whole in memory.

A sealed object is a mark, then frames: length (4 bytes, big-endian), 1 for the last one else 0, and a value of
``KeyRing`` of at most 1 MiB, sealed for the object's key and the frame's number. So a frame that was changed, moved,
left out or cut off is noticed. What is stored without the mark is plain: it was there before sealing was asked for.
"""

import struct
from collections.abc import AsyncIterator
from typing import Self

from common.crypto import DecryptionFailed, KeyRing
from common.errors import Unavailable
from common.storage import ObjectStore

MARK = b"\x89sealed\n"
_FRAME_BYTES = 1 << 20
_HEAD = struct.Struct(">IB")
_LONGEST_START = 100
"""Bytes in which the mark, a frame's head and a key's id end."""


class ObjectUnreadable(Unavailable):
    """The object is sealed with a key that is not in the ring, or was damaged."""

    code = "storage.object_unreadable"
    retryable = False
    title = "The file cannot be decrypted"
    next_steps = "Ask the operator: the key that it was encrypted with belongs into ENCRYPTION_KEYS."


class SealingStore(ObjectStore):
    """Seals what it stores when ``sealing``, and gives out plain bytes whichever way they were stored."""

    keys: KeyRing
    sealing: bool

    @classmethod
    def with_keys(cls, url: str, keys: KeyRing, *, sealing: bool) -> Self:
        """Open an address as ``from_url`` does."""
        store = cls.from_url(url)
        store.keys, store.sealing = keys, sealing
        return store

    async def put(self, key: str, data: bytes | AsyncIterator[bytes], *, if_absent: bool = True) -> bool:
        if not self.sealing:
            return await super().put(key, data, if_absent=if_absent)
        sealed = seal(_pieces(data) if isinstance(data, bytes) else data, self.keys, key)
        if isinstance(data, bytes):  # in one piece, for storage that asks and writes at once
            return await super().put(key, b"".join([each async for each in sealed]), if_absent=if_absent)
        return await super().put(key, sealed, if_absent=if_absent)

    async def get(self, key: str) -> bytes:
        return b"".join([chunk async for chunk in await self.stream(key)])

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        return unseal(await super().stream(key), self.keys, key)

    async def renew(self, key: str) -> bool:
        """Store an object anew as it would be today: sealed with the first key, or plain; False when it is so already.

        Raises ``ObjectMissing`` and ``ObjectUnreadable``.
        """
        if await self._is_as_today(key):
            return False
        await self.put(key, await self.get(key), if_absent=False)
        return True

    async def _is_as_today(self, key: str) -> bool:
        start = bytearray()
        async for chunk in await super().stream(key):
            start += chunk
            if len(start) > _LONGEST_START:
                break
        sealed = start.startswith(MARK)
        if sealed and self.sealing:
            return not self.keys.needs_rotation(bytes(start[len(MARK) + _HEAD.size :]))
        return sealed == self.sealing


async def seal(chunks: AsyncIterator[bytes], keys: KeyRing, place: str) -> AsyncIterator[bytes]:
    """Yield the sealed object of what ``chunks`` hold, to be stored at ``place``."""
    yield MARK
    waiting, number = bytearray(), 0
    async for chunk in chunks:
        waiting += chunk
        while len(waiting) > _FRAME_BYTES:
            yield _frame(bytes(waiting[:_FRAME_BYTES]), keys, place, number, last=False)
            del waiting[:_FRAME_BYTES]
            number += 1
    yield _frame(bytes(waiting), keys, place, number, last=True)


async def unseal(chunks: AsyncIterator[bytes], keys: KeyRing, place: str) -> AsyncIterator[bytes]:
    """Yield what was sealed for ``place``, or plain chunks as they are. Raises ``ObjectUnreadable``."""
    start = b""
    async for chunk in chunks:
        start = start + chunk if start else chunk
        if len(start) >= len(MARK):
            break
    if not start.startswith(MARK):
        yield start
        async for chunk in chunks:
            yield chunk
        return
    async for opened in _opened(chunks, bytearray(start[len(MARK) :]), keys, place):
        yield opened


async def _opened(chunks: AsyncIterator[bytes], waiting: bytearray, keys: KeyRing, place: str) -> AsyncIterator[bytes]:
    number, last = 0, False
    async for chunk in _first_nothing(chunks):
        waiting += chunk
        while not last and (found := _first_frame(waiting)):
            sealed, last = found
            yield _open(sealed, keys, _place(place, number, last=last))
            number += 1
    if waiting or not last:
        raise ObjectUnreadable(f"The object {place} was cut off or has something after its end.")


def _first_frame(waiting: bytearray) -> tuple[bytes, bool] | None:
    """Take the first frame off; None while it is not all there."""
    if len(waiting) < _HEAD.size:
        return None
    length, last = _HEAD.unpack_from(waiting)
    end = _HEAD.size + length
    if len(waiting) < end:
        return None
    sealed = bytes(waiting[_HEAD.size : end])
    del waiting[:end]
    return sealed, bool(last)


def _frame(plain: bytes, keys: KeyRing, place: str, number: int, *, last: bool) -> bytes:
    sealed = keys.encrypt(plain, associated=_place(place, number, last=last))
    return _HEAD.pack(len(sealed), last) + sealed


def _open(sealed: bytes, keys: KeyRing, associated: str) -> bytes:
    try:
        return keys.decrypt(sealed, associated=associated)
    except DecryptionFailed as error:
        raise ObjectUnreadable(f"A stored object cannot be decrypted: {error}.") from error


def _place(key: str, number: int, *, last: bool) -> str:
    return f"{key}#{number}{'.' if last else ''}"


async def _first_nothing(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What was read already is looked at before more is read."""
    yield b""
    async for chunk in chunks:
        yield chunk


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), _FRAME_BYTES):
        yield data[start : start + _FRAME_BYTES]
