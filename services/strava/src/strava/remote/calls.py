"""One call to Strava's API with an athlete's token: admitted by the limits, learned from, its refusal typed."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from common.errors import Unavailable, UpstreamFailed, UpstreamTimeout
from common.http import BreakerState, RetryBudget, RetryPolicy, ServiceClient, UpstreamRejected
from strava.remote.errors import LimitExceeded, typed
from strava.remote.quota import SharedQuota

FAILURES = (Unavailable, UpstreamFailed, UpstreamTimeout)


class Calls:
    """Errors are those of ``remote.errors`` and of ``ServiceClient``.

    ``client`` must not try again by itself: every attempt counts at Strava and is admitted here.
    """

    def __init__(self, client: ServiceClient, quota: SharedQuota) -> None:
        self._client = client
        self._quota = quota
        self._retry = RetryPolicy()
        self._budget = RetryBudget()

    async def read(self, path: str, token: str, params: Mapping[str, str] | None = None, *, urgent: bool) -> Any:
        """Read ``path`` and return its JSON; tried again a little later where that may help.

        A call that is not ``urgent`` is refused while only the reserve of the rate limit is left.
        """
        self._budget.record_request()
        for attempt in range(1, self._retry.attempts):
            try:
                return await self._send("GET", path, token, urgent=urgent, params=params)
            except FAILURES as error:
                if not self._may_help(error) or not self._budget.try_spend():
                    raise
            await asyncio.sleep(self._retry.backoff(attempt))
        return await self._send("GET", path, token, urgent=urgent, params=params)

    def _may_help(self, error: Exception) -> bool:
        """Whether Strava may answer the next moment: not where it told what is wrong, nor while nobody asks it."""
        return type(error) in FAILURES and self._client.breaker.state is not BreakerState.OPEN

    async def rest(self) -> None:
        """Wait until the breaker lets somebody ask again."""
        await asyncio.sleep(self._client.breaker.retry_after_s)

    async def write(self, method: str, path: str, token: str, **options: Any) -> Any:
        """Send once, never again by itself, and return the answer's JSON."""
        return await self._send(method, path, token, urgent=True, idempotent=False, **options)

    async def _send(self, method: str, path: str, token: str, *, urgent: bool, **options: Any) -> Any:
        admission = await self._quota.admit(urgent=urgent, reading=method == "GET")
        asked = self._client.breaker.state is not BreakerState.OPEN
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        answered: Mapping[str, str] | None = None
        try:
            response = await self._client.request(method, path, headers=headers, **options)
            answered = response.headers
        except UpstreamRejected as rejected:
            answered = rejected.headers
            error = typed(rejected)
            if isinstance(error, LimitExceeded):
                raise await self._quota.exceeded(rejected.headers, admission.began) from rejected
            raise error from rejected
        finally:
            await self._quota.settle(admission, answered, reached=asked)
        try:
            return orjson.loads(response.content)
        except orjson.JSONDecodeError:
            raise UpstreamFailed("Strava's answer is not JSON.") from None
