"""Compressing an answer while it passes."""

import asyncio
from typing import Final

from starlette.types import Message, Send

from gateway.table import Header
from gateway.transform.codings import Coding, Stream, is_compressible, stream
from gateway.transform.tags import with_suffix

SMALLEST_BYTES: Final = 1025
"""What fits into a packet anyway is sent as it is."""

# From here on a piece would hold up other requests: about a millisecond of gzip.
_IN_A_THREAD_BYTES = 32 << 10
_WITHOUT_BODY_OR_PARTIAL = frozenset({204, 206, 304})
VARY: Final[Header] = (b"vary", b"accept-encoding")


def may_compress(status: int, headers: list[Header]) -> bool:
    """Tell whether an answer is one that some client gets compressed."""
    if status in _WITHOUT_BODY_OR_PARTIAL:
        return False
    compressible = False
    for name, value in headers:
        if name == b"content-type":
            compressible = is_compressible(value)
        elif _forbids(name, value):
            return False
    return compressible


def _forbids(name: bytes, value: bytes) -> bool:
    if name == b"content-length":
        return int(value) < SMALLEST_BYTES
    if name == b"cache-control":
        return b"no-store" in value or b"no-transform" in value
    return name == b"content-encoding"


class Compressing:
    """A ``send`` that compresses what is worth it. One per answer; never for a HEAD.

    A body that comes whole gets its length told; one in pieces passes in pieces.
    """

    __slots__ = ("_coding", "_held", "_send", "_stream")

    def __init__(self, send: Send, coding: Coding) -> None:
        self._send = send
        self._coding = coding
        self._held: Message | None = None
        self._stream: Stream | None = None

    async def __call__(self, message: Message) -> None:
        """Take the next message of the answer."""
        if message["type"] == "http.response.start":
            await self._start(message)
        elif self._stream is None:
            await self._send(message)
        else:
            await self._body(message)

    async def _start(self, message: Message) -> None:
        headers = message["headers"]
        if not may_compress(message["status"], headers):
            await self._send(message)
            return
        self._stream = stream(self._coding)
        changed = {**message, "headers": self._changed(headers)}
        if any(name == b"content-length" for name, _ in headers):
            self._held = changed  # the body may come whole: then its new length can be told
        else:
            await self._send(changed)

    async def _body(self, message: Message) -> None:
        last = not message.get("more_body", False)
        packed = await self._packed(message.get("body", b""), last=last)
        if self._held is not None:
            held, self._held = self._held, None
            if last:
                held["headers"].append((b"content-length", b"%d" % len(packed)))
            await self._send(held)
        if packed or last:
            await self._send({"type": "http.response.body", "body": packed, "more_body": not last})

    async def _packed(self, body: bytes, *, last: bool) -> bytes:
        if len(body) < _IN_A_THREAD_BYTES:
            return self._pack(body, last)
        return await asyncio.to_thread(self._pack, body, last)

    def _pack(self, body: bytes, last: bool) -> bytes:
        assert self._stream is not None
        packed = self._stream.compress(body)
        return packed + self._stream.flush() if last else packed

    def _changed(self, headers: list[Header]) -> list[Header]:
        suffix = f"-{self._coding}".encode("ascii")
        changed = [
            (name, with_suffix(value, suffix) if name == b"etag" else value)
            for name, value in headers
            if name not in {b"content-length", b"accept-ranges"}
        ]
        changed.append((b"content-encoding", self._coding.encode("ascii")))
        return changed
