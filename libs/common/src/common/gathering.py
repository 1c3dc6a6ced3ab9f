"""Answers that leave in one packet.

uvicorn writes head and body one after the other, and each write is a system call that wakes the client. Sending them
together saves the second one.
"""

import asyncio
from typing import Any

_AT_ONCE_BYTES = 64 << 10


class Gathering:
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

    def write_now(self, data: bytes) -> None:
        """Send what is whole, after what is held."""
        if self._parts:
            self.write(data)
            self._flush()
        else:
            self._transport.write(data)

    def write_eof(self) -> None:
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            parts, self._parts, self._held = self._parts, [], 0
            self._transport.write(b"".join(parts))

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
