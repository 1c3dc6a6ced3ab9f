import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.errors import ServiceError, UpstreamFailed
from common.http import RetryPolicy, ServiceClient
from common.testing.upstream import serve
from common.tokens import PersonalTokenExchange, TokenRefused

GOOD = "rt_pat_good"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Auth:
    """Answers as auth does, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status = 200
        self.answer: object = None
        self.app = Starlette(routes=[Route("/internal/personal-tokens", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        self.asked.append(await request.json())
        if self.asked[-1]["token"] != GOOD:
            return JSONResponse({"code": "auth.token_invalid"}, status_code=404)
        given = self.answer or {"access_token": f"access-{len(self.asked)}", "expires_in": 600}
        return JSONResponse(given, status_code=self.status)


@asynccontextmanager
async def exchanging(auth: Auth, clock: Clock, remembered: int = 4) -> AsyncIterator[PersonalTokenExchange]:
    async with serve(auth.app) as url:
        client = ServiceClient(url, name="personal-test", retry=RetryPolicy(attempts=1))
        exchange = PersonalTokenExchange(client, remembered=remembered, clock=clock)
        yield exchange
        await exchange.aclose()
        await client.aclose()


async def test_many_requests_with_one_token_ask_auth_once() -> None:
    auth = Auth()
    async with exchanging(auth, Clock()) as exchange:
        given = await asyncio.gather(*(exchange.access_token(GOOD, "192.0.2.1") for _ in range(20)))
        assert {*given, await exchange.access_token(GOOD)} == {"access-1"}
    assert auth.asked == [{"token": GOOD, "address": "192.0.2.1"}]


async def test_the_access_token_is_renewed_before_it_expires() -> None:
    auth, clock = Auth(), Clock()
    async with exchanging(auth, clock) as exchange:
        await exchange.access_token(GOOD)
        clock.now = 569
        assert await exchange.access_token(GOOD) == "access-1"
        clock.now = 571
        assert await exchange.access_token(GOOD) == "access-2"


async def test_an_unknown_token_is_refused_each_time_it_comes() -> None:
    auth = Auth()
    async with exchanging(auth, Clock()) as exchange:
        for _ in range(2):
            with pytest.raises(TokenRefused):
                await exchange.access_token("rt_pat_unknown")
    assert len(auth.asked) == 2


@pytest.mark.parametrize("token", ["rt_pat_" + "x" * 300, "rt_pat_\u00fc"])
async def test_what_can_be_no_token_is_refused_without_asking(token: str) -> None:
    auth = Auth()
    async with exchanging(auth, Clock()) as exchange:
        with pytest.raises(TokenRefused):
            await exchange.access_token(token)
    assert auth.asked == []


@pytest.mark.parametrize("status", [500, 503])
async def test_an_auth_that_fails_says_nothing_of_the_token(status: int) -> None:
    auth = Auth()
    auth.status = status
    async with exchanging(auth, Clock()) as exchange:
        with pytest.raises(ServiceError) as met:
            await exchange.access_token(GOOD)
        assert not isinstance(met.value, TokenRefused)
        auth.status = 200
        assert await exchange.access_token(GOOD) == "access-2"


@pytest.mark.parametrize("answer", [["no object"], {"access_token": "x"}, {"access_token": "x", "expires_in": "soon"}])
async def test_an_answer_of_another_shape_is_a_failure_of_auth(answer: object) -> None:
    auth = Auth()
    auth.answer = answer
    async with exchanging(auth, Clock()) as exchange:
        with pytest.raises(UpstreamFailed):
            await exchange.access_token(GOOD)


async def test_no_more_tokens_are_remembered_than_agreed() -> None:
    auth = Auth()
    async with exchanging(auth, Clock(), remembered=0) as exchange:
        await exchange.access_token(GOOD)
        await exchange.access_token(GOOD)
    assert len(auth.asked) == 2


async def test_a_caller_who_leaves_does_not_spoil_it_for_others() -> None:
    auth = Auth()
    async with exchanging(auth, Clock()) as exchange:
        leaving = asyncio.create_task(exchange.access_token(GOOD))
        staying = asyncio.create_task(exchange.access_token(GOOD))
        await asyncio.sleep(0)
        leaving.cancel()
        assert await staying == "access-1"
