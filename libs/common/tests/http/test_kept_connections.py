import time
from types import SimpleNamespace

import pytest
from httpcore2._async import http11
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from common.http import ServiceClient
from common.testing.upstream import serve


class Token:
    """A token that is always good."""

    async def token(self) -> str:
        return "good"

    def invalidate(self) -> None:
        """Nobody refuses it."""


async def whose(request: Request) -> PlainTextResponse:
    """Tell the connections apart by the port that the client calls from."""
    return PlainTextResponse(str(request.client and request.client.port))


@pytest.mark.parametrize(("tokens", "connections"), [(Token(), 1), (None, 2)])
async def test_an_idle_connection_to_one_of_ours_still_serves_a_while_later(
    monkeypatch: pytest.MonkeyPatch, tokens: Token | None, connections: int
) -> None:
    passed = 0.0
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed)
    monkeypatch.setattr(http11, "time", clock)  # the library's clock, as half a minute is long to wait
    async with serve(Starlette(routes=[Route("/", whose)])) as url:
        client = ServiceClient(url, name="toy", tokens=tokens)
        first = await client.get("/")
        passed = 30.0
        second = await client.get("/")
        await client.aclose()
    assert len({first.text, second.text}) == connections
