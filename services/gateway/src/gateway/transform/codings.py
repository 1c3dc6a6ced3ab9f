"""Content codings: what may be compressed, and which coding a client prefers (RFC 9110 12.5.3)."""

import zlib
from functools import lru_cache
from typing import Final, Literal, Protocol

import zstandard

Coding = Literal["zstd", "gzip"]

OURS: Final[tuple[Coding, ...]] = ("zstd", "gzip")
"""In the order of preference, where the client has none: zstd packs as gzip does in a third of its time or less."""

_GZIP_LEVEL = 5
_GZIP_WINDOW = 31  # 32 KiB, with gzip's own header
# Windows of 256 KiB: a stream must not cost megabytes.
_ZSTD = zstandard.ZstdCompressionParameters.from_level(3, window_log=18, write_content_size=False)
_COMPRESSIBLE = frozenset(
    {
        b"application/geo+json",
        b"application/gpx+xml",
        b"application/javascript",
        b"application/json",
        b"application/problem+json",
        b"application/xml",
        b"image/svg+xml",
        b"text/calendar",
        b"text/css",
        b"text/csv",
        b"text/html",
        b"text/javascript",
        b"text/markdown",
        b"text/plain",
        b"text/xml",
    }
)


class Stream(Protocol):
    """Compresses a body piece by piece."""

    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


@lru_cache(maxsize=256)
def is_compressible(content_type: bytes) -> bool:
    """Tell whether a body of this type is worth it; server-sent events are not, as they must not be held back."""
    return content_type.partition(b";")[0].strip().lower() in _COMPRESSIBLE


@lru_cache(maxsize=256)
def preferred(accept_encoding: bytes) -> Coding | None:
    """Return the coding for a client that sent this header; None to send the body as it is."""
    weights = _weights(accept_encoding)
    others = weights.get("*", 0.0)
    best: Coding | None = None
    highest = weights.get("identity", 0.0)
    for coding in OURS:
        weight = weights.get(coding, others)
        if weight > highest or (weight == highest > 0 and best is None):
            best, highest = coding, weight
    return best


def stream(coding: Coding) -> Stream:
    """Begin to compress one body."""
    if coding == "zstd":
        return zstandard.ZstdCompressor(compression_params=_ZSTD).compressobj()
    return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)


def _weights(header: bytes) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in header.decode("latin-1").lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name:
            found["gzip" if name == "x-gzip" else name] = _weight(parameters)
    return found


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                weight = float(parameter[2:])
            except ValueError:
                return 0.0
            return weight if 0 <= weight <= 1 else 0.0
    return 1.0
