"""The only place where HTTP clients are made: every call has a deadline, a retry budget and a breaker."""

from common.http.breaker import EAGER, Breaker, BreakerPolicy, BreakerState, Permit
from common.http.client import ServiceClient, TokenSource
from common.http.rejected import UpstreamRejected
from common.http.retry import RetryBudget, RetryPolicy

__all__ = [
    "EAGER",
    "Breaker",
    "BreakerPolicy",
    "BreakerState",
    "Permit",
    "RetryBudget",
    "RetryPolicy",
    "ServiceClient",
    "TokenSource",
    "UpstreamRejected",
]
