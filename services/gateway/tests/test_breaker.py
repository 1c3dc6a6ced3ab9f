import asyncio
import time

from gateway_doubles import Builder, Echo, Platform, read_head
from starlette.types import Receive, Scope, Send

from common.testing.ports import free_port
from common.testing.wait import eventually
from gateway.table import Route

TABLE = (Route("/api/v1/slow/**", "strava", timeout=20),)


async def is_left_alone(platform: Platform) -> bool:
    async with asyncio.timeout(0.5):
        answer = await platform.get("/api/v1/slow/1")
    return answer.status_code == 503 and answer.json()["code"] == "upstream.unavailable"


async def is_left_alone_soon(platform: Platform) -> bool:
    try:
        return await is_left_alone(platform)
    except TimeoutError:
        return False


async def test_a_service_that_hangs_is_left_alone_within_five_seconds(builder: Builder) -> None:
    recovered = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        await recovered.wait()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")

    platform = await builder.gateway(routes=TABLE, strava_url=await builder.raw(handle))
    reading = asyncio.create_task(platform.get("/api/v1/slow/1"))
    writing = asyncio.create_task(platform.client.post("/api/v1/slow/1", headers=platform.bearer))
    started = time.monotonic()
    await eventually(lambda: is_left_alone_soon(platform), within=5)
    given_up = await reading
    assert time.monotonic() - started < 5
    assert (given_up.status_code, given_up.json()["code"]) == (503, "upstream.unavailable")
    assert given_up.json()["retry_after_s"] >= 1
    started = time.monotonic()
    answer = await platform.get("/api/v1/slow/1")
    assert time.monotonic() - started < 2
    assert answer.json()["retry_after_s"] >= 1

    recovered.set()
    assert not writing.done(), "it may be under way"
    assert (await writing).status_code == 200
    await eventually(lambda: works(platform), within=5, what="back without help")


async def works(platform: Platform) -> bool:
    return (await platform.get("/api/v1/slow/1")).status_code == 200


async def test_a_service_that_is_gone_is_left_alone_and_found_again(builder: Builder, strava: Echo) -> None:
    port = free_port()
    platform = await builder.gateway(routes=TABLE, strava_url=f"http://127.0.0.1:{port}")
    assert (await platform.get("/api/v1/slow/1")).status_code == 503
    await eventually(lambda: is_left_alone(platform), within=5)
    await builder.serve(strava, port)
    await eventually(lambda: works(platform), within=5, what="back without help")


async def test_a_slow_route_of_a_living_service_is_waited_for(builder: Builder) -> None:
    asked = 0

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal asked
        if scope["path"] == "/health/live":
            asked += 1
        else:
            await asyncio.sleep(2.5)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    platform = await builder.gateway(routes=TABLE, strava=slow)
    answers = await asyncio.gather(*(platform.get("/api/v1/slow/1") for _ in range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert 1 <= asked <= 3
