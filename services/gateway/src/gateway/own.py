"""What surrounds the gateway's own pages: security headers, compression, entity tags."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.addresses import scheme_behind
from gateway.dressing import security
from gateway.settings import GatewaySettings
from gateway.table import Header
from gateway.transform.codings import preferred
from gateway.transform.compress import VARY, Compressing, may_compress
from gateway.transform.tags import Conditions

_NOT_MODIFIED = 304
_POLICY = "content-security-policy"


class OwnPages:
    """Plain ASGI around the pages."""

    def __init__(self, pages: ASGIApp, settings: GatewaySettings) -> None:
        self._pages = pages
        self._trusted = settings.trusted_proxies
        self._hsts_seconds = settings.hsts_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict[bytes, bytes](scope["headers"])
        conditions = Conditions()
        scope = {**scope, "headers": [_understood(header, conditions) for header in scope["headers"]]}
        coding = preferred(headers.get(b"accept-encoding", b""))
        if coding and scope["method"] != "HEAD":
            send = Compressing(send, coding)
        await self._pages(scope, receive, self._dressed(send, conditions, self._security(scope, headers)))

    def _security(self, scope: Scope, headers: dict[bytes, bytes]) -> list[Header]:
        peer = scope["client"][0] if scope["client"] else ""
        scheme = scheme_behind(peer, scope["scheme"], headers.get(b"x-forwarded-proto"), self._trusted)
        return security(self._hsts_seconds if scheme == "https" else 0)

    def _dressed(self, send: Send, conditions: Conditions, secure: list[Header]) -> Send:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                _dress(message, conditions, secure)
            await send(message)

        return dressed


def _understood(header: Header, conditions: Conditions) -> Header:
    name, value = header
    return (name, conditions.understood(value)) if name == b"if-none-match" else header


def _dress(message: Message, conditions: Conditions, secure: list[Header]) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in secure:
        if name.decode("ascii") != _POLICY or _POLICY not in headers:  # a page may have a stricter one
            headers[name.decode("ascii")] = value.decode("ascii")
    if message["status"] == _NOT_MODIFIED and "etag" in headers:
        headers["etag"] = conditions.own_words(headers["etag"].encode("latin-1")).decode("latin-1")
    if message["status"] == _NOT_MODIFIED or may_compress(message["status"], headers.raw):
        headers.append(VARY[0].decode("ascii"), VARY[1].decode("ascii"))
