"""What every outgoing call reports."""

from prometheus_client import Counter, Gauge

from common.durations import Durations

REQUEST_DURATION = Durations(
    "http_client_request_duration_seconds",
    "Duration of one attempt of an outgoing request; status is the code or what happened instead",
    ["name", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
BREAKER_STATE = Gauge(
    "http_client_breaker_state",
    "State of the circuit breaker of an upstream: 0 closed, 1 half-open, 2 open",
    ["name"],
)
RETRIES = Counter("http_client_retries", "Attempts after the first", ["name"])
RETRIES_DENIED = Counter("http_client_retries_denied", "Retries that the budget refused", ["name"])
