"""Prometheus metrics that every process has; a service adds its own beside them.

Names follow the OpenTelemetry semantic conventions where they exist.
"""

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from common.durations import Durations

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUEST_SECONDS = Durations(
    "http_server_request_duration_seconds",
    "Time to answer a request, by route template",
    ["method", "route", "status"],
    buckets=_SECONDS,
)
REQUESTS_ACTIVE = Gauge("http_server_active_requests", "Requests being answered")
JOB_SECONDS = Histogram(
    "job_duration_seconds", "Time of one attempt at a job", ["kind", "outcome"], buckets=(*_SECONDS, 60, 300)
)
JOBS = Gauge("jobs", "Job rows by state", ["kind", "state"])
JOB_OLDEST_SECONDS = Gauge("job_oldest_queued_seconds", "Age of the oldest job that is due and not started")
OUTBOX_PENDING = Gauge("outbox_pending_events", "Events written and not yet published")
OUTBOX_LAG_SECONDS = Gauge("outbox_lag_seconds", "Age of the oldest event not yet published")
EVENTS_PULLED = Counter("events_pulled_total", "Events taken in from a publisher", ["publisher", "type"])
WAKE_FAILURES = Counter("queue_wake_failures_total", "Wake-ups that Redis did not take; the poll makes up for them")
DB_POOL_IN_USE = Gauge("db_client_connections_in_use", "Connections taken from the pool")
LOOP_LAG_SECONDS = Gauge("event_loop_lag_seconds", "Latest delay of a timer in the event loop")


async def metrics_endpoint(_request: Request) -> Response:
    """Answer ``GET /metrics``."""
    return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})
