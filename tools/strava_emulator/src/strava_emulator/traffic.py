"""What happens to every call before its endpoint: the base without prefix, faults, limits."""

import asyncio
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from strava_emulator.emulator import Emulator
from strava_emulator.errors import of_status

API_PREFIX = "/api/v3"
OURS = ("/emulator", "/health", "/docs", "/openapi.json", "/oauth/authorize")  # no faults: people and tests work here
UNLIMITED = ("/oauth/", "/push_subscriptions")


class Traffic:
    """Serves the API with and without ``/api/v3`` before it; counts calls, delays and refuses them."""

    def __init__(self, app: ASGIApp, emulator: Emulator) -> None:
        self._app = app
        self._emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path.startswith(f"{API_PREFIX}/"):
            path = path.removeprefix(API_PREFIX)
            scope = {**scope, "path": path, "raw_path": path.encode()}
        if path == "/" or path.startswith(OURS):
            await self._app(scope, receive, send)
            return
        self._emulator.calls[f"{scope['method']} {_without_numbers(path)}"] += 1
        faults = self._emulator.faults
        if delay_s := faults.delay_s(path):
            await asyncio.sleep(delay_s)
        error = faults.hit(path)
        if not path.startswith(UNLIMITED):
            error = self._emulator.limits.take(scope["method"], self._emulator.clock()) or error
            send = self._with_headers(send)
        if error is None and faults.loses_answer(path):
            await self._app(scope, receive, _nowhere)
            error = of_status(HTTPStatus.GATEWAY_TIMEOUT)
        await (error.response() if error else self._app)(scope, receive, send)

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = self._emulator.limits.headers(self._emulator.clock())
                message["headers"] = [*message["headers"], *((k.lower().encode(), v.encode()) for k, v in told.items())]
            await send(message)

        return sending


def _without_numbers(path: str) -> str:
    return "/".join("*" if part.isdecimal() else part for part in path.split("/"))


async def _nowhere(_message: Message) -> None:
    """Where lost answers go."""
