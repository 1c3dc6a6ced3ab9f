"""What is refused before there is a request: in its turn, with a line of log, and dressed as every answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
from gateway_doubles import Builder, Echo, Platform, read_head

from common import incoming
from gateway.table import Route

BAD = b"BAD\r\n\r\n"
PUBLIC = b"GET /api/v1/auth/options HTTP/1.1\r\nhost: x\r\n\r\n"


def head_of(platform: Platform, path: str, method: str = "GET", *lines: str) -> bytes:
    told = [
        f"{method} {path} HTTP/1.1",
        "host: x",
        f"authorization: {platform.bearer['Authorization']}",
        *lines,
        "",
        "",
    ]
    return "\r\n".join(told).encode()


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def answer(self) -> tuple[int, str, Any]:
        async with asyncio.timeout(10):
            head = (await read_head(self.reader)).decode("latin-1").lower()
            length = next(line[15:] for line in head.split("\r\n") if line.startswith("content-length:"))
            return int(head.split()[1]), head, json.loads(await self.reader.readexactly(int(length)))

    async def is_closed(self) -> bool:
        async with asyncio.timeout(10):
            return not await self.reader.read()


@asynccontextmanager
async def client_of(platform: Platform) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", platform.port)
    yield Client(reader, writer)
    writer.close()


async def test_a_bad_request_does_not_take_the_answer_of_the_one_before(platform: Platform) -> None:
    async with client_of(platform) as client:
        client.writer.write(PUBLIC + BAD)
        status, _, body = await client.answer()
        assert (status, body["target"]) == (200, "/api/v1/auth/options")
        status, _, body = await client.answer()
        assert (status, body["code"]) == (400, "request.not_http")
        assert await client.is_closed()


async def test_nor_that_of_a_plain_read(platform: Platform) -> None:
    async with client_of(platform) as client:
        plain = head_of(platform, "/api/v1/activities")
        client.writer.write(plain)
        await client.answer()
        for _ in range(2):
            client.writer.write(plain)
        client.writer.write(BAD + plain)
        for expected in (200, 200, 400):
            assert (await client.answer())[0] == expected
        assert await client.is_closed()


async def test_a_refusal_is_dressed_and_leaves_a_line(platform: Platform) -> None:
    async with client_of(platform) as client:
        with structlog.testing.capture_logs() as lines:
            client.writer.write(BAD)
            _, head, body = await client.answer()
        assert [line["status"] for line in lines if line.get("req_id") == body["request_id"]] == [400]
        for name in (
            "x-content-type-options: nosniff",
            "content-security-policy: frame-ancestors",
            "referrer-policy: ",
        ):
            assert name in head


@pytest.mark.parametrize("host", ["", "host: a\r\nhost: b\r\n"])
@pytest.mark.parametrize("path", ["/api/v1/activities", "/health/live", "/"])
async def test_a_request_says_once_for_whom_it_is(platform: Platform, path: str, host: str) -> None:
    async with client_of(platform) as client:
        client.writer.write(head_of(platform, "/api/v1/activities"))
        assert (await client.answer())[0] == 200
        client.writer.write(head_of(platform, path).replace(b"host: x\r\n", host.encode()))
        status, _, body = await client.answer()
        assert (status, body["code"]) == (400, "request.bad")


async def test_a_large_head_does_not_reach_a_service(platform: Platform, strava: Echo) -> None:
    async with client_of(platform) as client:
        client.writer.write(head_of(platform, "/api/v1/activities", "GET", *["x-a: b"] * 200))
        assert (await client.answer())[0] == 431
        assert not strava.seen


async def test_an_upload_that_stands_still_is_ended(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(incoming, "BODY_SILENCE_SECONDS", 0.5)
    async with client_of(platform) as client:
        client.writer.write(head_of(platform, "/api/v1/activities", "POST", "content-length: 100000") + bytes(70_000))
        status, _, body = await client.answer()
        assert (status, body["code"]) == (408, "request.timeout")
        assert await client.is_closed()


async def test_so_is_one_that_its_route_is_tired_of(builder: Builder) -> None:
    table = (Route("/api/v1/things", "strava", silence=0.3),)
    platform = await builder.gateway(routes=table, strava=Echo())
    async with client_of(platform) as client:
        client.writer.write(head_of(platform, "/api/v1/things", "POST", "content-length: 10") + b"abc")
        status, _, body = await client.answer()
        assert (status, body["code"]) == (408, "request.timeout")
        assert await client.is_closed()
