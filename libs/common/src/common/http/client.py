"""A pooled client for one upstream."""

import asyncio
import functools
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx2
from opentelemetry import trace

from common import deadline
from common.context import current_traceparent, request_id
from common.errors import ServiceError, Unavailable, UpstreamFailed, UpstreamTimeout
from common.http import metrics
from common.http.breaker import Breaker, Permit
from common.http.rejected import UpstreamRejected, read_problem
from common.http.retry import (
    IDEMPOTENT_METHODS,
    RETRYABLE_STATUSES,
    RetryBudget,
    RetryPolicy,
    parse_retry_after,
)

_CONNECT_S = 1.0
# Ours keep an idle connection for 75 s; what others do is not known, so theirs is kept no longer than the library does.
_KEPT_IDLE_S, _KEPT_IDLE_ELSEWHERE_S = 60.0, 5.0
_TRACER = trace.get_tracer(__name__)


class TokenSource(Protocol):
    """Where the bearer token of outgoing calls comes from."""

    async def token(self) -> str:
        """Return a token that is good for the next seconds."""

    def invalidate(self) -> None:
        """Forget the token: the upstream refused it."""


@dataclass(slots=True)
class _Call:
    """One request of a caller, however many attempts it takes."""

    method: str
    path: str
    arguments: dict[str, Any]
    headers: dict[str, str]
    attempt_s: float
    deadline: float
    may_retry: bool
    hurried: bool
    attempt: int = field(default=1)

    def remaining_s(self) -> float:
        return self.deadline - time.monotonic()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Either an answer or the error that the caller gets unless a retry helps."""

    response: httpx2.Response | None = None
    error: ServiceError | None = None
    retryable: bool = False
    asked_s: float = 0.0


class ServiceClient:
    """Calls one upstream: one connection pool, one breaker and one retry budget for the whole process.

    ``timeout`` bounds a call with all its retries, ``attempt_timeout`` one attempt and ``connect_timeout`` its
    connecting, all in seconds.
    A call that names its own ``timeout`` is expected to be slow: its attempts may use all of it. No call takes longer
    than the caller of the request that is worked on waits.

    Errors: ``Unavailable`` while the breaker is open and for a 503, ``UpstreamTimeout``,
    ``UpstreamFailed`` for broken connections and other 5xx, ``UpstreamRejected`` for 4xx. Redirects
    are not followed.
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str,
        timeout: float = 5.0,
        attempt_timeout: float = 2.0,
        connect_timeout: float = _CONNECT_S,
        tokens: TokenSource | None = None,
        retry: RetryPolicy | None = None,
        breaker: Breaker | None = None,
        budget: RetryBudget | None = None,
        headers: Mapping[str, str] | None = None,
        max_connections: int = 32,
        trust_env: bool = False,
    ) -> None:
        self.name = name
        self.breaker = breaker or Breaker()
        self.breaker.watch(metrics.BREAKER_STATE.labels(name).set)
        self._timeout_s = timeout
        self._attempt_s = min(attempt_timeout, timeout)
        self._connect_s = connect_timeout
        self._tokens = tokens
        self._retry = retry or RetryPolicy()
        self._budget = budget or RetryBudget()
        self._client = httpx2.AsyncClient(
            base_url=base_url,
            headers=dict(headers or {}),
            limits=httpx2.Limits(
                max_connections=max_connections,
                max_keepalive_connections=max_connections,
                keepalive_expiry=_KEPT_IDLE_S if tokens else _KEPT_IDLE_ELSEWHERE_S,
            ),
            verify=_tls(base_url),
            trust_env=trust_env,
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - a deadline over retries, turned into a typed error
        idempotent: bool | None = None,
    ) -> httpx2.Response:
        """Send a request and return its answer below 400.

        ``path`` starts with one slash. ``idempotent=True`` allows retries of a method that has none
        by itself, such as a POST with an idempotency key. Raises what the class names.
        """
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError(f"a path starts with one slash: {path!r}")
        arguments = {"params": params, "json": json, "data": data, "content": content}
        allowed_s = self._allowed_s(timeout or self._timeout_s)
        call = _Call(
            method=method.upper(),
            path=path,
            arguments={key: value for key, value in arguments.items() if value is not None},
            headers=dict(headers or {}),
            attempt_s=timeout or self._attempt_s,
            deadline=time.monotonic() + allowed_s,
            may_retry=idempotent if idempotent is not None else method.upper() in IDEMPOTENT_METHODS,
            hurried=allowed_s < min(self._attempt_s, timeout or self._timeout_s),
        )
        with _TRACER.start_as_current_span(
            f"{call.method} {self.name}",
            kind=trace.SpanKind.CLIENT,
            attributes={"http.request.method": call.method, "peer.service": self.name},
        ) as span:
            response = await self._until_answered(call)
            span.set_attribute("http.response.status_code", response.status_code)
            return self._accept(response)

    @asynccontextmanager
    async def stream(self, path: str, *, silence: float = 30.0) -> AsyncIterator[AsyncIterator[bytes]]:
        """GET a body that is too large to hold: gives its chunks. One attempt; ``silence`` s without a byte end it.

        Raises what the class names, also in the midst of the body, where ``UpstreamFailed`` says that it was cut off.
        """
        permit = self.breaker.try_acquire()
        if permit is None:
            raise Unavailable(f"The {self.name} service does not answer at the moment.", retry_after_s=5)
        try:
            headers = self._context_headers()
            if self._tokens:
                headers["Authorization"] = f"Bearer {await self._tokens.token()}"
            limits = httpx2.Timeout(silence, connect=self._connect_s)
            async with self._client.stream("GET", path, headers=headers, timeout=limits) as response:
                if response.status_code >= httpx2.codes.BAD_REQUEST:
                    await response.aread()  # what went wrong
                yield self._accept(self._judged(response, permit)).aiter_bytes()
        except httpx2.HTTPError:
            permit.failed()
            raise UpstreamFailed(f"The {self.name} service broke its answer off.") from None
        except BaseException:
            permit.abandoned()
            raise

    async def get(self, path: str, **keywords: Any) -> httpx2.Response:
        """Same as ``request("GET", ...)``."""
        return await self.request("GET", path, **keywords)

    async def post(self, path: str, **keywords: Any) -> httpx2.Response:
        """Same as ``request("POST", ...)``."""
        return await self.request("POST", path, **keywords)

    async def aclose(self) -> None:
        """Close the pooled connections; the client is of no use afterwards."""
        await self._client.aclose()

    @staticmethod
    def _allowed_s(timeout: float) -> float:
        """Return how long a call may take: no longer than who asked us waits. Raises ``UpstreamTimeout``."""
        left = deadline.remaining()
        if left is None:
            return timeout
        if left <= 0:
            raise UpstreamTimeout("There is no time left to ask another service.")
        return min(timeout, left)

    async def _until_answered(self, call: _Call) -> httpx2.Response:
        self._budget.record_request()
        renewed = False
        while True:
            outcome = await self._attempt(call)
            if outcome.response is not None:
                if outcome.response.status_code != httpx2.codes.UNAUTHORIZED or renewed or not self._tokens:
                    return outcome.response
                # Refused before anything was done: the token may have been signed with a key gone since.
                self._tokens.invalidate()
                renewed = True
                continue
            assert outcome.error is not None
            if not await self._wait_for_retry(call, outcome):
                raise outcome.error
            call.attempt += 1

    async def _wait_for_retry(self, call: _Call, outcome: _Outcome) -> bool:
        """Wait until the next attempt is due; False when there must be none."""
        if not (call.may_retry and outcome.retryable and call.attempt < self._retry.attempts):
            return False
        delay_s = max(outcome.asked_s, self._retry.backoff(call.attempt))
        if delay_s >= call.remaining_s():
            return False
        if not self._budget.try_spend():
            metrics.RETRIES_DENIED.labels(self.name).inc()
            return False
        metrics.RETRIES.labels(self.name).inc()
        await asyncio.sleep(delay_s)
        return True

    async def _attempt(self, call: _Call) -> _Outcome:
        headers = self._context_headers() | call.headers
        if self._tokens and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {await self._token(call)}"
        permit = self.breaker.try_acquire()
        if permit is None:
            raise Unavailable(
                f"The {self.name} service does not answer at the moment.",
                retry_after_s=max(1.0, self.breaker.retry_after_s),
            )
        started = time.perf_counter()
        try:
            outcome, status = await self._send(call, headers, permit)
        except BaseException:
            permit.abandoned()
            raise
        duration = time.perf_counter() - started
        metrics.REQUEST_DURATION.labels(self.name, call.method, status).observe(duration)
        return outcome

    async def _token(self, call: _Call) -> str:
        assert self._tokens is not None
        try:
            async with asyncio.timeout(call.remaining_s()):
                return await self._tokens.token()
        except TimeoutError:
            raise UpstreamTimeout from None

    async def _send(self, call: _Call, headers: dict[str, str], permit: Permit) -> tuple[_Outcome, str]:
        """Make one attempt, tell the breaker, and return the outcome with its label for the metrics."""
        limit_s = max(0.001, min(call.attempt_s, call.remaining_s()))
        if self._tokens:  # one of ours: it need not work longer than we wait
            headers[deadline.HEADER] = f"{limit_s:.3f}"
        limits = httpx2.Timeout(limit_s, connect=min(self._connect_s, limit_s))
        try:
            async with asyncio.timeout(limit_s):
                response = await self._client.request(
                    call.method, call.path, headers=headers, timeout=limits, **call.arguments
                )
        except (TimeoutError, httpx2.TimeoutException):
            # Less time than usual, since our own caller waits no longer: that says nothing of the service.
            (permit.abandoned if call.hurried else permit.failed)()
            error: ServiceError = UpstreamTimeout(f"The {self.name} service took too long to answer.")
            return _Outcome(error=error, retryable=True), "timeout"
        except httpx2.HTTPError:
            permit.failed()
            error = UpstreamFailed(f"The {self.name} service cannot be reached.")
            return _Outcome(error=error, retryable=True), "error"
        return self._judge(response, permit), str(response.status_code)

    def _judge(self, response: httpx2.Response, permit: Permit) -> _Outcome:
        retryable = response.status_code in RETRYABLE_STATUSES
        # A 500 is an answer: a fault on one route must not close the others.
        (permit.failed if retryable else permit.succeeded)()
        if response.status_code < httpx2.codes.INTERNAL_SERVER_ERROR:
            return _Outcome(response=response)
        asked_s = parse_retry_after(response.headers.get("Retry-After"))
        return _Outcome(error=self._failure(response.status_code, asked_s), retryable=retryable, asked_s=asked_s or 0.0)

    def _failure(self, status_code: int, asked_s: float | None) -> ServiceError:
        if status_code == httpx2.codes.SERVICE_UNAVAILABLE:
            return Unavailable(f"The {self.name} service is not ready.", retry_after_s=asked_s or 5)
        return UpstreamFailed(f"The {self.name} service failed to answer.", retry_after_s=asked_s)

    def _judged(self, response: httpx2.Response, permit: Permit) -> httpx2.Response:
        outcome = self._judge(response, permit)
        if outcome.error is not None:
            raise outcome.error
        return response

    def _accept(self, response: httpx2.Response) -> httpx2.Response:
        if response.status_code < httpx2.codes.BAD_REQUEST:
            return response
        problem = read_problem(response)
        code = problem.get("code")
        raise UpstreamRejected(
            self.name,
            response.status_code,
            code=code if isinstance(code, str) else "upstream.rejected",
            problem=problem,
            retry_after_s=parse_retry_after(response.headers.get("Retry-After")),
            headers=response.headers,
        )

    @staticmethod
    def _context_headers() -> dict[str, str]:
        found = {"X-Request-ID": request_id.get(), "traceparent": current_traceparent()}
        return {name: value for name, value in found.items() if value}


@functools.cache
def _trusted_roots() -> ssl.SSLContext:
    """Load the certificate authorities once: it costs tens of milliseconds and a megabyte each time."""
    return httpx2.create_ssl_context()


def _tls(base_url: str) -> ssl.SSLContext:
    if base_url.startswith("https:"):
        return _trusted_roots()
    # Never used over plain HTTP; trusting no authority, it fails closed should that ever change.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
