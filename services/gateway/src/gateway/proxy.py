"""The data path: a plain ASGI application, from a client's request to a service and back.

id -> path -> route -> body limit -> token -> rate limit -> breaker -> service -> answer, and one line of log.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import suppress
from time import perf_counter

from starlette.types import Message, Receive, Scope, Send

from common import errors
from common.context import request_id
from common.errorhandlers import to_service_error
from common.errors import NotFound, ServiceError
from common.logs import get_logger
from common.metrics import REQUESTS_ACTIVE
from common.settings import Environment
from gateway import answers
from gateway.addresses import Network
from gateway.admission import Admission, Caller, RateLimited, require_admin
from gateway.composed import Composed
from gateway.connection import ConnectFailed, TimedOut, UpstreamError
from gateway.cors import Cors
from gateway.dressing import Dressing, security
from gateway.exchange import AnswerBroken, ClientGone, Exchange
from gateway.inbound import Inbound
from gateway.limits import Verdict
from gateway.passage import Means, Passage
from gateway.records import CLIENT_CLOSED_REQUEST, AccessLog, Measures, Record
from gateway.routing import Router
from gateway.settings import GatewaySettings
from gateway.spans import Spans
from gateway.table import AS_THEY_ARE, HERE, READING, Header, Route
from gateway.transform.chain import chosen, transforming
from gateway.underway import UnderWay
from gateway.upstream import Upstream

_ERROR = 400
_SERVER_ERROR = 500


class NoRoute(NotFound):
    code = "request.unknown_path"
    title = "There is nothing at this address"
    next_steps = "Check the path against the API documentation at /api/docs."


class Proxy:
    """Serves routed paths. ``open`` before the first request, ``aclose`` after the last.

    ``means`` are for requests that take the short way; without a task they have no span, so with ``spans`` none does.
    ``composed`` answers the rows that are the gateway's own; ``spans`` records requests where traces are wanted.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        routes: Iterable[Route],
        admission: Admission,
        composed: Composed,
        log: AccessLog,
        spans: Spans | None = None,
    ) -> None:
        rows = list(routes)
        self._router = Router(rows)
        self._dressings = {
            scheme: {row.template: Dressing(row, headers) for row in rows}
            for scheme, headers in (("http", security(0)), ("https", security(settings.hsts_seconds)))
        }
        self._hsts_seconds = settings.hsts_seconds
        self.upstreams = {
            name: Upstream(name, settings.url(name), connections=settings.upstream_connections)
            for name in sorted({route.service for route in rows} - {HERE})
        }
        self._admission = admission
        self._composed = composed
        self._cors = Cors(settings.cors_origins)
        self._trusted = settings.trusted_proxies
        self._shows_debug = settings.environment is Environment.DEVELOPMENT
        self._log = log
        self._spans = spans
        self._measures = Measures()
        self._exchanges: UnderWay[Exchange | Passage] = UnderWay()
        self._ticking: asyncio.Task[None] | None = None
        self.means = None if spans is not None else self._short_way(settings.trusted_proxies)

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

    def secure_headers(self, scheme: str) -> list[Header]:
        """Return the headers of every answer to a client that speaks by this scheme."""
        return security(self._hsts_seconds if scheme == "https" else 0)

    def _short_way(self, trusted: Sequence[Network]) -> Means:
        return Means(
            router=self._router,
            dressings=self._dressings,
            upstreams=self.upstreams,
            admission=self._admission,
            cors=self._cors,
            trusted=trusted,
            measures=self._measures,
            log=self._log,
            under_way=self._exchanges,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbound, record = Inbound(scope), Record()
        span = self._spans.begin(inbound) if self._spans is not None else None
        try:
            await self._see_through(self._serve(inbound, scope, receive, send, record), inbound, send, record)
        finally:
            if span is not None:
                Spans.end(span, inbound, record)

    async def go_on(self, passage: Passage, receive: Receive, send: Send) -> None:
        """See a request through that began its way without a task."""
        inbound, record = passage.inbound, passage.record
        send = transforming(send, inbound, passage.route, None)
        exchange = Exchange(inbound, passage.route, passage.path, passage.upstream, receive, send)
        exchange.take_over(passage.connection, passage.permit, passage.sent_at)
        work = self._carry(exchange, self._pass(exchange, passage.verdict, record, passage.asked))
        await self._see_through(work, inbound, send, record)

    async def _see_through(self, work: Awaitable[None], inbound: Inbound, send: Send, record: Record) -> None:
        """Do the work, answer what goes wrong with it, and leave word of it."""
        request_id.set(inbound.request_id)
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the last net: whatever it is, it is answered, or logged
            await self._settle(error, inbound, send, record)
        finally:
            seconds = perf_counter() - record.started
            self._measures.request(inbound.method, record.template, record.status, seconds)
            self._log.write(inbound, record, seconds)

    async def _serve(self, inbound: Inbound, scope: Scope, receive: Receive, send: Send, record: Record) -> None:
        inbound.admit()
        if self._trusted:
            inbound.believe(self._trusted)
        path, route = self._router.find(inbound.method, scope["raw_path"])
        if route is None:
            raise NoRoute
        record.template = route.template
        if (preflight := self._cors.preflight(inbound)) is not None:
            await self._send_preflight(inbound, preflight, send, record)
            return
        choice = chosen(inbound, route)
        if inbound.is_conditional:
            inbound.understand_conditions(choice.suffix if choice else b"")
        send = transforming(send, inbound, route, choice)
        if route.auth == "admin" and inbound.method not in READING:
            send = self._composed.renewing(send)
        if route.service == HERE:
            await self._compose(inbound, route, path, receive, send, record)
            return
        upstream = self.upstreams[route.service]
        record.upstream = upstream.name
        exchange = Exchange(inbound, route, path, upstream, receive, send)
        await self._carry(exchange, self._let_pass(exchange, record))

    async def _carry(self, exchange: Exchange, work: Awaitable[None]) -> None:
        """Do the work of an exchange while it is looked after."""
        self._exchanges.add(exchange)
        try:
            await work
        finally:
            exchange.close()
            self._exchanges.discard(exchange)

    async def _let_pass(self, exchange: Exchange, record: Record) -> None:
        if not (exchange.route.auth == "user" and (verdict := self._admit_known(exchange.inbound, record))):
            verdict = await self._admit(exchange, record)
        if not exchange.body_complete:
            await exchange.collect()
        if exchange.route.request is not AS_THEY_ARE:
            exchange.inbound.put_on(exchange.route.request)
        await self._pass(exchange, verdict, record, perf_counter())

    async def _settle(self, error: Exception, inbound: Inbound, send: Send, record: Record) -> None:
        if isinstance(error, ClientGone):
            record.status = CLIENT_CLOSED_REQUEST
        elif record.status:
            record.broken = True  # uvicorn closes the connection of an answer that has begun and not ended
            if not isinstance(error, AnswerBroken):
                get_logger().error("answer_broken_off", exc_info=error)
        elif isinstance(error, UpstreamError):
            await self._refuse(inbound, _as_problem(error), send, record)
        else:
            typed = to_service_error(error)
            if typed is not error and typed.status_code >= _SERVER_ERROR:
                get_logger().error("request_failed", exc_info=error)
            await self._refuse(inbound, typed, send, record, cause=None if typed is error else error)

    def _admit_known(self, inbound: Inbound, record: Record) -> Verdict | None:
        caller = self._admission.known_user(inbound)
        if caller is None:
            return None
        record.user_id = caller.identity.subject
        inbound.authorization = caller.authorization
        return caller.verdict

    async def _admit(self, exchange: Exchange, record: Record) -> Verdict:
        route, inbound = exchange.route, exchange.inbound
        if route.limit == "login":
            return await self._admission.login(inbound, await exchange.collect())
        if route.public:
            return await self._admission.anybody(inbound, route.limit)
        if route.auth == "signed" and inbound.authorization is None and b"signature=" in inbound.query:
            return await self._admission.anybody(inbound, "signed")
        return (await self._admit_user(inbound, route, record)).verdict

    async def _admit_user(self, inbound: Inbound, route: Route, record: Record) -> Caller:
        caller = self._admission.known_user(inbound) or await self._admission.user(inbound)
        record.user_id = caller.identity.subject
        inbound.authorization = caller.authorization
        if route.auth == "admin":
            require_admin(caller.identity)
        return caller

    async def _compose(
        self, inbound: Inbound, route: Route, path: str, receive: Receive, send: Send, record: Record
    ) -> None:
        """Have the gateway's own answer made, and dress it as that of a service."""
        caller = await self._admit_user(inbound, route, record)
        dressing = self._dressings[inbound.scheme][route.template]

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                headers = dressing.dressed(inbound, record.status, message["headers"])
                message["headers"] = headers + self._headers(inbound, caller.verdict)
            await send(message)

        try:
            async with asyncio.timeout(route.timeout):
                await self._composed.answer(inbound, route, path, caller.identity, receive, dressed)
        except TimeoutError:
            raise errors.UpstreamTimeout(retry_after_s=5) from None

    async def _pass(self, exchange: Exchange, verdict: Verdict, record: Record, asked: float) -> None:
        """Pass the service's answer on; ``asked`` is when it was begun to ask."""
        inbound, name = exchange.inbound, record.upstream
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
        dressed = self._dressings[inbound.scheme][record.template].dressed(inbound, status, connection.headers)
        headers = dressed + self._headers(inbound, verdict)
        record.status = status
        await exchange.relay(headers)

    def _headers(self, inbound: Inbound, verdict: Verdict | None) -> list[Header]:
        headers = answers.headers_of(inbound.request_id, verdict)
        return headers + self._cors.headers(inbound) if self._cors.is_on else headers

    def _static(self, inbound: Inbound, record: Record) -> list[Header]:
        """Return the headers of every answer, whether a row was found or not."""
        dressing = self._dressings[inbound.scheme].get(record.template)
        if dressing is None:
            return self.secure_headers(inbound.scheme)
        return dressing.static

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
            headers=self._static(inbound, record) + self._headers(inbound, verdict),
            cause=cause if self._shows_debug else None,
        )

    async def _send_preflight(self, inbound: Inbound, headers: list[Header], send: Send, record: Record) -> None:
        record.status = 204
        everything = [*self._static(inbound, record), *answers.headers_of(inbound.request_id, None), *headers]
        await send({"type": "http.response.start", "status": 204, "headers": everything})
        await send({"type": "http.response.body", "body": b""})

    async def _tick_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        forget_at = 0.0
        while True:
            await self._exchanges.pause()
            now = loop.time()
            REQUESTS_ACTIVE.set(len(self._exchanges))
            if now >= forget_at:
                self._admission.forget_seen()
                forget_at = now + 1
            for exchange in list(self._exchanges):
                exchange.tick(now)
            for upstream in self.upstreams.values():
                upstream.expire(now)


def _as_problem(error: UpstreamError) -> ServiceError:
    if isinstance(error, TimedOut):
        return errors.UpstreamTimeout(
            next_steps="Try again in a moment. What you sent may have been done: look before you repeat it.",
            retry_after_s=5,
        )
    if isinstance(error, ConnectFailed):
        return errors.Unavailable("This part of the platform cannot be reached.", code="upstream.unreachable")
    return errors.UpstreamFailed(retry_after_s=2)
