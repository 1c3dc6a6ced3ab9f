import asyncio
import gc
from pathlib import Path

import httpx2
import pytest
from gateway_doubles import Builder, Platform, read_head

from common.testing.wait import eventually
from gateway.table import Route

TABLE = (Route("/api/v1/things/**", "strava", body_limit=1 << 30),)


def open_files() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


class Patient:
    """Answers when it is told to, and counts who waits."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.open = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        gone = asyncio.create_task(reader.read())
        try:
            go_on = asyncio.create_task(self.go_on.wait())
            await asyncio.wait((gone, go_on), return_when=asyncio.FIRST_COMPLETED)
            go_on.cancel()
            if not gone.done():
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
                await writer.drain()
        finally:
            gone.cancel()
            self.open -= 1


async def send_and_leave(platform: Platform, bearer: str, method: str, body: bytes, length: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", platform.port)
    head = (
        f"{method} /api/v1/things/1 HTTP/1.1\r\nhost: a\r\nauthorization: {bearer}\r\ncontent-length: {length}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    await asyncio.sleep(0)
    writer.transport.abort()


@pytest.mark.parametrize(
    ("method", "body", "length", "times"),
    [("GET", b"", 0, 5000), ("POST", b"part", 5000, 1000), ("POST", b"x" * 200_000, 900_000, 500)],
    ids=["while waiting", "in a small body", "in a large body"],
)
async def test_clients_who_hang_up_leave_nothing_behind(
    builder: Builder, method: str, body: bytes, length: int, times: int
) -> None:
    patient = Patient()
    platform = await builder.gateway(routes=TABLE, strava_url=await builder.raw(patient), upstream_connections=64)
    bearer = platform.bearer["Authorization"]
    before = open_files()
    for _ in range(times // 50):
        await asyncio.gather(*(send_and_leave(platform, bearer, method, body, length) for _ in range(50)))

    async def all_gone() -> bool:
        return platform.open_connections("strava") == 0 and patient.open == 0 and open_files() <= before + 2

    await eventually(all_gone, within=20, what="connections and files are given back")
    assert not platform.gateway.proxy._exchanges
    patient.go_on.set()

    async def trusted_again() -> bool:
        return (await platform.get("/api/v1/things/1")).status_code == 200

    # On a busy machine some waited until the service, which answered none, counted as failing.
    await eventually(trusted_again, within=20, what="the service is asked again")
    answers = await asyncio.gather(*(platform.get("/api/v1/things/1") for _ in range(100)))
    assert [answer.status_code for answer in answers] == [200] * 100


async def test_a_client_who_leaves_in_the_answer_stops_the_service(builder: Builder) -> None:
    stopped = asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
                await writer.drain()
        finally:
            stopped.set()

    platform = await builder.gateway(routes=TABLE, strava_url=await builder.raw(endless))
    async with platform.client.stream("GET", "/api/v1/things/1", headers=platform.bearer) as answer:
        await anext(answer.aiter_bytes())
    async with asyncio.timeout(5):
        await stopped.wait()

    async def let_go() -> bool:
        return platform.open_connections("strava") == 0 and not platform.gateway.proxy._exchanges

    await eventually(let_go, within=5)


async def test_a_client_who_leaves_while_the_service_thinks_stops_it(builder: Builder) -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def thinking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        asked.set()
        await reader.read()
        left.set()

    platform = await builder.gateway(routes=TABLE, strava_url=await builder.raw(thinking))
    request = asyncio.create_task(platform.get("/api/v1/things/1"))
    await asked.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    async with asyncio.timeout(2):
        await left.wait()


async def test_waiting_for_a_connection_ends_when_one_comes_free(builder: Builder) -> None:
    patient = Patient()
    platform = await builder.gateway(routes=TABLE, strava_url=await builder.raw(patient), upstream_connections=2)
    requests = [asyncio.create_task(platform.get("/api/v1/things/1")) for _ in range(20)]

    async def full() -> bool:
        return patient.open == 2

    await eventually(full, within=2)
    assert platform.open_connections("strava") == 2
    patient.go_on.set()
    answers: list[httpx2.Response] = await asyncio.gather(*requests)
    assert {answer.status_code for answer in answers} == {200}
