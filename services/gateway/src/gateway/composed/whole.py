"""An answer taken whole from an application, and given to whoever asks for it."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Scope, Send

from common.etag import etag_for, not_modified
from gateway.composed.shared import OK, Answer

_NOT_MODIFIED = 304


async def whole_answer(app: ASGIApp, scope: Scope) -> Answer:
    """Have a request without a body answered; what is well gets the entity tag of its bytes."""
    start: Message = {}
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    body, headers = b"".join(parts), list(start["headers"])
    if start["status"] == OK:
        headers.append((b"etag", etag_for(body).encode("ascii")))
    return Answer(start["status"], headers, body)


async def send_whole(answer: Answer, known: bytes | None, send: Send) -> None:
    """Send it; without its body to a client that has it already, ``known`` being its ``If-None-Match``."""
    status, headers, body = answer.status, list(answer.headers), answer.body
    tag = next((value for name, value in headers if name == b"etag"), None)
    if known is not None and tag is not None:
        asked = Request({"type": "http", "headers": [(b"if-none-match", known)]})
        if not_modified(asked, tag.decode("ascii")):
            status, headers, body = _NOT_MODIFIED, [(b"etag", tag)], b""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
