import asyncio
import hashlib
import resource
from collections.abc import AsyncIterator

import pytest
from gateway_doubles import Builder, Echo, Platform, send_json
from starlette.types import Receive, Scope, Send

from common.testing.wait import eventually
from gateway.table import Route

MIB = 1 << 20
TABLE = (
    Route("/api/v1/small/**", "strava", body_limit=100_000),
    Route("/api/v1/large/**", "strava", body_limit=512 * MIB),
    Route("/api/v1/brief/**", "strava", silence=0.3, timeout=0.3),
)


async def pieces(count: int, size: int = 65536) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number % 251]) * size


async def hashing(scope: Scope, receive: Receive, send: Send) -> None:
    digest, length = hashlib.sha256(), 0
    while True:
        message = await receive()
        digest.update(message.get("body", b""))
        length += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send_json(send, {"sha256": digest.hexdigest(), "length": length})


@pytest.fixture
async def sized(builder: Builder, strava: Echo) -> Platform:
    return await builder.gateway(routes=TABLE, strava=strava)


@pytest.mark.parametrize("size", [0, 1, 1000, 65_536, 99_999, 100_000])
@pytest.mark.parametrize("chunked", [False, True])
async def test_bodies_arrive_as_they_were_sent(sized: Platform, strava: Echo, size: int, chunked: bool) -> None:
    body = bytes(number % 251 for number in range(size))

    async def one_piece() -> AsyncIterator[bytes]:
        yield body

    answer = await sized.client.post("/api/v1/small/1", content=one_piece() if chunked else body, headers=sized.bearer)
    assert answer.status_code == 200
    assert strava.seen[0].body == body


async def test_an_announced_body_over_the_limit_is_refused_before_it_is_sent(sized: Platform, strava: Echo) -> None:
    headers = sized.bearer | {"Content-Length": "100001", "Expect": "100-continue"}
    reader, writer = await asyncio.open_connection("127.0.0.1", sized.port)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"POST /api/v1/small/1 HTTP/1.1\r\nhost: a\r\n{lines}\r\n".encode())
    async with asyncio.timeout(5):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
    writer.close()
    assert not strava.seen


@pytest.mark.parametrize("count", [2, 40])
async def test_a_body_that_grows_over_the_limit_is_refused(sized: Platform, strava: Echo, count: int) -> None:
    answer = await sized.client.post("/api/v1/small/1", content=pieces(count), headers=sized.bearer)
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")
    assert not strava.seen
    await eventually(lambda: settled(sized), within=2, what="the connection to the service is closed")


async def settled(platform: Platform) -> bool:
    return platform.open_connections("strava") == 0


async def test_a_large_upload_passes_through_and_does_not_stay_in_memory(builder: Builder) -> None:
    platform = await builder.gateway(routes=TABLE, strava=hashing)
    count = 3200  # 200 MiB
    expected = hashlib.sha256()
    async for piece in pieces(count):
        expected.update(piece)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = await platform.client.post("/api/v1/large/1", content=pieces(count), headers=platform.bearer)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert answer.json() == {"sha256": expected.hexdigest(), "length": count * 65536}
    assert grown < 48, f"{grown:.0f} MiB more"


async def test_an_upload_waits_for_a_service_that_is_slow_to_take_it(builder: Builder) -> None:
    taken, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        taken.set()
        await go_on.wait()
        await hashing(scope, receive, send)

    platform = await builder.gateway(routes=TABLE, strava=slow)
    sent = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal sent
        async for piece in pieces(1600):
            sent += len(piece)
            yield piece

    request = asyncio.create_task(platform.client.post("/api/v1/large/1", content=counted(), headers=platform.bearer))
    await taken.wait()
    seen = -1

    async def stands_still() -> bool:
        nonlocal seen
        before, seen = seen, sent
        await asyncio.sleep(0.1)
        return before == sent

    await eventually(stands_still, within=5)
    assert sent < 50 * MIB
    go_on.set()
    assert (await request).status_code == 200


async def test_a_slow_client_slows_the_service_down(builder: Builder) -> None:
    produced = 0

    async def generous(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal produced
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1600):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            produced += 65536
        await send({"type": "http.response.body", "body": b""})

    platform = await builder.gateway(routes=TABLE, strava=generous)
    async with platform.client.stream("GET", "/api/v1/large/1", headers=platform.bearer) as answer:
        seen = -1

        async def stands_still() -> bool:
            nonlocal seen
            before, seen = seen, produced
            await asyncio.sleep(0.1)
            return before == produced > 0

        await eventually(stands_still, within=5)
        assert produced < 50 * MIB
        total = sum([len(piece) async for piece in answer.aiter_bytes()])
    assert total == 1600 * 65536


async def test_pieces_of_an_answer_are_passed_on_as_they_come(builder: Builder) -> None:
    go_on = asyncio.Event()

    async def events(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    platform = await builder.gateway(strava=events)
    async with platform.client.stream("GET", "/api/v1/imports/1/events", headers=platform.bearer) as answer:
        stream = answer.aiter_bytes()
        assert await anext(stream) == b"data: 1\n\n"
        go_on.set()
        assert await anext(stream) == b"data: 2\n\n"


async def test_a_service_may_answer_before_it_has_read_the_body(builder: Builder) -> None:
    async def hasty(scope: Scope, receive: Receive, send: Send) -> None:
        await send_json(send, {"hasty": True}, 200)

    platform = await builder.gateway(routes=TABLE, strava=hasty)
    for _ in range(3):
        answer = await platform.client.post("/api/v1/large/1", content=pieces(160), headers=platform.bearer)
        assert answer.json() == {"hasty": True}


async def test_a_client_that_stops_sending_is_told_so_and_holds_no_connection(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(routes=TABLE, strava=strava)
    reader, writer = await asyncio.open_connection("127.0.0.1", platform.port)
    bearer = platform.bearer["Authorization"]
    writer.write(f"POST /api/v1/brief/1 HTTP/1.1\r\nhost: a\r\nauthorization: {bearer}\r\n".encode())
    writer.write(b"content-length: 10\r\n\r\nabc")
    async with asyncio.timeout(5):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()
    assert platform.open_connections("strava") == 0


async def test_a_service_that_stops_taking_the_body_is_a_504(builder: Builder) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined] # a deaf peer on purpose
        await asyncio.sleep(5)

    url = await builder.raw(deaf)
    routes = (Route("/api/v1/brief/**", "strava", timeout=0.3, body_limit=512 * MIB),)
    platform = await builder.gateway(routes=routes, strava_url=url)
    answer = await platform.client.post("/api/v1/brief/1", content=pieces(800), headers=platform.bearer)
    assert (answer.status_code, answer.json()["code"]) == (504, "upstream.timeout")
