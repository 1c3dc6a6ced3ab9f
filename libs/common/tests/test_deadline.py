"""Work stops when nobody waits for it any more, and calls to others take no longer than that."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from common import deadline
from common.errors import UpstreamTimeout
from common.http import BreakerState, ServiceClient
from common.middleware import RequestMiddleware
from common.testing.upstream import serve


class Tokens:
    async def token(self) -> str:
        return "of-a-service"

    def invalidate(self) -> None:
        """Nothing is kept."""


class Working:
    """Takes its time for ``/slow``, and says what was going on when it was stopped."""

    def __init__(self) -> None:
        self.stopped = asyncio.Event()
        self.left: list[float | None] = []
        self.headers: list[str | None] = []
        routes = [Route("/slow", self.slow), Route("/stream", self.stream), Route("/quick", self.quick)]
        self.app = Starlette(routes=routes)
        self.app.add_middleware(RequestMiddleware, max_body_size=1000, body_limits={})

    async def slow(self, _request: Request) -> JSONResponse:
        try:
            await asyncio.sleep(30)
        finally:
            self.stopped.set()
        return JSONResponse({})

    async def quick(self, request: Request) -> JSONResponse:
        self.left.append(deadline.remaining())
        self.headers.append(request.headers.get(deadline.HEADER))
        return JSONResponse({})

    async def stream(self, _request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(4):
                yield b"x"
                await asyncio.sleep(0.1)
            self.left.append(deadline.remaining())

        return StreamingResponse(pieces())


@pytest.fixture
def working() -> Working:
    return Working()


@pytest.fixture
async def url(working: Working) -> AsyncIterator[str]:
    async with serve(working.app) as address:
        yield address


async def test_work_that_nobody_waits_for_is_stopped(working: Working, url: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{url}/slow", headers={deadline.HEADER: "0.2"})
    assert (answer.status_code, answer.json()["code"]) == (504, "upstream.timeout")
    assert answer.headers["content-type"] == "application/problem+json"
    assert working.stopped.is_set()


async def test_an_answer_that_has_begun_may_take_its_time(working: Working, url: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{url}/stream", headers={deadline.HEADER: "0.15"})).content == b"xxxx"
    assert working.left == [None], "nor is what it asks of others bounded any more"


@pytest.mark.parametrize("header", ["", "soon", "-1", "0", "nan", "inf", "1e9", "0x1"])
async def test_what_is_no_time_bounds_nothing(working: Working, url: str, header: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{url}/quick", headers={deadline.HEADER: header})).status_code == 200
    assert working.left == [None]


async def test_a_call_takes_no_longer_than_its_own_caller_waits_and_says_so(working: Working, url: str) -> None:
    client = ServiceClient(url, name="bounded", tokens=Tokens())
    bound = deadline.begin(0.3)
    await client.get("/quick")
    started = time.monotonic()
    for _ in range(10):
        with pytest.raises(UpstreamTimeout):
            await client.get("/slow")
    assert time.monotonic() - started < 5
    assert client.breaker.state is BreakerState.CLOSED, "a hurried caller says nothing of the service"
    bound.lift()
    await client.get("/quick")
    assert working.left[0] is not None
    assert 0 < working.left[0] <= 0.3
    assert [float(header or 0) <= 2 for header in working.headers] == [True, True]
    await client.aclose()


async def test_hurried_callers_say_nothing_of_the_service(url: str) -> None:
    client = ServiceClient(url, name="hurried", tokens=Tokens())
    for _ in range(6):  # one more than the breaker takes
        deadline.begin(0.1)
        with pytest.raises(UpstreamTimeout):
            await client.get("/slow")
    assert client.breaker.state is BreakerState.CLOSED
    await client.aclose()


async def test_nobody_is_asked_when_no_time_is_left(url: str) -> None:
    client = ServiceClient(url, name="late", tokens=Tokens())
    deadline.begin(0.01)
    await asyncio.sleep(0.02)
    with pytest.raises(UpstreamTimeout) as refused:
        await client.get("/quick")
    assert "no time left" in refused.value.detail
    await client.aclose()


async def test_others_are_not_told_of_our_time(working: Working, url: str) -> None:
    client = ServiceClient(url, name="somebody-else")
    await client.get("/quick")
    assert working.headers == [None]
    await client.aclose()
