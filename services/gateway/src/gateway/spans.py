"""A span for each request, where traces are wanted; without them the gateway only hands trace ids on."""

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway.inbound import Inbound
from gateway.records import Record

_PROPAGATOR = TraceContextTextMapPropagator()
_SERVER_ERROR = 500


class Spans:
    """Begins and ends the spans of one process."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer(__name__)

    def begin(self, inbound: Inbound) -> Span:
        """Begin the span of a request; the service's becomes its child."""
        came = _PROPAGATOR.extract({"traceparent": inbound.traceparent.decode("ascii")}) if inbound.traced else None
        span = self._tracer.start_span(inbound.method, context=came, kind=SpanKind.SERVER)
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, trace.set_span_in_context(span))
        inbound.traceparent = carrier["traceparent"].encode("ascii")
        inbound.trace_id = carrier["traceparent"][3:35]
        return span

    @staticmethod
    def end(span: Span, inbound: Inbound, record: Record) -> None:
        """End the span with what is known now. Names follow OpenTelemetry's conventions for HTTP."""
        span.update_name(f"{inbound.method} {record.template}")
        span.set_attribute("http.request.method", inbound.method)
        span.set_attribute("http.route", record.template)
        span.set_attribute("http.response.status_code", record.status)
        if record.upstream:
            span.set_attribute("peer.service", record.upstream)
        if record.broken or record.status >= _SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR))
        span.end()
