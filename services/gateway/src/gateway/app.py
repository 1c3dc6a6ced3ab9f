"""The gateway put together: the lean data path for what is routed, FastAPI for its own few pages."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from common.http import ServiceClient
from common.logs import configure_logs
from common.queue import redis_client
from common.tokens import JwksKeySource, ServiceTokenSource, Verifier
from gateway.admission import Admission
from gateway.answers import SECURITY
from gateway.blacklist import Blacklist
from gateway.limits import Limiter
from gateway.openapi import MergedOpenApi
from gateway.pages import create_pages, is_own
from gateway.proxy import Proxy
from gateway.records import AccessLog
from gateway.routes import ROUTES, Route
from gateway.routing import Router
from gateway.settings import GatewaySettings

_FIRST_LIST_SECONDS = 2.0


class Gateway:
    """A plain ASGI application; its lifespan opens and closes all it holds."""

    proxy: Proxy
    description: MergedOpenApi

    def __init__(self, settings: GatewaySettings, routes: Iterable[Route] = ROUTES) -> None:
        configure_logs("gateway", settings.log_level)
        self._settings = settings
        self._routes = tuple(routes)
        self.pages = create_pages(
            settings,
            lifespan=self._lifespan,
            upstreams=lambda: list(self.proxy.upstreams.values()),
            description=lambda: self.description,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.pages(scope, receive, send)
        elif is_own(scope["path"]):
            await self.pages(scope, receive, _secured(send))
        else:
            await self.proxy(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            self.description = self._open_description(stack)
            log = AccessLog(self._settings.log_level)
            stack.callback(log.flush)
            admission = await self._open_admission(stack)
            self.proxy = Proxy(self._settings, self._routes, admission, log)
            self.proxy.open()
            stack.push_async_callback(self.proxy.aclose)
            yield

    async def _open_admission(self, stack: AsyncExitStack) -> Admission:
        settings = self._settings
        redis = redis_client(settings.redis_url.get_secret_value())
        stack.push_async_callback(redis.aclose)
        keys = JwksKeySource(settings.auth_url)
        stack.push_async_callback(keys.aclose)
        limiter = Limiter(redis)
        stack.push_async_callback(limiter.aclose)
        secret = settings.service_client_secret.get_secret_value()
        tokens = ServiceTokenSource(settings.auth_url, client_id="gateway", secret=secret)
        stack.push_async_callback(tokens.aclose)
        auth = ServiceClient(settings.auth_url, name="auth-revocations", tokens=tokens)
        stack.push_async_callback(auth.aclose)
        blacklist = Blacklist(redis, auth, poll_seconds=settings.revocation_poll_seconds)
        await self._watch(blacklist, stack)
        verifier = Verifier(keys, settings.token_issuer, settings.token_audience)
        return Admission(settings, verifier, blacklist, limiter)

    async def _watch(self, blacklist: Blacklist, stack: AsyncExitStack) -> None:
        """Know what was revoked before the first request comes, if auth is there to say it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_LIST_SECONDS):
                await blacklist.reconcile()
        watching = asyncio.create_task(blacklist.watch())

        async def stop() -> None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

        stack.push_async_callback(stop)

    def _open_description(self, stack: AsyncExitStack) -> MergedOpenApi:
        clients = {}
        for name in sorted({route.service for route in self._routes}):
            clients[name] = ServiceClient(self._settings.url(name), name=f"{name}-openapi")
            stack.push_async_callback(clients[name].aclose)
        return MergedOpenApi(clients, Router(self._routes), self._settings.version)


def _secured(send: Send) -> Send:
    async def secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY.items():
                headers[name] = value
        await send(message)

    return secured
