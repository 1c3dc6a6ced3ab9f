"""The token with which this service calls the others."""

import asyncio
import time
from collections.abc import Callable

import structlog

from common.errors import ServiceError, Unavailable
from common.http import EAGER, Breaker, ServiceClient, UpstreamRejected

TOKEN_PATH = "/internal/token"

_RENEW_BEFORE_S = 60.0
_LAST_MOMENT_S = 5.0

_log = structlog.get_logger(__name__)


class ServiceTokenSource:
    """Client-credentials tokens of auth (RFC 6749 4.4), renewed when less than a minute remains.

    However many calls wait, one request is under way. A token that is still good is handed out while
    the next one is fetched, so a slow auth is not felt.
    """

    def __init__(
        self,
        auth_url: str,
        client_id: str,
        secret: str,
        scope: str = "internal",
        *,
        client: ServiceClient | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": scope,
        }
        self._owned = None if client else ServiceClient(auth_url, name="auth-token", breaker=Breaker(EAGER))
        self._client = client or self._owned
        self._clock = clock
        self._token = ""
        self._expires_at = 0.0
        self._renew_at = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def token(self) -> str:
        """Return a token good for 5 s at least; raises ``Unavailable`` when auth gives none."""
        now = self._clock()
        if not self._token or now >= self._renew_at:
            fetching = self._start_fetch()
            if not self._token or now >= self._expires_at - _LAST_MOMENT_S:
                # Shielded: one caller who hangs up must not cancel the fetch that others wait for.
                await asyncio.shield(fetching)
        if not self._token or self._clock() >= self._expires_at:
            raise Unavailable("The services cannot sign in to each other at the moment.")
        return self._token

    def invalidate(self) -> None:
        """Forget the token: an upstream refused it."""
        self._token = ""

    async def aclose(self) -> None:
        """Stop a fetch under way and close the client if it was made here."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        if self._owned is not None:
            await self._owned.aclose()

    def _start_fetch(self) -> asyncio.Task[None]:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _fetch(self) -> None:
        assert self._client is not None
        try:
            # Asking twice does no harm, so it may be retried although it is a POST.
            response = await self._client.post(TOKEN_PATH, data=self._form, idempotent=True)
            answer = response.json()
            token, lifetime_s = str(answer["access_token"]), float(answer["expires_in"])
        except (ServiceError, UpstreamRejected, ValueError, KeyError, TypeError) as error:
            _log.warning("service_token_failed", error=type(error).__name__, reason=str(error))
            return
        now = self._clock()
        self._token = token
        self._expires_at = now + lifetime_s
        self._renew_at = now + lifetime_s - min(_RENEW_BEFORE_S, lifetime_s / 2)
