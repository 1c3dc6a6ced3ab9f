"""The data path: a plain ASGI application, from a client's request to a service and back.

id -> path -> route -> body limit -> token -> rate limit -> breaker -> service -> answer, and one line of log.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from time import perf_counter

from starlette.types import Receive, Scope, Send

from common import errors
from common.context import request_id
from common.errors import Internal, NotFound, ServiceError
from common.logs import get_logger
from common.metrics import REQUESTS_ACTIVE
from common.settings import Environment
from gateway import answers
from gateway.addresses import client_behind, is_within
from gateway.admission import Admission, RateLimited
from gateway.connection import ConnectFailed, Header, TimedOut, UpstreamError
from gateway.cors import Cors
from gateway.exchange import AnswerBroken, ClientGone, Exchange
from gateway.inbound import Inbound
from gateway.limits import Verdict
from gateway.records import AccessLog, Measures, Record
from gateway.routes import Route
from gateway.routing import Router, canonical
from gateway.settings import GatewaySettings
from gateway.upstream import Upstream

_TICK_SECONDS = 0.1
_ERROR = 400
_CLIENT_CLOSED_REQUEST = 499  # for log and metrics only: nobody is there to read it


class NoRoute(NotFound):
    code = "request.unknown_path"
    title = "There is nothing at this address"
    next_steps = "Check the path against the API documentation at /api/docs."


class Proxy:
    """Serves routed paths. ``open`` before the first request, ``aclose`` after the last."""

    def __init__(
        self, settings: GatewaySettings, routes: Iterable[Route], admission: Admission, log: AccessLog
    ) -> None:
        rows = list(routes)
        self._router = Router(rows)
        self.upstreams = {
            name: Upstream(name, settings.url(name), connections=settings.upstream_connections)
            for name in sorted({route.service for route in rows})
        }
        self._admission = admission
        self._cors = Cors(settings.cors_origins)
        self._trusted = settings.trusted_proxies
        self._shows_debug = settings.environment is Environment.DEVELOPMENT
        self._log = log
        self._measures = Measures()
        self._exchanges: set[Exchange] = set()
        self._ticking: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to look after slow exchanges and idle connections."""
        self._ticking = asyncio.create_task(self._tick_for_ever())

    async def aclose(self) -> None:
        """Close all connections to the services."""
        if self._ticking is not None:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking
        for upstream in self.upstreams.values():
            await upstream.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbound = Inbound(scope)
        request_id.set(inbound.request_id)
        record = Record()
        try:
            await self._serve(inbound, scope, receive, send, record)
        except Exception as error:  # noqa: BLE001 - the last net: whatever it is, it is answered, or logged
            await self._settle(error, inbound, send, record)
        finally:
            seconds = perf_counter() - record.started
            self._measures.request(inbound.method, record.template, record.status, seconds)
            self._log.write(inbound, record, seconds)

    async def _serve(self, inbound: Inbound, scope: Scope, receive: Receive, send: Send, record: Record) -> None:
        inbound.admit()
        if self._trusted:
            self._believe_proxies(inbound)
        path = canonical(scope["raw_path"])
        route = self._route(path, record)
        if (preflight := self._cors.preflight(inbound)) is not None:
            await self._send_preflight(inbound, preflight, send, record)
            return
        upstream = self.upstreams[route.service]
        record.upstream = upstream.name
        exchange = Exchange(inbound, route, path, upstream, receive, send)
        self._exchanges.add(exchange)
        try:
            known = None if route.public else self._admission.known_user(inbound)
            if known is None:
                verdict = await self._admit(exchange, record)
            else:
                record.user_id, verdict = known
            if not exchange.body_complete:
                await exchange.collect()
            await self._pass(exchange, verdict, record)
        finally:
            exchange.close()
            self._exchanges.discard(exchange)

    async def _settle(self, error: Exception, inbound: Inbound, send: Send, record: Record) -> None:
        if isinstance(error, ClientGone):
            record.status = _CLIENT_CLOSED_REQUEST
        elif record.status:
            record.broken = True  # uvicorn closes the connection of an answer that has begun and not ended
            if not isinstance(error, AnswerBroken):
                get_logger().error("answer_broken_off", exc_info=error)
        elif isinstance(error, ServiceError | UpstreamError):
            await self._refuse(inbound, _as_problem(error), send, record)
        else:
            get_logger().error("request_failed", exc_info=error)
            await self._refuse(inbound, Internal(), send, record, cause=error)

    def _route(self, path: str, record: Record) -> Route:
        route = self._router.match(path)
        if route is None:
            raise NoRoute
        record.template = route.template
        return route

    async def _admit(self, exchange: Exchange, record: Record) -> Verdict:
        route, inbound = exchange.route, exchange.inbound
        if route.limit == "login":
            return await self._admission.login(inbound, await exchange.collect())
        if route.public:
            return await self._admission.anybody(inbound, route.limit)
        if route.signed and inbound.authorization is None and b"signature=" in inbound.query:
            return await self._admission.anybody(inbound, "signed")
        record.user_id, verdict = await self._admission.user(inbound)
        return verdict

    async def _pass(self, exchange: Exchange, verdict: Verdict, record: Record) -> None:
        inbound, name = exchange.inbound, record.upstream
        asked = perf_counter()
        try:
            connection = await exchange.answer()
        except BaseException as error:
            outcome = "timeout" if isinstance(error, TimedOut) else "error"
            self._measures.upstream(name, inbound.method, outcome, perf_counter() - asked)
            raise
        status = connection.status
        self._measures.upstream(name, inbound.method, status, perf_counter() - asked)
        if status >= _ERROR and (instead := answers.replacement(status, connection.headers)) is not None:
            get_logger().warning("answer_replaced", upstream=name, status=status)
            await self._refuse(inbound, instead, exchange.send, record, verdict)
            return
        record.status = status
        await exchange.relay(answers.passed_on(connection.headers) + self._headers(inbound, verdict))

    def _headers(self, inbound: Inbound, verdict: Verdict | None) -> list[Header]:
        headers = answers.common_headers(inbound.request_id, verdict)
        return headers + self._cors.headers(inbound) if self._cors.is_on else headers

    async def _refuse(
        self,
        inbound: Inbound,
        error: ServiceError,
        send: Send,
        record: Record,
        verdict: Verdict | None = None,
        cause: Exception | None = None,
    ) -> None:
        record.status = error.status_code
        if isinstance(error, RateLimited):
            verdict = error.verdict
        await answers.send_problem(
            send,
            error,
            path=inbound.path,
            request_id=inbound.request_id,
            headers=self._headers(inbound, verdict),
            cause=cause if self._shows_debug else None,
        )

    async def _send_preflight(self, inbound: Inbound, headers: list[Header], send: Send, record: Record) -> None:
        record.status = 204
        everything = [*answers.common_headers(inbound.request_id, None), *headers]
        await send({"type": "http.response.start", "status": 204, "headers": everything})
        await send({"type": "http.response.body", "body": b""})

    def _believe_proxies(self, inbound: Inbound) -> None:
        if not is_within(inbound.address, self._trusted):
            return
        forwarded = (inbound.header(b"x-forwarded-for") or b"").decode("latin-1")
        inbound.address = client_behind(inbound.address, forwarded, self._trusted)
        if inbound.header(b"x-forwarded-proto") in {b"http", b"https"}:
            inbound.scheme = (inbound.header(b"x-forwarded-proto") or b"").decode("ascii")

    async def _tick_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        forget_at = 0.0
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now = loop.time()
            REQUESTS_ACTIVE.set(len(self._exchanges))
            if now >= forget_at:
                self._admission.forget_seen()
                forget_at = now + 1
            for exchange in list(self._exchanges):
                exchange.tick(now)
            for upstream in self.upstreams.values():
                upstream.expire(now)


def _as_problem(error: ServiceError | UpstreamError) -> ServiceError:
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, TimedOut):
        return errors.UpstreamTimeout(
            next_steps="Try again in a moment. What you sent may have been done: look before you repeat it.",
            retry_after_s=5,
        )
    if isinstance(error, ConnectFailed):
        return errors.Unavailable("This part of the platform cannot be reached.", code="upstream.unreachable")
    return errors.UpstreamFailed(retry_after_s=2)
