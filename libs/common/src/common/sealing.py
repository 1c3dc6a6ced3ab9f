"""Objects encrypted where they are stored, frame by frame, so that none has to be whole in memory.

A sealed object is a mark, then frames (``common.framing``), each a value of ``KeyRing`` of at most 1 MiB, sealed for
the object's key and the frame's number. So a frame that was changed, moved, left out or cut off is noticed. What is
stored without the mark is plain: sealing was not asked for. Such content must not begin with the mark itself.
"""

from collections.abc import AsyncIterator
from typing import Self

from common.crypto import DecryptionFailed, KeyRing
from common.framing import HEAD, MOST_BYTES, cut, framed, frames, pieces, start_of
from common.storage import ObjectStore, ObjectUnreadable

MARK = b"\x89sealed\n"
_LONGEST_START = 100
"""Bytes in which the mark, a frame's head and a key's id end."""


class SealingStore(ObjectStore):
    """Seals what it stores when ``sealing``, and gives out plain bytes whichever way they were stored.

    Without ``keys`` nothing is sealed, and what is sealed is ``ObjectUnreadable``.
    """

    keys: KeyRing | None
    sealing: bool

    @classmethod
    def with_keys(cls, url: str, keys: KeyRing | None, *, sealing: bool) -> Self:
        """Open an address as ``from_url`` does. Raises ``ValueError`` for ``sealing`` without keys."""
        if sealing and keys is None:
            raise ValueError("nothing can be sealed without keys")
        store = cls.from_url(url)
        store.keys, store.sealing = keys, sealing
        return store

    async def put(self, key: str, data: bytes | AsyncIterator[bytes], *, if_absent: bool = True) -> bool:
        if self.keys is None or not self.sealing:
            return await super().put(key, data, if_absent=if_absent)
        sealed = seal(pieces(data) if isinstance(data, bytes) else data, self.keys, key)
        if isinstance(data, bytes):  # in one piece, for storage that asks and writes at once
            return await super().put(key, b"".join([each async for each in sealed]), if_absent=if_absent)
        return await super().put(key, sealed, if_absent=if_absent)

    async def get(self, key: str) -> bytes:
        return b"".join([chunk async for chunk in await self.stream(key)])

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        return unseal(await super().stream(key), self.keys, key)

    async def renew(self, key: str) -> bool:
        """Store an object anew as ``put`` would today, and leave alone what is so already: that is False.

        Raises ``ObjectMissing`` and ``ObjectUnreadable``.
        """
        if await self._is_as_today(key):
            return False
        await self.put(key, await self.stream(key), if_absent=False)
        return True

    async def _is_as_today(self, key: str) -> bool:
        """Whether it is sealed with the first key, or plain, as is asked for."""
        start = await start_of(await super().stream(key), _LONGEST_START)
        sealed = start.startswith(MARK)
        if sealed and self.sealing and self.keys is not None:
            return not self.keys.needs_rotation(start[len(MARK) + HEAD.size :])
        return sealed == self.sealing


async def seal(chunks: AsyncIterator[bytes], keys: KeyRing, place: str) -> AsyncIterator[bytes]:
    """Yield the sealed object of what ``chunks`` hold, to be stored at ``place``."""
    yield MARK
    number = 0
    async for piece, last in cut(b"", chunks, MOST_BYTES):
        yield framed(keys.encrypt(piece, associated=_place(place, number, last=last)), last=last)
        number += 1


async def unseal(chunks: AsyncIterator[bytes], keys: KeyRing | None, place: str) -> AsyncIterator[bytes]:
    """Yield what was sealed for ``place``, or plain chunks as they are. Raises ``ObjectUnreadable``."""
    start = await start_of(chunks, len(MARK))
    if not start.startswith(MARK):
        yield start
        async for chunk in chunks:
            yield chunk
        return
    if keys is None:
        raise ObjectUnreadable(f"The object {place} is sealed, and there are no keys.")
    number = 0
    async for sealed, last in frames(start[len(MARK) :], chunks, place):
        yield _open(sealed, keys, _place(place, number, last=last))
        number += 1


def _open(sealed: bytes, keys: KeyRing, associated: str) -> bytes:
    try:
        return keys.decrypt(sealed, associated=associated)
    except DecryptionFailed as error:
        raise ObjectUnreadable(f"A stored object cannot be decrypted: {error}.") from error


def _place(key: str, number: int, *, last: bool) -> str:
    return f"{key}#{number}{'.' if last else ''}"
