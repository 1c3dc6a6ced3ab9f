import asyncio
from pathlib import Path

import httpx2
from gateway_doubles import AuthDouble, Builder, Echo
from gateway_processes import process
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from gateway.inbound import Inbound
from gateway.records import Record
from gateway.spans import Spans

CAME = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def inbound(*headers: tuple[bytes, bytes]) -> Inbound:
    return Inbound(
        {
            "type": "http",
            "method": "GET",
            "path": "/api/v1/activities",
            "query_string": b"",
            "scheme": "http",
            "client": ("127.0.0.1", 1),
            "headers": list(headers),
        }
    )


def spans() -> tuple[Spans, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Spans(provider), exporter


def ended(record: Record, *headers: tuple[bytes, bytes]) -> tuple[Inbound, InMemorySpanExporter]:
    tracing, exporter = spans()
    request = inbound(*headers)
    Spans.end(tracing.begin(request), request, record)
    return request, exporter


def test_a_span_stands_between_the_caller_and_the_service() -> None:
    record = Record()
    record.template, record.status, record.upstream = "/api/v1/activities/**", 200, "strava"
    request, exporter = ended(record, (b"traceparent", CAME))
    (span,) = exporter.get_finished_spans()
    assert span.name == "GET /api/v1/activities/**"
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"
    assert f"{span.context.trace_id:032x}" == request.trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert request.traceparent == f"00-{request.trace_id}-{span.context.span_id:016x}-01".encode()
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/api/v1/activities/**",
        "http.response.status_code": 200,
        "peer.service": "strava",
    }


def test_a_request_without_a_trace_begins_one() -> None:
    request, exporter = ended(Record())
    (span,) = exporter.get_finished_spans()
    assert span.parent is None
    assert f"{span.context.trace_id:032x}" == request.trace_id


def test_a_failure_of_ours_marks_the_span() -> None:
    record = Record()
    record.status = 503
    _, exporter = ended(record)
    assert exporter.get_finished_spans()[0].status.status_code is StatusCode.ERROR


async def test_the_gateway_traces_where_an_endpoint_is_set(builder: Builder, redis_url: str, tmp_path: Path) -> None:
    auth, strava, collector = AuthDouble(), Echo("strava"), Echo("collector")
    told = {
        "AUTH_URL": await builder.serve(auth),
        "STRAVA_URL": await builder.serve(strava),
        "REDIS_URL": redis_url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": await builder.serve(collector),
    }
    async with process(tmp_path / "log", **told) as (running, url), httpx2.AsyncClient(trust_env=False) as client:
        headers = auth.mint.headers() | {"traceparent": CAME.decode()}
        assert (await client.get(f"{url}/api/v1/activities", headers=headers)).status_code == 200
        running.terminate()
        assert await asyncio.to_thread(running.wait, 20) is not None
    went_on = strava.seen[0].header("traceparent") or ""
    assert went_on.startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert went_on != CAME.decode(), "the service's span is the child of the gateway's"
    assert {seen.target for seen in collector.seen} == {"/v1/traces"}
