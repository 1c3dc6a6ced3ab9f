"""Personal access tokens: opaque to everybody but auth, which gives a short access token for one."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, Protocol

from common.errors import UpstreamFailed
from common.http import ServiceClient, UpstreamRejected
from common.tokens.identity import TokenRefused

PERSONAL_PREFIX = "rt_pat_"
EXCHANGE_PATH = "/internal/personal-tokens"

_MAX_LENGTH = 200
_LAST_MOMENT_S = 30.0
_NOT_FOUND = 404


class PersonalTokens(Protocol):
    """Who gives access tokens for personal ones."""

    async def access_token(self, personal: str, address: str = "") -> str:
        """Return an access token; raises ``TokenRefused``, ``Unavailable`` when nobody can say."""


class _Given(NamedTuple):
    access_token: str
    good_until: float


class PersonalTokenExchange:
    """Asks auth, once for all who wait, and remembers the answer by the token's SHA-256 until it is about to expire.

    A revocation is not noticed here: the access token names the personal one as its session, so it is revoked as
    sessions are.
    """

    def __init__(
        self, auth: ServiceClient, *, remembered: int = 4096, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._auth = auth
        self._remembered = remembered
        self._clock = clock
        self._given: OrderedDict[bytes, _Given] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[str]] = {}

    async def access_token(self, personal: str, address: str = "") -> str:
        """Return an access token for a personal one; ``address`` is its user's.

        Raises ``TokenRefused`` when auth knows no such token, and what ``ServiceClient`` raises when auth is away.
        """
        if len(personal) > _MAX_LENGTH or not personal.isascii():
            raise TokenRefused("The personal access token is not valid.", code="auth.token_malformed")
        digest = hashlib.sha256(personal.encode()).digest()
        given = self._given.get(digest)
        if given is not None and self._clock() < given.good_until:
            return given.access_token
        asking = self._asking.get(digest)
        if asking is None:
            asking = self._asking[digest] = asyncio.create_task(self._ask(digest, personal, address))
            asking.add_done_callback(lambda _task: self._asking.pop(digest, None))
        # Shielded: one caller who hangs up must not cancel the call that others wait for.
        return await asyncio.shield(asking)

    async def aclose(self) -> None:
        """Stop calls under way."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _ask(self, digest: bytes, personal: str, address: str) -> str:
        try:
            # Asking twice does no harm, so it may be retried although it is a POST.
            response = await self._auth.post(
                EXCHANGE_PATH, json={"token": personal, "address": address}, idempotent=True
            )
        except UpstreamRejected as error:
            if error.status_code == _NOT_FOUND:
                raise TokenRefused("The personal access token is not valid any more.") from None
            raise
        try:
            answer = response.json()
            token, lifetime_s = str(answer["access_token"]), float(answer["expires_in"])
        except (ValueError, KeyError, TypeError):
            raise UpstreamFailed("auth gave no access token.") from None
        self._given[digest] = _Given(token, self._clock() + lifetime_s - _LAST_MOMENT_S)
        self._given.move_to_end(digest)
        while len(self._given) > self._remembered:
            self._given.popitem(last=False)
        return token
