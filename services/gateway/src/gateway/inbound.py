"""What the client sent: read once, cleaned, and written anew for the service behind.

Nothing that a service might take for the platform's own word gets through: identity and forwarding headers are
dropped, as are hop-by-hop headers and those that ``Connection`` names (RFC 9110 7.6.1).
"""

import os
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from starlette.types import Scope

from common.context import accept_request_id
from common.errors import BadRequest, UnsupportedMedia
from gateway.addresses import Network, client_behind, is_within, scheme_behind
from gateway.table import Headers
from gateway.transform.tags import Conditions

# Looked at here; only those in _COPIED_TOO are passed on as they are.
_READ = frozenset(
    {
        b"accept-encoding",
        b"host",
        b"authorization",
        b"connection",
        b"content-length",
        b"transfer-encoding",
        b"x-request-id",
        b"traceparent",
        b"tracestate",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"origin",
        b"idempotency-key",
        b"if-match",
        b"if-none-match",
        b"access-control-request-method",
        b"content-encoding",
    }
)
# Lists: several of these headers say the same as one with commas.
_CONDITIONS = (b"if-none-match", b"if-match")
_LISTS = frozenset({b"accept-encoding", b"connection", b"content-encoding", *_CONDITIONS})
_COPIED_TOO = frozenset({b"origin", b"idempotency-key", b"access-control-request-method", b"content-encoding"})
_AT_MOST_ONCE = frozenset({b"host", b"authorization", b"content-length", b"transfer-encoding", b"idempotency-key"})
_DROPPED = frozenset(
    {
        b"expect",
        b"forwarded",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"upgrade",
        b"x-real-ip",
    }
)
_DROPPED_PREFIXES = (b"x-user-", b"x-internal-", b"x-forwarded-", b"x-original-")
_PLAIN = b"identity"
_SEND_PLAIN = "Send the body without Content-Encoding. Files that are compressed, .gz and .zip, are sent as they are."
_IDS_AT_ONCE = 256
_ORDINARY_CONNECTION = frozenset({b"", b"close", b"keep-alive"})
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@lru_cache(maxsize=1024)
def _is_dropped(name: bytes) -> bool:
    return name in _DROPPED or name.startswith(_DROPPED_PREFIXES) or b"_" in name


class _Random:
    """Random hexadecimal digits, fetched for many requests at once: asking the kernel each time is felt.

    They name requests and guard nothing.
    """

    __slots__ = ("_at", "_digits")

    def __init__(self) -> None:
        self._digits = ""
        self._at = 0

    def take(self) -> str:
        """Return 48 digits."""
        if self._at >= len(self._digits):
            self._digits, self._at = os.urandom(24 * _IDS_AT_ONCE).hex(), 0
        self._at += 48
        return self._digits[self._at - 48 : self._at]


_RANDOM = _Random()


class UnknownTransferCoding(BadRequest):
    code = "request.transfer_coding"
    title = "The transfer coding is not supported"
    next_steps = "Send the body with Content-Length, or chunked and nothing else."


class Inbound:
    """One request. ``length`` is None for a body of unknown length; ``has_body`` is False when there is none."""

    __slots__ = (
        "_head",
        "address",
        "authorization",
        "chunked",
        "conditions",
        "copied",
        "has_body",
        "length",
        "method",
        "path",
        "query",
        "read",
        "repeated",
        "request_id",
        "scheme",
        "trace_id",
        "traced",
        "traceparent",
    )

    def __init__(self, scope: Scope) -> None:
        """Read what is needed to answer at all; ``admit`` reads the rest and may refuse."""
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.scheme: str = scope["scheme"]
        self.address: str = scope["client"][0] if scope["client"] else ""
        self.read: dict[bytes, bytes] = {}
        self.copied: list[bytes] = []
        self.conditions: Conditions | None = None
        self._head = b""
        self.repeated = self._read_headers(scope["headers"])
        read = self.read
        self._identify(read.get(b"x-request-id"), read.get(b"traceparent"))
        self.authorization = read.get(b"authorization")
        # Transfer-Encoding overrides Content-Length (RFC 9112 6.3), also one that came in a trailer.
        self.chunked = b"transfer-encoding" in read
        self.length: int | None = None if self.chunked else int(read.get(b"content-length", b"0"))
        self.has_body = self.length != 0

    def _identify(self, request_id: bytes | None, traceparent: bytes | None) -> None:
        """Keep the ids that came and are valid; a request that brings none has one id for both."""
        self.traced = traceparent is not None and _TRACEPARENT.fullmatch(traceparent) is not None
        if traceparent is not None and self.traced:
            self.traceparent = traceparent
            self.trace_id = traceparent[3:35].decode("ascii")
        else:
            random = _RANDOM.take()
            self.trace_id = random[:32]
            self.traceparent = f"00-{self.trace_id}-{random[32:]}-01".encode("ascii")
            if request_id is None:
                self.request_id = self.trace_id
                return
        self.request_id = accept_request_id(request_id.decode("latin-1") if request_id else None)

    def _read_headers(self, headers: Any) -> bytes:
        """Sort the headers; return the name of one that came twice and must not."""
        read, copied, repeated = self.read, self.copied, b""
        for name, value in headers:
            if name in _READ:
                if name in read:
                    if name in _AT_MOST_ONCE:
                        repeated = name
                    elif name in _LISTS:
                        value = b"%b, %b" % (read[name], value)  # noqa: PLW2901 - the same header, longer
                read[name] = value
                if name not in _COPIED_TOO:
                    continue
            elif _is_dropped(name):
                continue
            copied.append(b"%b: %b\r\n" % (name, value))
        return repeated

    def admit(self) -> None:
        """Refuse what cannot be forwarded with one meaning (``BadRequest``) or read behind (``UnsupportedMedia``)."""
        read = self.read
        if self.repeated:
            raise BadRequest(f"The header {self.repeated.decode('latin-1')} came more than once.")
        if self.chunked and read[b"transfer-encoding"].strip().lower() != b"chunked":
            raise UnknownTransferCoding
        if self.has_body and read.get(b"content-encoding", _PLAIN).strip().lower() != _PLAIN:
            raise UnsupportedMedia("The body has a Content-Encoding, which is not undone here.", next_steps=_SEND_PLAIN)
        if b"connection" in read:
            self._drop_named_by_connection(read[b"connection"])

    def _drop_named_by_connection(self, connection: bytes) -> None:
        named = {token.strip() for token in connection.lower().split(b",")} - _ORDINARY_CONNECTION
        if named:
            self.copied = [line for line in self.copied if line.partition(b":")[0] not in named]

    def believe(self, trusted: Sequence[Network]) -> None:
        """Take the client's address and scheme from what a trusted proxy says, where it was one that called."""
        peer = self.address
        if not is_within(peer, trusted):
            return
        forwarded = self.read.get(b"x-forwarded-for", b"").decode("latin-1")
        self.address = client_behind(peer, forwarded, trusted)
        self.scheme = scheme_behind(peer, self.scheme, self.read.get(b"x-forwarded-proto"), trusted)

    def drop(self, names: frozenset[bytes]) -> None:
        """Forget headers that must not reach the service."""
        self.copied = [line for line in self.copied if line.partition(b":")[0] not in names]
        for name in names:
            self.read.pop(name, None)
        if b"authorization" in names:
            self.authorization = None

    def put_on(self, headers: Headers) -> None:
        """Change the request's headers as its route says."""
        self.drop(headers.names())
        self.copied += [b"%b: %b\r\n" % line for line in headers.lines()]

    def understand_conditions(self, choice: bytes) -> None:
        """Put what is asked by entity tag in the words of the service; ``choice`` is the suffix of chosen fields."""
        read = self.read
        for name in _CONDITIONS:
            if name in read:
                self.conditions = self.conditions or Conditions(choice)
                read[name] = self.conditions.understood(read[name])
                self.copied.append(b"%b: %b\r\n" % (name, read[name]))

    @property
    def is_conditional(self) -> bool:
        """Whether the client asks by entity tag."""
        return b"if-none-match" in self.read or b"if-match" in self.read

    def header(self, name: bytes) -> bytes | None:
        """Return a header that is read here; None when it did not come."""
        return self.read.get(name)

    def head(self, path: str, host: bytes, framing: bytes) -> bytes:
        """Write the request's head for the service; ``framing`` is the line that says how long the body is."""
        if not self._head:
            read = self.read
            target = path.encode("latin-1") + (b"?" + self.query if self.query else b"")
            authorization = b"authorization: %b\r\n" % self.authorization if self.authorization else b""
            state = b"tracestate: %b\r\n" % read[b"tracestate"] if self.traced and b"tracestate" in read else b""
            ids = f"x-request-id: {self.request_id}\r\ntraceparent: ".encode("ascii")
            whom = f"\r\nx-forwarded-for: {self.address}\r\nx-forwarded-proto: {self.scheme}\r\n".encode("ascii")
            self._head = b"".join(
                (
                    f"{self.method} ".encode("ascii"),
                    target,
                    b" HTTP/1.1\r\nhost: ",
                    read.get(b"host") or host,
                    b"\r\n",
                    *self.copied,
                    authorization,
                    state,
                    ids,
                    self.traceparent,
                    whom,
                )
            )
        return b"%b%b\r\n" % (self._head, framing)
