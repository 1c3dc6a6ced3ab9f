"""OpenTelemetry tracing, on when an endpoint for spans is set."""

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def configure_traces(service: str, *, version: str, otlp_endpoint: str | None) -> TracerProvider | None:
    """Export the process's spans to the endpoint; ``shutdown()`` of what is returned flushes them.

    Without an endpoint no span is made and nothing leaves the machine; request ids and the trace that a request came
    with tie logs, jobs and events together all the same.
    """
    if not otlp_endpoint:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - heavy, rare

    resource = Resource.create({"service.name": service, "service.version": version})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    endpoint = f"{otlp_endpoint.rstrip('/')}/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)
    return provider
