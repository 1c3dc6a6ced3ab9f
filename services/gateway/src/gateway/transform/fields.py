"""``?fields=a,b``: only these members of a resource, or of each item of a list."""

import asyncio
import re
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import orjson
from starlette.types import Message, Send

from common.errors import InvalidInput
from gateway.table import Header
from gateway.transform.tags import suffix_of, with_suffix

PARAMETER: Final = b"fields="
MOST_BYTES: Final = 2 << 20
"""An answer larger than this passes whole: it must not sit in memory."""

_MOST_NAMES = 100
_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]{0,63}")
_IN_A_THREAD_BYTES = 64 << 10
_JSON = (b"application/json", b"application/geo+json")
_OK = 200


class FieldsInvalid(InvalidInput):
    code = "request.fields_invalid"
    title = "The choice of fields is not accepted"
    next_steps = "Send up to 100 names of members with commas between them: ?fields=id,name,distance."


class Choice:
    """Which members a client wants. ``rest`` is the query without the choice; ``suffix`` tells its tags apart."""

    __slots__ = ("names", "rest", "suffix")

    def __init__(self, names: frozenset[str], rest: bytes) -> None:
        self.names = names
        self.rest = rest
        self.suffix = suffix_of(names)


def choice_in(query: bytes) -> Choice | None:
    """Read the query; None when it chooses nothing. Raises ``FieldsInvalid``."""
    chosen: set[bytes] = set()
    rest = []
    for part in query.split(b"&"):
        if part.startswith(PARAMETER):
            chosen.update(unquote_to_bytes(part.removeprefix(PARAMETER).replace(b"+", b" ")).split(b","))
        else:
            rest.append(part)
    names = {name.strip() for name in chosen} - {b""}
    if not names:
        return None
    if len(names) > _MOST_NAMES or not all(_NAME.fullmatch(name) for name in names):
        raise FieldsInvalid
    return Choice(frozenset(name.decode("ascii") for name in names), b"&".join(rest))


def picked(document: Any, names: frozenset[str]) -> Any:
    """Return what the names leave of a resource; of a list each item, and its envelope whole.

    Names that are not there are passed over: what is there depends on the resource's version.
    """
    if isinstance(document, list):
        return [_of_one(item, names) for item in document]
    if isinstance(document, dict) and isinstance(document.get("items"), list):
        return document | {"items": [_of_one(item, names) for item in document["items"]]}
    return _of_one(document, names)


def _of_one(item: Any, names: frozenset[str]) -> Any:
    return {name: value for name, value in item.items() if name in names} if isinstance(item, dict) else item


class Picking:
    """A ``send`` that leaves out what was not chosen. One per answer; what is no JSON of a success passes untouched."""

    __slots__ = ("_choice", "_parts", "_send", "_size", "_start")

    def __init__(self, send: Send, choice: Choice) -> None:
        self._send = send
        self._choice = choice
        self._start: Message | None = None
        self._parts: list[bytes] = []
        self._size = 0

    async def __call__(self, message: Message) -> None:
        """Take the next message of the answer."""
        if message["type"] == "http.response.start" and _is_for_picking(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            await self._body(message)

    async def _body(self, message: Message) -> None:
        start = self._start
        assert start is not None
        self._parts.append(message.get("body", b""))
        self._size += len(self._parts[-1])
        more = message.get("more_body", False)
        if more and self._size <= MOST_BYTES:
            return
        self._start = None
        body = b"".join(self._parts)
        self._parts = []
        if self._size <= MOST_BYTES and (less := await self._less(body)) is not None:
            start, body = self._told(start, len(less)), less
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _less(self, body: bytes) -> bytes | None:
        if len(body) < _IN_A_THREAD_BYTES:
            return self._reduce(body)
        return await asyncio.to_thread(self._reduce, body)

    def _reduce(self, body: bytes) -> bytes | None:
        try:
            return orjson.dumps(picked(orjson.loads(body), self._choice.names))
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            return None

    def _told(self, start: Message, length: int) -> Message:
        headers = _headers_of_picked(start["headers"], self._choice)
        headers.append((b"content-length", b"%d" % length))
        return {**start, "headers": headers}


def picking_head(send: Send, choice: Choice) -> Send:
    """Return a ``send`` for the answer to a HEAD: its tag is that of the choice, its length cannot be known."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.start" and _is_for_picking(message):
            message = {**message, "headers": _headers_of_picked(message["headers"], choice)}
        await send(message)

    return send_head


def _headers_of_picked(headers: list[Header], choice: Choice) -> list[Header]:
    return [
        (name, with_suffix(value, choice.suffix) if name == b"etag" else value)
        for name, value in headers
        if name != b"content-length"
    ]


def _is_for_picking(start: Message) -> bool:
    if start["status"] != _OK:
        return False
    found = dict(start["headers"])
    if int(found.get(b"content-length", 0)) > MOST_BYTES or b"content-encoding" in found:
        return False
    content_type: bytes = found.get(b"content-type", b"")
    return content_type.partition(b";")[0].strip().lower() in _JSON
