"""A service that is unwell, and somebody who asks it things."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx2
from fastapi import FastAPI
from gateway_doubles import Builder, Platform
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.health import Check, health_router
from common.http import BreakerState
from gateway.table import Route

TABLE = (Route("/api/v1/things/**", "strava", timeout=20), Route("/api/v1/plans/**", "trainer"))
PROBLEM = {"code": "its.own"}


class Ailing:
    """A service with the health of all services; ``status`` is what it answers with, but for ``/things/good``.

    While it is not ``answering``, only that one and its health have answers; while it is not ``talking``, nothing has.
    """

    def __init__(self, status: int = 503) -> None:
        self.status = status
        self.needed = self.liked = True
        self.health_takes = 0.0
        self.talking, self.answering, self.database_answering = (asyncio.Event() for _ in range(3))
        for each in (self.talking, self.answering, self.database_answering):
            each.set()
        self.asked: list[str] = []
        self.has_told = asyncio.Event()
        self.app = FastAPI()
        self.app.state.draining = False
        needs = [Check("database", self._database), Check("strava", self._strava, required=False)]
        self.app.include_router(health_router(lambda _: needs, "1"))
        self.app.add_route("/api/v1/things/{name}", self._thing, methods=["GET", "POST"])
        self.app.middleware("http")(self._note)

    async def _note(self, request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        self.asked.append(request.url.path)
        await self.talking.wait()
        if request.url.path == "/health":
            await asyncio.sleep(self.health_takes)
        answer = await proceed(request)
        if request.url.path == "/health":
            self.has_told.set()
        return answer

    async def _database(self) -> None:
        await self.database_answering.wait()
        assert self.needed

    async def _strava(self) -> None:
        assert self.liked

    async def _thing(self, request: Request) -> Response:
        good = request.path_params["name"] == "good"
        if not good:
            await self.answering.wait()
        return JSONResponse(PROBLEM, 200 if good else self.status, media_type="application/problem+json")

    @property
    def health_checks(self) -> int:
        return self.asked.count("/health")


@dataclass
class Asker:
    """Somebody with one token, who is known after the first request: good answers take the short way then."""

    platform: Platform
    headers: dict[str, str]

    async def get(self, name: str = "bad") -> httpx2.Response:
        return await self.platform.client.get(f"/api/v1/things/{name}", headers=self.headers)

    async def code(self, name: str = "bad") -> str:
        code: str = (await self.get(name)).json()["code"]
        return code

    async def codes_for(self, seconds: float, *names: str) -> Counter[str]:
        """Ask for these by turns, all the time; count what came."""
        end, codes = time.monotonic() + seconds, Counter[str]()
        while time.monotonic() < end:
            for name in names or ("bad",):
                codes[await self.code(name)] += 1
            await asyncio.sleep(0.01)
        return codes

    async def is_refused(self) -> bool:
        return await self.code() == "upstream.unavailable"

    def state(self) -> BreakerState:
        return self.platform.gateway.proxy.upstreams["strava"].breaker.state


async def asker_at(builder: Builder, **services: Any) -> Asker:
    platform = await builder.gateway(routes=TABLE, **services)
    return Asker(platform, platform.bearer)
