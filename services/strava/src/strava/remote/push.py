"""Strava's push subscriptions: one per application."""

from typing import Any

import orjson

from common.errors import UpstreamFailed
from common.http import ServiceClient, UpstreamRejected
from strava.remote.api import read
from strava.remote.errors import LimitExceeded, is_error, typed
from strava.remote.quota import SharedQuota
from strava.remote.shapes import PushSubscription

_PATH = "/push_subscriptions"


class AlreadySubscribed(Exception):
    """The application has its one subscription."""


class CallbackUnreachable(Exception):
    """Strava asked the callback address and did not get the right answer."""


class PushSubscriptions:
    """View, create and delete the subscription with the application's credentials."""

    def __init__(self, client: ServiceClient, quota: SharedQuota, *, client_id: str, client_secret: str) -> None:
        self._client = client
        self._quota = quota
        self._own = {"client_id": client_id, "client_secret": client_secret}

    async def view(self) -> list[PushSubscription]:
        """The application's subscriptions: none or one."""
        found = await self._send("GET", _PATH, params=self._own)
        return [read(PushSubscription, each) for each in found] if isinstance(found, list) else []

    async def create(self, *, callback_url: str, verify_token: str) -> PushSubscription:
        """Subscribe; while this call is open Strava asks the callback.

        Raises ``AlreadySubscribed`` or ``CallbackUnreachable``.
        """
        form = self._own | {"callback_url": callback_url, "verify_token": verify_token}
        return read(PushSubscription, await self._send("POST", _PATH, data=form))

    async def delete(self, subscription_id: int) -> None:
        await self._send("DELETE", f"{_PATH}/{subscription_id}", params=self._own)

    async def _send(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = await self._client.request(method, path, **options)
        except UpstreamRejected as rejected:
            if is_error(rejected, "already exists"):
                raise AlreadySubscribed from rejected
            if is_error(rejected, "not verifiable"):
                raise CallbackUnreachable from rejected
            error = typed(rejected)
            if isinstance(error, LimitExceeded):
                raise await self._quota.exceeded(rejected.headers) from rejected
            raise error from rejected
        try:
            return orjson.loads(response.content) if response.content else None
        except orjson.JSONDecodeError:
            raise UpstreamFailed("Strava's answer about subscriptions is not JSON.") from None
