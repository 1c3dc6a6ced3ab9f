"""The key set fetched from a real server that counts, changes, hangs and goes away."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.errors import Unavailable
from common.http import RetryPolicy, ServiceClient
from common.testing.tokens import TokenMint
from common.testing.upstream import serve
from common.testing.wait import eventually
from common.tokens import JwksKeySource, TokenRefused, Verifier


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class KeyServer:
    def __init__(self, *mints: TokenMint) -> None:
        self.mints = list(mints)
        self.fetches = 0
        self.status = 200
        self.gate = asyncio.Event()
        self.gate.set()
        self.app = Starlette(routes=[Route("/.well-known/jwks.json", self._answer)])

    async def _answer(self, _: Request) -> Response:
        self.fetches += 1
        await self.gate.wait()
        keys: list[Any] = [key for mint in self.mints for key in mint.jwks()["keys"]]
        return JSONResponse({"keys": keys}, status_code=self.status)


@asynccontextmanager
async def fetching(server: KeyServer, clock: Clock) -> AsyncIterator[tuple[JwksKeySource, Verifier]]:
    async with serve(server.app) as url, source_at(url, clock) as keys:
        yield keys, Verifier(keys)


@asynccontextmanager
async def source_at(url: str, clock: Clock) -> AsyncIterator[JwksKeySource]:
    client = ServiceClient(url, name="keys-test", retry=RetryPolicy(attempts=1), attempt_timeout=0.5)
    keys = JwksKeySource(url, client, clock=clock)
    yield keys
    await keys.aclose()
    await client.aclose()


async def test_keys_are_fetched_once_and_kept() -> None:
    mint = TokenMint()
    server = KeyServer(mint)
    async with serve(server.app) as url:
        keys = JwksKeySource(url)
        verifier = Verifier(keys)
        await asyncio.gather(*(verifier.verify(mint.token()) for _ in range(10)))
        await keys.aclose()
    assert server.fetches == 1


async def test_an_unknown_key_is_asked_for_at_most_every_ten_seconds() -> None:
    old, new = TokenMint("old"), TokenMint("new")
    server, clock = KeyServer(old), Clock()
    async with fetching(server, clock) as (_, verifier):
        await verifier.verify(old.token())
        server.mints.append(new)
        for _ in range(5):
            with pytest.raises(TokenRefused):
                await verifier.verify(new.token())
        assert server.fetches == 1
        clock.now = 10
        await verifier.verify(new.token())
        assert server.fetches == 2


async def test_a_retired_key_goes_when_the_set_is_renewed() -> None:
    old, new = TokenMint("old"), TokenMint("new")
    server, clock = KeyServer(old), Clock()
    async with fetching(server, clock) as (_, verifier):
        token = old.token()
        await verifier.verify(token)
        server.mints = [new]
        clock.now = 301

        async def refused() -> bool:
            try:
                await verifier.verify(token)
            except TokenRefused:
                return True
            return False

        await eventually(refused, within=5)


async def test_a_hanging_auth_slows_nobody_who_has_keys() -> None:
    mint = TokenMint()
    server, clock = KeyServer(mint), Clock()
    async with fetching(server, clock) as (_, verifier):
        await verifier.verify(mint.token())
        server.gate.clear()
        clock.now = 400
        started = time.monotonic()
        await verifier.verify(mint.token())
        assert time.monotonic() - started < 2
        server.gate.set()


async def test_the_last_known_keys_hold_while_auth_is_down() -> None:
    mint = TokenMint()
    server, clock = KeyServer(mint), Clock()
    async with AsyncExitStack() as auth:
        url = await auth.enter_async_context(serve(server.app))
        async with source_at(url, clock) as keys:
            verifier = Verifier(keys)
            await verifier.verify(mint.token())
            await auth.aclose()
            for clock.now in (400, 4000, 40_000):
                await verifier.verify(mint.token())
            with pytest.raises(Unavailable):
                await verifier.verify(TokenMint("unknown").token())


async def test_without_any_key_the_answer_is_503_and_not_401() -> None:
    server = KeyServer()
    server.status = 500
    mint, clock = TokenMint(), Clock()
    async with fetching(server, clock) as (_, verifier):
        with pytest.raises(Unavailable):
            await verifier.verify(mint.token())
        server.status = 200
        server.mints = [mint]
        clock.now = 1
        assert (await verifier.verify(mint.token())).kind == "user"


async def test_a_caller_who_hangs_up_does_not_take_the_fetch_from_the_others() -> None:
    mint = TokenMint()
    server, clock = KeyServer(mint), Clock()
    server.gate.clear()
    async with fetching(server, clock) as (keys, _):
        first = asyncio.create_task(keys.key(mint.key_id))
        second = asyncio.create_task(keys.key(mint.key_id))

        async def asked() -> bool:
            return server.fetches == 1

        await eventually(asked, within=5)
        first.cancel()
        server.gate.set()
        assert await second is not None
    assert server.fetches == 1
