import asyncio
import gzip
import json

import httpx2
import pytest
import zstandard
from gateway_doubles import Builder, Platform, Seen, read_body, seen_in
from starlette.types import Receive, Scope, Send

from gateway.transform.codings import preferred

LONG = json.dumps({"items": [{"id": number, "name": f"run {number}"} for number in range(300)]}).encode()
ADDRESS = "/api/v1/activities/1"


class Answering:
    """Answers with what it is told."""

    def __init__(self, body: bytes = LONG, content_type: str = "application/json", **headers: str) -> None:
        self.body, self.status = body, 200
        self.headers = {"content-type": content_type, **headers}
        self.pieces = 1
        self.seen: list[Seen] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(seen_in(scope, await read_body(receive)))
        headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in self.headers.items()]
        if self.pieces == 1:
            headers.append((b"content-length", str(len(self.body)).encode()))
        if self.headers.get("etag", "never") in (self.seen[-1].header("if-none-match") or ""):
            etag = self.headers["etag"].encode()
            await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", etag)]})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        size = -(-len(self.body) // self.pieces)
        for start in range(0, len(self.body), size):
            piece = self.body[start : start + size]
            more = start + size < len(self.body)
            await send({"type": "http.response.body", "body": piece, "more_body": more})


async def fetch(platform: Platform, accept: str, path: str = ADDRESS, **headers: str) -> tuple[httpx2.Response, bytes]:
    """Return the answer and its body as it came over the wire."""
    sent = platform.bearer | {"Accept-Encoding": accept} | {k.replace("_", "-"): v for k, v in headers.items()}
    async with platform.client.stream("GET", path, headers=sent) as answer:
        return answer, b"".join([piece async for piece in answer.aiter_raw()])


def unpacked(answer: httpx2.Response, body: bytes) -> bytes:
    coding = answer.headers.get("content-encoding")
    if coding == "gzip":
        return gzip.decompress(body)
    if coding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(body)
    assert coding is None
    return body


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip;q=0.9", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.2, identity;q=0.8", None),
        ("*", "zstd"),
        ("*;q=0.1, zstd;q=0", "gzip"),
        ("br", None),
        ("", None),
        ("identity", None),
        ("gzip;q=nonsense", None),
        ("GZIP ; Q=0.3", "gzip"),
        (";;,,", None),
    ],
)
def test_the_coding_a_client_prefers(header: str, coding: str | None) -> None:
    assert preferred(header.encode()) == coding


@pytest.mark.parametrize("accept", ["gzip", "zstd", "identity"])
@pytest.mark.parametrize("pieces", [1, 7])
async def test_an_answer_comes_as_the_client_prefers_it(builder: Builder, accept: str, pieces: int) -> None:
    service = Answering(etag='"7"')
    service.pieces = pieces
    platform = await builder.gateway(strava=service)
    answer, body = await fetch(platform, accept)
    assert unpacked(answer, body) == LONG
    assert answer.headers["vary"] == "accept-encoding"
    if accept == "identity":
        assert (answer.headers["etag"], len(body)) == ('"7"', len(LONG))
    else:
        assert (answer.headers["content-encoding"], answer.headers["etag"]) == (accept, f'"7-{accept}"')
        assert len(body) < len(LONG) / 3
    assert ("content-length" in answer.headers) == (pieces == 1)
    if pieces == 1:
        assert int(answer.headers["content-length"]) == len(body)
    assert service.seen[0].header("accept-encoding") is None, "what passes inside is not compressed"


async def test_a_large_answer_is_compressed_whole(builder: Builder) -> None:
    body = LONG * 100
    service = Answering(body)
    service.pieces = 5
    answer, packed = await fetch(await builder.gateway(strava=service), "gzip")
    assert unpacked(answer, packed) == body


NOT_WORTH_IT = {
    "small": Answering(b"x" * 1024),
    "a picture": Answering(content_type="image/webp"),
    "a document": Answering(content_type="application/pdf"),
    "compressed already": Answering(content_encoding="gzip"),
    "not to be transformed": Answering(cache_control="no-transform"),
    "holding secrets": Answering(cache_control="no-store"),
    "a part": Answering(content_range="bytes 0-9/100"),
}
NOT_WORTH_IT["a part"].status = 206


@pytest.mark.parametrize("what", NOT_WORTH_IT)
async def test_what_gains_nothing_is_left_as_it_is(builder: Builder, what: str) -> None:
    service = NOT_WORTH_IT[what]
    answer, body = await fetch(await builder.gateway(strava=service), "gzip")
    assert body == service.body
    assert answer.headers.get("content-encoding") == service.headers.get("content_encoding")


async def test_answers_with_tokens_are_never_compressed(builder: Builder) -> None:
    platform = await builder.gateway(rest=Answering())
    answer, body = await fetch(platform, "gzip", "/api/v1/auth/login")
    assert "content-encoding" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert body


async def test_events_are_passed_on_at_once_however_the_client_likes_its_answers(builder: Builder) -> None:
    go_on = asyncio.Event()

    async def events(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    platform = await builder.gateway(strava=events)
    headers = platform.bearer | {"Accept-Encoding": "gzip, zstd"}
    async with platform.client.stream("GET", "/api/v1/imports/1/events?fields=a", headers=headers) as answer:
        assert "content-encoding" not in answer.headers
        stream = answer.aiter_raw()
        assert await anext(stream) == b"data: 1\n\n"
        go_on.set()
        assert await anext(stream) == b"data: 2\n\n"


@pytest.mark.parametrize("accept", ["gzip", "zstd", "identity"])
async def test_a_client_that_has_it_is_told_so_in_its_own_words(builder: Builder, accept: str) -> None:
    service = Answering(etag='"7"')
    platform = await builder.gateway(strava=service)
    first, _ = await fetch(platform, accept)
    again, body = await fetch(platform, accept, if_none_match=f'"1-gzip", {first.headers["etag"]}')
    assert (again.status_code, body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["vary"] == "accept-encoding"
    assert "content-encoding" not in again.headers


async def test_a_write_may_name_the_tag_of_a_compressed_answer(builder: Builder) -> None:
    service = Answering(etag='"7"')
    platform = await builder.gateway(strava=service)
    await platform.client.patch(ADDRESS, headers=platform.bearer | {"If-Match": '"7-zstd"'}, json={})
    assert service.seen[0].header("if-match") == '"7"'


async def test_a_head_request_tells_of_the_plain_answer(builder: Builder) -> None:
    platform = await builder.gateway(strava=Answering(etag='"7"'))
    answer = await platform.client.head(ADDRESS, headers=platform.bearer | {"Accept-Encoding": "gzip"})
    assert (answer.headers["content-length"], answer.headers["etag"]) == (str(len(LONG)), '"7"')


async def test_the_gateways_own_pages_are_compressed_and_not_sent_twice(platform: Platform) -> None:
    answer, body = await fetch(platform, "gzip", "/assets/app.js")
    assert answer.headers["content-encoding"] == "gzip"
    assert b"function" in unpacked(answer, body) or b"const" in unpacked(answer, body)
    again, nothing = await fetch(platform, "gzip", "/assets/app.js", if_none_match=answer.headers["etag"])
    assert (again.status_code, nothing, again.headers["etag"]) == (304, b"", answer.headers["etag"])
