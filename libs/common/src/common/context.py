"""What travels with a request: its id and its trace."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Id of the request or job that the current task works for; empty outside of one."""

client_address: ContextVar[str] = ContextVar("client_address", default="")
"""Address that the request of the current task came from; empty outside of one."""

_VALID_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_PROPAGATOR = TraceContextTextMapPropagator()


def accept_request_id(candidate: str | None) -> str:
    """Return the incoming id when it is well formed, else a new one (22 URL-safe characters)."""
    if candidate and _VALID_REQUEST_ID.fullmatch(candidate):
        return candidate
    return secrets.token_urlsafe(16)


def current_traceparent() -> str | None:
    """W3C ``traceparent`` of the current span, or None outside of one."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def on_behalf_of(req_id: str, traceparent: str | None) -> Iterator[None]:
    """Work for the request behind an event: what is left behind meanwhile carries its id and its trace."""
    token = request_id.set(req_id)
    attached = context.attach(_PROPAGATOR.extract({"traceparent": traceparent} if traceparent else {}))
    try:
        yield
    finally:
        context.detach(attached)
        request_id.reset(token)


@contextmanager
def in_trace_of(traceparent: str | None) -> Iterator[None]:
    """Go on in the trace that a request came with, where no span of our own does."""
    if not traceparent or trace.get_current_span().get_span_context().is_valid:
        yield
        return
    attached = context.attach(_PROPAGATOR.extract({"traceparent": traceparent}))
    try:
        yield
    finally:
        context.detach(attached)


def link_to(traceparent: str | None) -> list[trace.Link]:
    """Span links to the trace that caused a job, for work that happens later and elsewhere."""
    if not traceparent:
        return []
    extracted = _PROPAGATOR.extract({"traceparent": traceparent})
    span_context = trace.get_current_span(extracted).get_span_context()
    return [trace.Link(span_context)] if span_context.is_valid else []
