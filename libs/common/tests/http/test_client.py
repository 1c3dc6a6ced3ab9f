"""The client against real servers on loopback: well, slow, refusing and flapping."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx2
import pytest
from opentelemetry import trace
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from common.context import request_id
from common.errors import Unavailable, UpstreamFailed, UpstreamTimeout
from common.http import (
    Breaker,
    BreakerPolicy,
    BreakerState,
    RetryBudget,
    RetryPolicy,
    ServiceClient,
    UpstreamRejected,
)
from common.testing.upstream import serve
from common.testing.wait import eventually

METHODS = ["GET", "POST", "PUT", "DELETE"]


class Upstream:
    """Answers with the next of ``script`` (a status, or "hang"), then 200; remembers what it was asked."""

    def __init__(
        self,
        *script: int | str,
        headers: dict[str, str] | None = None,
        always: int | str = 200,
        app: Starlette | None = None,
    ) -> None:
        self.script = list(script)
        self.always = always
        self.headers = headers or {}
        self.requests: list[Request] = []
        self.bodies: list[bytes] = []
        self._released = asyncio.Event()
        self.app = app or Starlette(routes=[Route("/{path:path}", self._answer, methods=METHODS)])

    async def _answer(self, request: Request) -> Response:
        self.requests.append(request)
        self.bodies.append(await request.body())
        step = self.script.pop(0) if self.script else self.always
        if isinstance(step, str):
            await self._released.wait()
            step = 200
        return JSONResponse({"status": step}, status_code=step, headers=self.headers)

    def release(self) -> None:
        self._released.set()


@asynccontextmanager
async def calling(upstream: Upstream, **settings: object) -> AsyncIterator[ServiceClient]:
    async with serve(upstream.app) as url:
        client = ServiceClient(url, name="test", **settings)  # type: ignore[arg-type]  # keywords of the test
        try:
            yield client
        finally:
            upstream.release()
            await client.aclose()


async def arrived(upstream: Upstream, number: int) -> bool:
    return len(upstream.requests) >= number


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sample(metric: str, /, **labels: str) -> float:
    return REGISTRY.get_sample_value(metric, labels) or 0.0


async def test_an_answer_comes_back_with_its_body() -> None:
    upstream = Upstream()
    async with calling(upstream) as client:
        response = await client.get("/things", params={"limit": 3}, headers={"Accept": "application/json"})
    assert response.json() == {"status": 200}
    assert str(upstream.requests[0].url).endswith("/things?limit=3")
    assert upstream.requests[0].headers["accept"] == "application/json"


async def test_the_request_id_and_the_trace_travel_along() -> None:
    upstream = Upstream()
    parent = trace.NonRecordingSpan(trace.SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=trace.TraceFlags(1)))
    token = request_id.set("request-1234")
    try:
        async with calling(upstream) as client:
            with trace.use_span(parent):
                await client.get("/")
    finally:
        request_id.reset(token)
    assert upstream.requests[0].headers["x-request-id"] == "request-1234"
    assert f"{0xABC:032x}" in upstream.requests[0].headers["traceparent"]


async def test_a_404_is_a_rejection_with_the_problem() -> None:
    async def missing(_: Request) -> Response:
        return JSONResponse(
            {"code": "activity.not_found", "title": "Not found"},
            status_code=404,
            media_type="application/problem+json",
        )

    async with serve(Starlette(routes=[Route("/x", missing)])) as url:
        client = ServiceClient(url, name="test")
        with pytest.raises(UpstreamRejected) as caught:
            await client.get("/x")
        await client.aclose()
    assert (caught.value.status_code, caught.value.code) == (404, "activity.not_found")
    assert caught.value.problem["title"] == "Not found"


async def test_a_rejection_without_a_problem_document_has_a_code_too() -> None:
    async def teapot(_: Request) -> Response:
        return PlainTextResponse("no", status_code=429, headers={"Retry-After": "9"})

    async with serve(Starlette(routes=[Route("/x", teapot)])) as url:
        client = ServiceClient(url, name="test")
        with pytest.raises(UpstreamRejected) as caught:
            await client.get("/x")
        await client.aclose()
    assert (caught.value.code, caught.value.problem, caught.value.retry_after_s) == ("upstream.rejected", {}, 9)
    assert caught.value.headers["retry-after"] == "9"


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_flapping_upstream_is_asked_again(status: int) -> None:
    upstream = Upstream(status, status)
    before = sample("http_client_retries_total", name="test")
    async with calling(upstream) as client:
        assert (await client.get("/")).status_code == 200
    assert len(upstream.requests) == 3
    assert sample("http_client_retries_total", name="test") == before + 2


async def test_a_post_is_not_repeated_unless_it_is_said_to_be_idempotent() -> None:
    upstream = Upstream(503)
    async with calling(upstream) as client:
        with pytest.raises(Unavailable):
            await client.post("/", json={"a": 1})
        assert len(upstream.requests) == 1
        upstream.script = [503]
        await client.post("/", json={"a": 1}, idempotent=True)
    assert upstream.bodies[1:] == [b'{"a":1}', b'{"a":1}']


async def test_a_500_is_not_repeated_and_does_not_open_the_breaker() -> None:
    upstream = Upstream(always=500)
    async with calling(upstream) as client:
        for _ in range(8):
            with pytest.raises(UpstreamFailed):
                await client.get("/")
        assert client.breaker.state is BreakerState.CLOSED
    assert len(upstream.requests) == 8


async def test_retry_after_is_waited_for() -> None:
    upstream = Upstream(503, headers={"Retry-After": "1"})
    async with calling(upstream) as client:
        started = time.monotonic()
        await client.get("/")
        assert time.monotonic() - started >= 1.0


async def test_retry_after_beyond_the_deadline_fails_at_once_and_is_passed_on() -> None:
    upstream = Upstream(503, headers={"Retry-After": "30"})
    async with calling(upstream) as client:
        started = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            await client.get("/")
        assert time.monotonic() - started < 4  # no try waits that long
    assert caught.value.retry_after_s == 30
    assert len(upstream.requests) == 1


async def test_the_budget_stops_a_storm_of_retries() -> None:
    upstream = Upstream(always=503)
    tolerant = Breaker(BreakerPolicy(consecutive_failures=10_000, minimum_calls=10_000, silence_s=1000))
    before = sample("http_client_retries_denied_total", name="test")
    async with calling(upstream, breaker=tolerant, retry=RetryPolicy(base_s=0.001)) as client:
        for _ in range(50):
            with pytest.raises(Unavailable):
                await client.get("/")
    # 50 requests, a fifth of them again, and the reserve of 3
    assert len(upstream.requests) == 63
    assert sample("http_client_retries_denied_total", name="test") > before


async def test_a_refusing_upstream_fails_and_soon_is_left_alone() -> None:
    client = ServiceClient(f"http://127.0.0.1:{free_port()}", name="refusing", budget=RetryBudget(reserve=100))
    with pytest.raises(UpstreamFailed):
        await client.get("/")
    with pytest.raises(Unavailable) as caught:
        await client.get("/")
    assert client.breaker.state is BreakerState.OPEN
    assert caught.value.retry_after_s is not None
    assert caught.value.retry_after_s >= 1
    assert sample("http_client_breaker_state", name="refusing") == 2
    await client.aclose()


async def test_a_hanging_upstream_is_cut_off_within_five_seconds_of_sequential_calls() -> None:
    upstream = Upstream(always="hang")
    async with calling(upstream) as client:
        started = time.monotonic()
        while client.breaker.state is not BreakerState.OPEN:
            with pytest.raises((UpstreamTimeout, Unavailable)):
                await client.get("/")
        assert time.monotonic() - started <= 5.0
        refused = time.monotonic()
        with pytest.raises(Unavailable):
            await client.get("/")
        assert time.monotonic() - refused < 1  # a try would have taken 2


async def test_a_breaker_closes_by_itself_when_the_upstream_is_back() -> None:
    upstream = Upstream(always=503)
    breaker = Breaker(BreakerPolicy(cool_down_s=0.05))
    async with calling(upstream, breaker=breaker, retry=RetryPolicy(attempts=1)) as client:
        for _ in range(5):
            with pytest.raises(Unavailable):
                await client.get("/")
        upstream.always = 200

        async def answered() -> bool:
            try:
                return (await client.get("/")).status_code == httpx2.codes.OK
            except Unavailable:
                return False

        await eventually(answered, within=5)
        assert breaker.state is BreakerState.CLOSED


async def test_a_call_ends_at_its_deadline_with_all_its_retries() -> None:
    upstream = Upstream(always="hang")
    async with calling(upstream, timeout=1.5, attempt_timeout=0.4) as client:
        started = time.monotonic()
        with pytest.raises(UpstreamTimeout):
            await client.get("/")
        assert 1.0 <= time.monotonic() - started < 10  # no try begins that has no time left; a machine may be busy
    assert 2 <= len(upstream.requests) <= 4
    assert sample("http_client_request_duration_seconds_count", name="test", method="GET", status="timeout") >= 2


async def test_a_call_with_its_own_timeout_may_be_slow() -> None:
    upstream = Upstream("hang")
    async with calling(upstream, timeout=0.2, attempt_timeout=0.1) as client:
        asyncio.get_running_loop().call_later(0.4, upstream.release)
        assert (await client.get("/", timeout=5)).status_code == 200
    assert len(upstream.requests) == 1


async def test_callers_who_hang_up_leave_pool_and_breaker_as_they_were() -> None:
    upstream = Upstream(*["hang"] * 20)
    async with calling(upstream, max_connections=2) as client:
        for number in range(1, 21):
            call = asyncio.create_task(client.get("/"))
            await eventually(partial(arrived, upstream, number), within=5)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        assert client.breaker.state is BreakerState.CLOSED
        assert (await client.get("/")).status_code == 200


async def test_a_connection_that_the_upstream_closed_meanwhile_is_replaced() -> None:
    """The second connection is answered; the first is closed with a request on it, as at a restart."""
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        if connections > 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    client = ServiceClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", name="test")
    assert (await client.get("/")).text == "ok"
    await client.aclose()
    server.close()
    await server.wait_closed()


class Tokens:
    def __init__(self) -> None:
        self.current = "old"

    async def token(self) -> str:
        return self.current

    def invalidate(self) -> None:
        self.current = "new"


async def test_the_token_is_sent_and_renewed_once_when_refused() -> None:
    upstream = Upstream(401)
    async with calling(upstream, tokens=Tokens()) as client:
        await client.post("/")
    assert [request.headers["authorization"] for request in upstream.requests] == ["Bearer old", "Bearer new"]


async def test_a_token_refused_twice_is_a_rejection() -> None:
    upstream = Upstream(401, 401)
    async with calling(upstream, tokens=Tokens()) as client:
        with pytest.raises(UpstreamRejected) as caught:
            await client.get("/")
    assert caught.value.status_code == 401


async def test_a_caller_may_bring_its_own_authorization() -> None:
    upstream = Upstream()
    async with calling(upstream, tokens=Tokens()) as client:
        await client.get("/", headers={"Authorization": "Bearer of-the-user"})
    assert upstream.requests[0].headers["authorization"] == "Bearer of-the-user"


@pytest.mark.parametrize("path", ["//elsewhere.example/x", "http://elsewhere.example/x", "x", ""])
async def test_a_path_cannot_lead_to_another_host(path: str) -> None:
    client = ServiceClient("http://127.0.0.1:1", name="test")
    with pytest.raises(ValueError, match="one slash"):
        await client.get(path)
    await client.aclose()


async def test_redirects_are_answers_and_are_not_followed() -> None:
    upstream = Upstream(302, headers={"Location": "http://elsewhere.example/"})
    async with calling(upstream) as client:
        assert (await client.get("/")).status_code == httpx2.codes.FOUND
    assert len(upstream.requests) == 1


class TestStreams:
    """Bodies that are too large to hold."""

    @staticmethod
    def large(*, cut_off: bool = False) -> Starlette:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(64):
                yield b"x" * 65536
            if cut_off:
                raise ConnectionResetError

        async def answer(_request: Request) -> Response:
            return StreamingResponse(chunks())

        return Starlette(routes=[Route("/{path:path}", answer)])

    async def test_a_body_comes_in_chunks(self) -> None:
        async with calling(Upstream(app=self.large())) as client, client.stream("/large") as chunks:
            sizes = [len(chunk) async for chunk in chunks]
        assert (sum(sizes), len(sizes) > 1) == (64 * 65536, True)

    async def test_a_body_that_is_cut_off_is_an_error(self) -> None:
        async with calling(Upstream(app=self.large(cut_off=True))) as client:
            with pytest.raises(UpstreamFailed):
                async with client.stream("/large") as chunks:
                    async for _ in chunks:
                        pass

    @pytest.mark.parametrize(("status", "kind"), [(404, UpstreamRejected), (500, UpstreamFailed), (503, Unavailable)])
    async def test_errors_are_those_of_other_calls(self, status: int, kind: type[Exception]) -> None:
        async with calling(Upstream(always=status)) as client:
            with pytest.raises(kind):
                async with client.stream("/large"):
                    pass

    async def test_an_upstream_that_is_away_is_left_alone_after_a_while(self) -> None:
        client = ServiceClient(
            "http://127.0.0.1:9", name="away", breaker=Breaker(BreakerPolicy(consecutive_failures=2))
        )
        for expected in (UpstreamFailed, UpstreamFailed, Unavailable):
            with pytest.raises(expected):
                async with client.stream("/large"):
                    pass
        await client.aclose()
