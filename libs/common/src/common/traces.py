"""OpenTelemetry tracing: always on for ids, exported when an endpoint is set."""

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def configure_traces(service: str, *, version: str, otlp_endpoint: str | None) -> TracerProvider:
    """Set the process's tracer provider and return it; ``shutdown()`` flushes it.

    Without an endpoint spans still carry ids into logs, jobs and events, and nothing leaves the machine.
    """
    resource = Resource.create({"service.name": service, "service.version": version})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    if otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - heavy, rare

        endpoint = f"{otlp_endpoint.rstrip('/')}/v1/traces"
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    if not isinstance(trace.get_tracer_provider(), TracerProvider):  # a process has one; the first stays
        trace.set_tracer_provider(provider)
    return provider
