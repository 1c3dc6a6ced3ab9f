"""The composed answers as one small application behind the gateway's own admission."""

import asyncio
import functools
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import errorhandlers, openapi
from common.errors import Problem
from common.http import ServiceClient
from common.http.client import TokenSource
from common.tokens import Identity
from gateway.composed import dead_letters, overview, runs
from gateway.composed.parts import Services
from gateway.composed.shared import Answer, Shared
from gateway.composed.whole import send_whole, whole_answer
from gateway.inbound import Inbound
from gateway.settings import GatewaySettings
from gateway.table import HERE, PREFIX, READING, Route

_ADMIN = f"{PREFIX}/admin"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


class Composed:
    """Answers for callers that were admitted; ``aclose`` lets go of the services."""

    def __init__(self, settings: GatewaySettings, tokens: TokenSource, services: Iterable[str]) -> None:
        self._stack = AsyncExitStack()
        self._app = _application(settings.version)
        self._shared = Shared()
        names = [name for name in services if name != HERE]
        self._services = Services(
            peers={name: self._client(f"{name}-internal", settings.url(name), tokens) for name in names},
            for_caller={name: self._client(name, settings.url(name), None) for name in names},
        )

    async def answer(
        self, inbound: Inbound, route: Route, path: str, identity: Identity, receive: Receive, send: Send
    ) -> None:
        """Answer one request; ``path`` is that of the route table."""
        scope = _scope(inbound, path, self._services)
        if route.share and inbound.method in READING:
            await self._answer_for_all(scope, route, inbound.header(b"if-none-match"), send)
            return
        scope["headers"] = [(name, value) for name, value in inbound.read.items() if name == b"if-none-match"]
        authorization = (inbound.authorization or b"").decode("latin-1")
        scope["state"] |= {"identity": identity, "authorization": authorization}
        await self._app(scope, receive, send)

    def renewing(self, send: Send) -> Send:
        """Return what sends the answer to a change; whoever has it finds no older answer here."""

        async def renewed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._shared.drop()
            await send(message)

        return renewed

    async def _answer_for_all(self, scope: Scope, route: Route, known: bytes | None, send: Send) -> None:
        """Answer out of what is shared. Its making is told nothing of who asks, so that it cannot depend on that."""

        async def ask() -> Answer:
            async with asyncio.timeout(route.timeout):
                return await whole_answer(self._app, scope)

        answer = await self._shared.get((scope["path"], scope["query_string"]), route.share, ask)
        await send_whole(answer, known, send)

    def description(self) -> dict[str, Any]:
        """Return the OpenAPI document of the composed answers."""
        return self._app.openapi()

    async def aclose(self) -> None:
        """Close the connections to the services."""
        await self._shared.aclose()
        await self._stack.aclose()

    def _client(self, name: str, url: str, tokens: TokenSource | None) -> ServiceClient:
        client = ServiceClient(url, name=name, tokens=tokens)
        self._stack.push_async_callback(client.aclose)
        return client


class _LastNet:
    """Turns an exception that nobody handled into a problem document, where the framework would send a text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - rendered, and logged by the renderer
            await errorhandlers.render(scope, error)(scope, receive, send)


def _scope(inbound: Inbound, path: str, services: Services) -> Scope:
    """Return what is asked, without who asks. A HEAD is asked as a GET; who sends the answer leaves its body out."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET" if inbound.method == "HEAD" else inbound.method,
        "scheme": inbound.scheme,
        "path": path,
        "raw_path": path.encode("latin-1"),
        "root_path": "",
        "query_string": inbound.query,
        "headers": [],
        "client": (inbound.address, 0),
        "server": None,
        "state": {"services": services},
    }


@functools.cache
def _application(version: str) -> FastAPI:
    """Make what answers. It holds nothing of its own: a request brings the services along."""
    app = FastAPI(
        title="Running Trainer: gateway",
        version=version,
        generate_unique_id_function=_operation_id,
        responses={"default": {"model": Problem, "description": "Problem", "content": _PROBLEM}},
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.add_middleware(_LastNet)
    errorhandlers.install(app)
    app.include_router(overview.router, prefix=_ADMIN)
    app.include_router(dead_letters.router, prefix=_ADMIN)
    app.include_router(runs.router)
    openapi.complete(app, (), prefix="")
    return app


def _operation_id(route: APIRoute) -> str:
    return f"gateway-{route.name}".replace("_", "-")
