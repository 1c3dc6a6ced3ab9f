"""Services to put behind a gateway, and a gateway to put before them: all on real sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx2
import uvicorn
from starlette.types import Receive, Scope, Send

from common.testing.tokens import TokenMint
from gateway.app import Gateway
from gateway.routes import ROUTES
from gateway.settings import GatewaySettings
from gateway.table import HERE, Route

RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
FAR_AWAY = "2100-01-01T00:00:00+00:00"


@dataclass
class Seen:
    """A request as a service got it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, found
        return found[0] if found else None


async def read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def seen_in(scope: Scope, body: bytes = b"") -> Seen:
    query = scope["query_string"].decode()
    target = scope["raw_path"].decode() + (f"?{query}" if query else "")
    headers = [(name.decode(), value.decode()) for name, value in scope["headers"]]
    return Seen(scope["method"], target, headers, body)


async def send_json(send: Send, content: Any, status: int = 200, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    body = json.dumps(content).encode()
    own = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Echo:
    """Remembers what it got and says so."""

    name: str = "echo"
    seen: list[Seen] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = seen_in(scope, await read_body(receive))
        if not request.target.startswith("/health"):
            self.seen.append(request)
        await send_json(send, {"service": self.name, "target": request.target, "length": len(request.body)})


@dataclass
class AuthDouble(Echo):
    """Publishes the mint's keys, gives service tokens and those for personal ones, lists revocations; echoes the rest.

    ``personal`` has the claims of each personal access token; ``exchanged`` are the bodies that asked for one.
    """

    name: str = "auth"
    mint: TokenMint = field(default_factory=TokenMint)
    revocations: list[dict[str, Any]] = field(default_factory=list)
    asked_after: list[int] = field(default_factory=list)
    personal: dict[str, dict[str, Any]] = field(default_factory=dict)
    exchanged: list[dict[str, Any]] = field(default_factory=list)

    def revoke(self, kind: str, value: str, number: int | None = None) -> None:
        number = len(self.revocations) + 1 if number is None else number
        self.revocations.append({"id": number, "kind": kind, "value": value, "expires_at": FAR_AWAY})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/.well-known/jwks.json":
            await send_json(send, self.mint.jwks())
        elif scope["path"] == "/internal/token":
            await send_json(send, {"access_token": self.mint.service_token("gateway"), "expires_in": 300})
        elif scope["path"] == "/internal/personal-tokens":
            await self._exchange(json.loads(await read_body(receive)), send)
        elif scope["path"] == "/internal/revocations":
            query = parse_qs(scope["query_string"].decode())
            after, limit = int(query["after"][0]), int(query["limit"][0])
            self.asked_after.append(after)
            rows = sorted((row for row in self.revocations if row["id"] > after), key=lambda row: row["id"])
            await send_json(send, {"items": rows[:limit]})
        elif scope["path"].startswith("/internal/"):
            await send_json(send, {"code": "request.not_found"}, 404)
        else:
            await super().__call__(scope, receive, send)

    async def _exchange(self, body: dict[str, Any], send: Send) -> None:
        self.exchanged.append(body)
        claims = self.personal.get(body["token"])
        if claims is None:
            await send_json(send, {"code": "request.not_found"}, 404)
        else:
            await send_json(send, {"access_token": self.mint.token(**claims), "expires_in": 600})


@asynccontextmanager
async def raw_server(handler: RawHandler, port: int = 0) -> AsyncIterator[str]:
    """Serve bytes: for answers that no decent server gives."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def read_head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


class Servers:
    """Serves ASGI applications until it is closed, all at once; idle connections for so many seconds."""

    keep_alive_seconds = 5

    def __init__(self) -> None:
        self._running: list[tuple[uvicorn.Server, asyncio.Task[None], socket.socket]] = []

    async def serve(self, app: Any, port: int = 0) -> str:
        """Serve as the platform does and return the address."""
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        http: Any = app.protocol if isinstance(app, Gateway) else "httptools"
        config = uvicorn.Config(
            app,
            log_config=None,
            http=http,
            ws="none",
            lifespan="on" if isinstance(app, Gateway) else "off",
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=self.keep_alive_seconds,
        )
        server = uvicorn.Server(config)
        self._running.append((server, asyncio.create_task(server.serve(sockets=[listener])), listener))
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.005)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def stop(self, url: str) -> None:
        """Stop one server, with its connections."""
        for server, task, listener in self._running:
            if listener.fileno() >= 0 and url.endswith(f":{listener.getsockname()[1]}"):
                server.should_exit = True
                await task
                listener.close()

    async def aclose(self) -> None:
        for server, _, _ in self._running:
            server.should_exit = True
        await asyncio.gather(*(task for _, task, _ in self._running))
        for _, _, listener in self._running:
            listener.close()


@dataclass
class Platform:
    """A gateway with what stands behind it."""

    url: str
    gateway: Gateway
    client: httpx2.AsyncClient
    auth: AuthDouble

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    @property
    def bearer(self) -> dict[str, str]:
        return self.auth.mint.headers()

    async def get(self, path: str, **keywords: Any) -> httpx2.Response:
        """GET with a good token."""
        headers = self.bearer | keywords.pop("headers", {})
        return await self.client.get(path, headers=headers, **keywords)

    def open_connections(self, service: str) -> int:
        return self.gateway.proxy.upstreams[service].pool.size


class Builder:
    """Starts gateways; what it started ends with the test."""

    def __init__(self, stack: AsyncExitStack, redis_url: str) -> None:
        self._stack = stack
        self._redis_url = redis_url
        self.servers = Servers()
        stack.push_async_callback(self.servers.aclose)

    async def serve(self, app: Any, port: int = 0) -> str:
        return await self.servers.serve(app, port)

    async def raw(self, handler: RawHandler) -> str:
        return await self._stack.enter_async_context(raw_server(handler))

    async def gateway(
        self, *, routes: Iterable[Route] = ROUTES, auth: AuthDouble | None = None, rest: Any = None, **values: Any
    ) -> Platform:
        """Start a gateway; ``values`` are its settings, or applications to be served (``strava=...``).

        ``rest`` is served for all services that have neither an application nor an address.
        """
        auth = auth or AuthDouble()
        settings: dict[str, Any] = {
            "environment": "test",
            "service_client_secret": "a-secret-of-the-test",
            "redis_url": self._redis_url,
            "rate_user": 600_000,
            "rate_user_burst": 100_000,
            "rate_address": 600_000,
        }
        for name in sorted({route.service for route in ROUTES} - {"auth", HERE}):
            app = values.pop(name, None)
            if app is None and f"{name}_url" not in values:
                app = rest
            if app is not None:
                settings[f"{name}_url"] = await self.serve(app)
        settings.setdefault("auth_url", await self.serve(auth))
        gateway = Gateway(GatewaySettings(**(settings | values)), routes)
        url = await self.serve(gateway)
        client = httpx2.AsyncClient(base_url=url, timeout=20, verify=False, trust_env=False)
        await self._stack.enter_async_context(client)
        return Platform(url, gateway, client, auth)
