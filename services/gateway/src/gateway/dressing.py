"""The headers of answers: what of the service's own passes, and what its route and the platform put on."""

from functools import lru_cache
from typing import Final

from gateway.inbound import Inbound
from gateway.table import NEVER, READING, Header, Route
from gateway.transform.codings import is_compressible
from gateway.transform.compress import VARY

SECURITY: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "content-security-policy": "frame-ancestors 'none'",
}
"""On every answer; a page or a route may have a policy of its own."""

_NOT_PASSED_ON = frozenset(
    {
        b"connection",
        b"content-security-policy",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-connection",
        b"referrer-policy",
        b"server",
        b"strict-transport-security",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"x-content-type-options",
        b"x-powered-by",
        b"x-request-id",
    }
)
_LOOKED_AT = frozenset({b"cache-control", b"content-type", b"etag"})
_KEPT_BY_CLIENTS = frozenset({200, 206, 304})
_NOT_MODIFIED = 304


class Dressing:
    """What one route says of its answers; worked out once. ``secure`` are the headers of all answers.

    ``lines`` are the ``static`` headers as the lines of a head.
    """

    __slots__ = ("_cache", "_dropped", "_static", "lines")

    def __init__(self, route: Route, secure: list[Header]) -> None:
        added = route.answer.lines()
        replaced = {name for name, _ in added}
        self._static: list[Header] = [header for header in secure if header[0] not in replaced] + added
        if route.deprecated:
            self._static += route.deprecated.lines()
        self.lines = b"".join(b"%b: %b\r\n" % header for header in self._static)
        self._dropped = _NOT_PASSED_ON | route.answer.names()
        self._cache: Header = (b"cache-control", _cache_control(route.cache))

    @property
    def static(self) -> list[Header]:
        """The headers that each answer of the route carries, also a refusal."""
        return self._static

    def dressed(self, inbound: Inbound, status: int, answered: list[Header]) -> list[Header]:
        """Return the headers for the client, without those of this one request."""
        return self.passed(inbound, status, answered) + self._static

    def passed(self, inbound: Inbound, status: int, answered: list[Header]) -> list[Header]:
        """Return the headers of this answer, without the ``static`` ones."""
        dropped = self._dropped
        headers: list[Header] = []
        told = compressible = False
        for header in answered:
            name = header[0]
            if name in dropped:
                continue
            if name in _LOOKED_AT:
                if name == b"cache-control":
                    told = True
                elif name == b"content-type":
                    compressible = is_compressible(header[1])
                elif status == _NOT_MODIFIED and inbound.conditions is not None:
                    headers.append((name, inbound.conditions.own_words(header[1])))
                    continue
            headers.append(header)
        if not told and status in _KEPT_BY_CLIENTS and inbound.method in READING:
            headers.append(self._cache)
        if compressible or status == _NOT_MODIFIED:
            headers.append(VARY)
        return headers


@lru_cache
def security(hsts_seconds: int) -> list[Header]:
    """Return the security headers; over TLS with ``hsts_seconds`` of Strict-Transport-Security, over HTTP with 0."""
    headers: list[Header] = [(name.encode("ascii"), value.encode("ascii")) for name, value in SECURITY.items()]
    if hsts_seconds:
        headers.append((b"strict-transport-security", b"max-age=%d" % hsts_seconds))
    return headers


def _cache_control(seconds: int) -> bytes:
    if seconds == NEVER:
        return b"no-store"
    return b"private, max-age=%d" % seconds if seconds else b"private, no-cache"
