"""Which web pages of other origins may call the API (the Fetch standard's CORS protocol)."""

from collections.abc import Iterable

from gateway.inbound import Inbound
from gateway.table import Header

_ANYWAY: list[Header] = [(b"vary", b"Origin")]
_PREFLIGHT: list[Header] = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Client, X-Request-ID",
    ),
    (b"access-control-max-age", b"600"),
]
_EXPOSED: Header = (
    b"access-control-expose-headers",
    (
        b"Content-Disposition, Deprecation, ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, Sunset, "
        b"X-Request-ID"
    ),
)


class Cors:
    """Only the named origins may; without any, no header is added at all."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origin.rstrip("/").encode("ascii") for origin in origins)

    @property
    def is_on(self) -> bool:
        return bool(self._origins)

    def headers(self, inbound: Inbound) -> list[Header]:
        """Return the headers that let the calling page read the answer."""
        if not self._origins:
            return []
        origin = inbound.header(b"origin")
        if origin not in self._origins or origin is None:
            return _ANYWAY
        return [*_ANYWAY, (b"access-control-allow-origin", origin), _EXPOSED]

    def preflight(self, inbound: Inbound) -> list[Header] | None:
        """Return the headers that answer a preflight request; None when this is none."""
        if inbound.method != "OPTIONS":
            return None
        if inbound.header(b"access-control-request-method") is None or inbound.header(b"origin") is None:
            return None
        allowed = inbound.header(b"origin") in self._origins
        return [*self.headers(inbound), *(_PREFLIGHT if allowed else [])]
