"""A zip archive written as it is sent: nothing but the chunk at hand is in memory."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime

_COMPRESSED_ALREADY = (".gz", ".zip", ".pdf", ".fit", ".webp", ".png")


class _Sink(io.RawIOBase):
    """What ``zipfile`` writes to: cannot seek, gives back what has come."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload] # any buffer
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


async def zipped(members: AsyncIterable[tuple[str, AsyncIterator[bytes]]]) -> AsyncIterator[bytes]:
    """Give the chunks of an archive of ``members`` (name, chunks), in their order. Names are unique, with slashes."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        async for name, chunks in members:
            info = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
            info.external_attr = 0o600 << 16
            plain = name.lower().endswith(_COMPRESSED_ALREADY)
            info.compress_type = zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                async for chunk in chunks:
                    await asyncio.to_thread(member.write, chunk)
                    if written := sink.take():
                        yield written
            yield sink.take()
    yield sink.take()
