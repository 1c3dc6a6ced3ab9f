"""The gateway put together: the lean data path for what is routed, FastAPI for its own few pages."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from common.http import EAGER, Breaker, ServiceClient
from common.logs import configure_logs
from common.queue import redis_client
from common.tokens import JwksKeySource, PersonalTokenExchange, ServiceTokenSource, Verifier
from common.traces import configure_traces
from gateway.admission import Admission
from gateway.blacklist import Blacklist
from gateway.composed import Composed
from gateway.front import Front
from gateway.limits import Limiter
from gateway.openapi import MergedOpenApi
from gateway.own import OwnPages
from gateway.pages import create_pages, is_own
from gateway.proxy import Proxy
from gateway.records import AccessLog
from gateway.routes import ROUTES
from gateway.routing import Router
from gateway.settings import GatewaySettings
from gateway.spans import Spans
from gateway.table import HERE, Route

_FIRST_LIST_SECONDS = 2.0


class Gateway:
    """A plain ASGI application; its lifespan opens and closes all it holds."""

    proxy: Proxy
    description: MergedOpenApi

    def __init__(self, settings: GatewaySettings, routes: Iterable[Route] = ROUTES) -> None:
        configure_logs("gateway", settings.log_level)
        self._settings = settings
        self._routes = tuple(routes)
        self._services = sorted({route.service for route in self._routes} - {HERE})
        self.pages = create_pages(
            settings,
            lifespan=self._lifespan,
            upstreams=lambda: list(self.proxy.upstreams.values()),
            description=lambda: self.description,
        )
        self.state = self.pages.state
        self._own = OwnPages(self.pages, settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.pages(scope, receive, send)
        elif is_own(scope["path"]):
            await self._own(scope, receive, send)
        else:
            await self.proxy(scope, receive, send)

    def protocol(self, **of_uvicorn: Any) -> Front:
        """Make what serves one connection; give as ``http`` to uvicorn."""
        return Front(self.proxy, **of_uvicorn)

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        settings = self._settings
        async with AsyncExitStack() as stack:
            log = AccessLog(settings.log_level)
            stack.callback(log.flush)
            secret = settings.service_client_secret.get_secret_value()
            tokens = ServiceTokenSource(settings.auth_url, client_id="gateway", secret=secret)
            stack.push_async_callback(tokens.aclose)
            composed = Composed(settings, tokens, self._services)
            stack.push_async_callback(composed.aclose)
            self.description = self._open_description(stack, composed)
            admission = await self._open_admission(stack, tokens)
            self.proxy = Proxy(settings, self._routes, admission, composed, log, self._open_spans(stack))
            self.proxy.open()
            stack.push_async_callback(self.proxy.aclose)
            yield

    async def _open_admission(self, stack: AsyncExitStack, tokens: ServiceTokenSource) -> Admission:
        settings = self._settings
        redis = redis_client(settings.redis_url.get_secret_value())
        stack.push_async_callback(redis.aclose)
        keys = JwksKeySource(settings.auth_url)
        stack.push_async_callback(keys.aclose)
        limiter = Limiter(redis)
        stack.push_async_callback(limiter.aclose)
        auth = ServiceClient(settings.auth_url, name="auth-revocations", tokens=tokens, breaker=Breaker(EAGER))
        stack.push_async_callback(auth.aclose)
        blacklist = Blacklist(redis, auth, poll_seconds=settings.revocation_poll_seconds)
        await self._watch(blacklist, stack)
        exchanging = ServiceClient(settings.auth_url, name="auth-personal-tokens", tokens=tokens)
        stack.push_async_callback(exchanging.aclose)
        personal_tokens = PersonalTokenExchange(exchanging)
        stack.push_async_callback(personal_tokens.aclose)
        verifier = Verifier(keys, settings.token_issuer, settings.token_audience)
        return Admission(settings, verifier, personal_tokens, blacklist, limiter)

    async def _watch(self, blacklist: Blacklist, stack: AsyncExitStack) -> None:
        """Know what was revoked before the first request comes, if auth is there to say it."""
        await blacklist.learn(_FIRST_LIST_SECONDS)
        watching = asyncio.create_task(blacklist.watch())

        async def stop() -> None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

        stack.push_async_callback(stop)

    def _open_spans(self, stack: AsyncExitStack) -> Spans | None:
        settings = self._settings
        endpoint = settings.otel_exporter_otlp_endpoint
        provider = configure_traces("gateway", version=settings.version, otlp_endpoint=endpoint)
        if provider is None:
            return None
        stack.callback(provider.shutdown)
        return Spans(provider)

    def _open_description(self, stack: AsyncExitStack, composed: Composed) -> MergedOpenApi:
        clients = {}
        for name in self._services:
            clients[name] = ServiceClient(self._settings.url(name), name=f"{name}-openapi")
            stack.push_async_callback(clients[name].aclose)
        own = {HERE: composed.description()}
        return MergedOpenApi(clients, Router(self._routes), self._settings.version, own=own)
