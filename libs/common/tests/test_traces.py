"""A trace goes on where a request leaves work behind: in its event, in its jobs, and in what the worker does."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from sqlalchemy import text
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from common.db import Database
from common.testing.plugin import Environment
from common.testing.ports import free_port
from common.testing.processes import ServiceProcess, WorkerProcess
from common.testing.upstream import serve
from common.testing.wait import eventually

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SELDOM = {"OTEL_BSP_SCHEDULE_DELAY": "60000"}
CAME = f"00-{TRACE_ID}-b7ad6b7169203331-01"


@dataclass
class Collector:
    """Where the processes send their spans, as an operator's collector takes them."""

    spans: list[Span] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = ExportTraceServiceRequest.FromString(await Request(scope, receive).body())
        self.spans += [
            span for resource in request.resource_spans for scoped in resource.scope_spans for span in scoped.spans
        ]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]


@dataclass
class Traced:
    """The toy service in two processes that send their spans to the collector."""

    http: httpx2.AsyncClient
    database: Database
    collector: Collector
    worker: WorkerProcess

    async def traceparents(self, table: str) -> list[str]:
        async with self.database.transaction() as session:
            return list(await session.scalars(text(f"SELECT traceparent FROM {table}")))

    async def job_span(self) -> Span:
        """The span of the one job that was done, which a worker that is stopped sends before it ends."""

        async def done() -> bool:
            async with self.database.transaction() as session:
                return bool(await session.scalar(text("SELECT count(*) FROM jobs WHERE state = 'done'")))

        await eventually(done, within=30, what="the job")
        assert await asyncio.to_thread(self.worker.end, signal.SIGTERM) == 0
        [span] = self.collector.named("job record")
        return span


@pytest.fixture
async def traced(toy_environment: Environment, tmp_path: Path) -> AsyncIterator[Traced]:
    collector = Collector()
    database = Database(toy_environment["DATABASE_URL"], service="toy", pool_size=2)
    async with serve(collector) as address:
        port = free_port()
        environment = {**toy_environment, "OTEL_EXPORTER_OTLP_ENDPOINT": address, "PORT": str(port)}
        service = ServiceProcess("toy", environment, tmp_path / "toy.log")
        worker = WorkerProcess("toy", environment | SELDOM, tmp_path / "toy-worker.log")
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            await eventually(lambda: is_up(http), within=30, what="the toy service")
            yield Traced(http, database, collector, worker)
        for process in (service, worker):
            process.end(signal.SIGKILL)
    await database.aclose()


async def is_up(http: httpx2.AsyncClient) -> bool:
    try:
        return (await http.get("/health/live")).is_success
    except httpx2.TransportError:
        return False


def assert_linked(span: Span, traceparent: str) -> None:
    """The job is a trace of its own that names the span which asked for it."""
    [link] = span.links
    assert traceparent == f"00-{link.trace_id.hex()}-{link.span_id.hex()}-01"
    assert span.trace_id.hex() != TRACE_ID
    assert not span.parent_span_id


async def test_a_job_is_linked_to_the_request_that_enqueued_it(traced: Traced) -> None:
    answer = await traced.http.post("/api/v1/jobs/record", headers={"traceparent": CAME})
    assert answer.status_code == 202
    [traceparent] = await traced.traceparents("jobs")
    assert traceparent.startswith(f"00-{TRACE_ID}-")
    assert traceparent != CAME, "the service's span is a child of the caller's"
    assert_linked(await traced.job_span(), traceparent)


async def test_a_job_that_an_event_caused_is_linked_to_the_request_behind_the_event(traced: Traced) -> None:
    answer = await traced.http.post("/api/v1/things", json={"name": "a"}, headers={"traceparent": CAME})
    assert answer.status_code == 201
    [traceparent] = await traced.traceparents("outbox")
    assert traceparent.startswith(f"00-{TRACE_ID}-")
    assert_linked(await traced.job_span(), traceparent)
    assert await traced.traceparents("jobs") == [traceparent]
