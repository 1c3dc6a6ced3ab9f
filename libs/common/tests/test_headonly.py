import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from common.headonly import HeadAsGet
from common.testing.upstream import serve

MADE: list[int] = []


async def endless(_request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        while True:
            MADE.append(1)
            yield b"a,b,c\n" * 1000
            await asyncio.sleep(0.01)

    return StreamingResponse(pieces(), media_type="text/csv")


async def method(request: Request) -> Response:
    return JSONResponse({"method": request.method})


async def test_a_head_is_answered_as_a_get_and_without_its_body(toy: httpx2.AsyncClient) -> None:
    for path in ("/health/live", "/docs", "/docs/assets/favicon.png", "/openapi.json", "/metrics"):
        got, head = await toy.get(path), await toy.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers["content-type"] == got.headers["content-type"]
        if path != "/metrics":  # tells of the request before
            assert head.headers["content-length"] == got.headers["content-length"]


async def test_a_head_of_what_is_only_for_writing_is_refused(toy: httpx2.AsyncClient) -> None:
    assert (await toy.head("/api/v1/crash")).status_code == 405
    assert (await toy.head("/nowhere")).status_code == 404


async def test_it_is_counted_as_what_it_is(toy: httpx2.AsyncClient) -> None:
    await toy.head("/api/v1/things/count")
    text = (await toy.get("/metrics")).text
    assert 'count{method="HEAD",route="/api/v1/things/count"' in text


async def test_a_stream_ends_where_its_body_would_begin() -> None:
    app: Any = Starlette(routes=[Route("/endless", endless, methods=["GET"]), Route("/method", method)])
    async with serve(HeadAsGet(app)) as url, httpx2.AsyncClient(base_url=url) as client:
        async with asyncio.timeout(5):
            answer = await client.head("/endless")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
            assert (await client.get("/method")).json() == {"method": "GET"}
        so_far = len(MADE)
        await asyncio.sleep(0.2)
        assert len(MADE) <= so_far + 1


async def test_nothing_follows_the_end_of_the_answer() -> None:
    async def in_pieces(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in (b"a", b"b"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await HeadAsGet(in_pieces)({"type": "http", "method": "HEAD"}, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1] == {"type": "http.response.body", "body": b"", "more_body": False}
