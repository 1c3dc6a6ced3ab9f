import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.errors import Unavailable
from common.http import RetryPolicy, ServiceClient
from common.testing.upstream import serve
from common.testing.wait import eventually
from common.tokens import ServiceTokenSource


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class TokenServer:
    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.status = 200
        self.app = Starlette(routes=[Route("/internal/token", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        async with request.form() as form:
            self.forms.append({name: str(value) for name, value in form.items()})
        return JSONResponse({"access_token": f"token-{len(self.forms)}", "expires_in": 600}, status_code=self.status)


@asynccontextmanager
async def asking(server: TokenServer, clock: Clock) -> AsyncIterator[ServiceTokenSource]:
    async with serve(server.app) as url:
        client = ServiceClient(url, name="token-test", retry=RetryPolicy(attempts=1))
        tokens = ServiceTokenSource(url, "strava", "s3cret", "internal", client=client, clock=clock)
        yield tokens
        await tokens.aclose()
        await client.aclose()


async def test_many_callers_cause_one_request_with_the_credentials() -> None:
    server = TokenServer()
    async with serve(server.app) as url:
        tokens = ServiceTokenSource(url, "strava", "s3cret", "internal")
        assert set(await asyncio.gather(*(tokens.token() for _ in range(20)))) == {"token-1"}
        await tokens.aclose()
    assert server.forms == [
        {
            "grant_type": "client_credentials",
            "client_id": "strava",
            "client_secret": "s3cret",
            "scope": "internal",
        }
    ]


async def test_a_token_is_renewed_beside_the_calls_in_its_last_minute() -> None:
    server, clock = TokenServer(), Clock()
    async with asking(server, clock) as tokens:
        await tokens.token()
        clock.now = 539
        assert await tokens.token() == "token-1"
        assert len(server.forms) == 1
        clock.now = 541
        assert await tokens.token() == "token-1"

        async def renewed() -> bool:
            return await tokens.token() == "token-2"

        await eventually(renewed, within=5)
    assert len(server.forms) == 2


async def test_a_token_about_to_die_is_not_handed_out() -> None:
    server, clock = TokenServer(), Clock()
    async with asking(server, clock) as tokens:
        await tokens.token()
        clock.now = 597
        assert await tokens.token() == "token-2"


async def test_a_good_token_outlives_an_auth_that_fails() -> None:
    server, clock = TokenServer(), Clock()
    async with asking(server, clock) as tokens:
        await tokens.token()
        server.status = 500
        clock.now = 590
        assert await tokens.token() == "token-1"
        clock.now = 601
        with pytest.raises(Unavailable):
            await tokens.token()
        server.status = 200
        assert (await tokens.token()).startswith("token-")


async def test_wrong_credentials_are_unavailable_and_not_an_answer_for_the_person() -> None:
    server = TokenServer()
    server.status = 401
    async with asking(server, Clock()) as tokens:
        with pytest.raises(Unavailable):
            await tokens.token()


async def test_an_invalidated_token_is_fetched_anew() -> None:
    server = TokenServer()
    async with asking(server, Clock()) as tokens:
        await tokens.token()
        tokens.invalidate()
        assert await tokens.token() == "token-2"
