"""What surrounds every request: its id, its log line, its metrics, and the last net under exceptions."""

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import deadline
from common.context import accept_request_id, client_address, in_trace_of, request_id
from common.errorhandlers import render
from common.errors import UpstreamTimeout
from common.logs import get_logger
from common.metrics import REQUEST_SECONDS, REQUESTS_ACTIVE

_ADDRESS = re.compile(r"[0-9A-Fa-f.:]{2,45}")
_QUIET = frozenset({"/health", "/health/live", "/metrics"})


class RequestMiddleware:
    """Pure ASGI. Answers carry ``X-Request-ID``; an exception that nobody handled becomes a 500 problem.

    A body over ``max_body_size`` bytes, or over the path's own entry in ``body_limits``, is a 413. Work on a request
    whose caller does not wait any more is stopped (``common.deadline``).
    """

    def __init__(self, app: ASGIApp, *, max_body_size: int, body_limits: Mapping[str, int]) -> None:
        self._app = app
        self._max_body_size = max_body_size
        self._body_limits = body_limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        with in_trace_of(headers.get("traceparent")):
            await self._answer(scope, headers, receive, send)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        current = accept_request_id(headers.get("x-request-id"))
        request_id.set(current)
        client_address.set(_address(scope, headers))
        structlog.contextvars.clear_contextvars()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = current
            await send(message)

        started = time.perf_counter()
        REQUESTS_ACTIVE.inc()
        try:
            limit = self._body_limits.get(scope["path"], self._max_body_size)
            await self._in_time(scope, _limited(scope, receive, limit), send_with_id)
        except Exception as error:
            if status:
                get_logger().exception("answer_broken_off")
                raise
            await render(scope, error)(scope, receive, send_with_id)
        finally:
            REQUESTS_ACTIVE.dec()
            _record(scope, status, time.perf_counter() - started)

    async def _in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        seconds = deadline.accepted(Headers(scope=scope).get(deadline.HEADER))
        if seconds is None:
            await self._app(scope, receive, send)
            return
        bound = deadline.begin(seconds)

        async def send_unbound(message: Message) -> None:
            if not timer.expired():
                timer.reschedule(None)
            bound.lift()
            await send(message)

        try:
            async with asyncio.timeout(seconds) as timer:
                await self._app(scope, receive, send_unbound)
        except TimeoutError:
            if not timer.expired():
                raise
            raise UpstreamTimeout("This took longer than its caller waits.") from None
        finally:
            bound.lift()


def _address(scope: Scope, headers: Headers) -> str:
    """Where the request came from: as the gateway says, who writes the last hop, else the peer."""
    last_hop = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    if _ADDRESS.fullmatch(last_hop):
        return last_hop
    client = scope.get("client")
    return str(client[0]) if client else ""


def _limited(scope: Scope, receive: Receive, limit: int) -> Receive:
    """Count the body as it comes and refuse it where it passes the limit."""
    announced = int(Headers(scope=scope).get("content-length", "0"))
    received = announced if announced > limit else 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            # The framework lets only its own exceptions pass while it reads a body.
            raise HTTPException(413)
        return message

    return counted


def _record(scope: Scope, status: int, seconds: float) -> None:
    route = _template(scope)
    REQUEST_SECONDS.labels(scope["method"], route, status).observe(seconds)
    if scope["path"] not in _QUIET:
        get_logger().info("request", method=scope["method"], route=route, status=status, seconds=round(seconds, 5))


def _template(scope: Scope) -> str:
    context: Any = scope.get("fastapi", {})
    effective = context.get("effective_route_context") if isinstance(context, dict) else None
    path = getattr(effective, "path", None) or getattr(scope.get("route"), "path", None)
    return str(path) if path else "unmatched"
