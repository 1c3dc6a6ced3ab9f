"""An answer's head and body leave in one packet.

uvicorn writes them one after the other, and each write is a system call that wakes the client. Sending them together
saves the second one.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_AT_ONCE_BYTES = 64 << 10


class _Gathering:
    """A transport that holds what is written until the event loop comes round, or until it is much."""

    __slots__ = ("_held", "_loop", "_parts", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._held = 0

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._held += len(data)
        if self._held >= _AT_ONCE_BYTES:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            parts, self._parts, self._held = self._parts, [], 0
            self._transport.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class GatheringProtocol(HttpToolsProtocol):
    """Give as ``http`` to uvicorn."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as its base has it
        super().connection_made(cast("asyncio.Transport", _Gathering(transport, self.loop)))
