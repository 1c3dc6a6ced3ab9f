"""Strava's OAuth: where to send the athlete, and what codes and tokens are exchanged for."""

import base64
from typing import TypeVar
from urllib.parse import urlencode

import orjson
from pydantic import BaseModel

from common.errors import UpstreamFailed
from common.http import ServiceClient, UpstreamRejected
from strava.remote.api import read
from strava.remote.errors import LimitExceeded, StravaNotFound, TokenInvalid, typed
from strava.remote.quota import SharedQuota
from strava.remote.shapes import Grant, TokenPair

READING_ALL = "activity:read_all"
"""Shows private activities as well."""

READING = frozenset({"activity:read", READING_ALL})
"""One of these is needed to fetch activities."""

SCOPES = ("read", READING_ALL, "profile:read_all")

WRITING = "activity:write"
"""Needed to send anything to Strava; asked for only when the athlete wants that."""

PairT = TypeVar("PairT", bound=BaseModel)


class StravaOAuth:
    """The application's own calls; ``base`` is where browsers go, without a slash at the end."""

    def __init__(
        self, client: ServiceClient, quota: SharedQuota, *, base: str, client_id: str, client_secret: str
    ) -> None:
        self._client = client
        self._quota = quota
        self._base = base
        self._id = client_id
        self._secret = client_secret

    def authorize_url(self, *, redirect_uri: str, state: str, write: bool = False) -> str:
        """Where the athlete's browser goes to grant access: to read, or also to ``write``."""
        query = {
            "client_id": self._id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "approval_prompt": "auto",
            "scope": ",".join((*SCOPES, WRITING) if write else SCOPES),
            "state": state,
        }
        return f"{self._base}/oauth/authorize?{urlencode(query)}"

    async def exchange(self, code: str) -> Grant:
        """Return the tokens of a code. Raises ``CodeInvalid``, ``AtCapacity`` and what any call may."""
        return await self._token(Grant, {"grant_type": "authorization_code", "code": code})

    async def refresh(self, refresh_token: str) -> TokenPair:
        """Return a new pair; the old refresh token may be of no use from then on. Raises ``TokenInvalid``.

        It is never sent twice by itself: an answer that was lost must be noticed.
        """
        return await self._token(TokenPair, {"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def revoke(self, access_token: str, refresh_token: str) -> None:
        """Take the athlete's grant back, at the endpoint of today or, where Strava has it not yet, of yesterday."""
        credentials = base64.b64encode(f"{self._id}:{self._secret}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}"}
        try:
            for token in (access_token, refresh_token):
                await self._post("/oauth/revoke", {"token": token}, headers, idempotent=True)
        except StravaNotFound:
            await self._deauthorize(access_token)

    async def _deauthorize(self, access_token: str) -> None:
        try:
            await self._post("/oauth/deauthorize", {"access_token": access_token}, {}, idempotent=True)
        except TokenInvalid:
            return  # it is gone already

    async def _token(self, shape: type[PairT], form: dict[str, str]) -> PairT:
        own = {"client_id": self._id, "client_secret": self._secret}
        content = await self._post("/oauth/token", own | form, {}, idempotent=False)
        try:
            return read(shape, orjson.loads(content))
        except orjson.JSONDecodeError:
            raise UpstreamFailed("Strava's answer to a token request is not JSON.") from None

    async def _post(self, path: str, form: dict[str, str], headers: dict[str, str], *, idempotent: bool) -> bytes:
        try:
            response = await self._client.post(path, data=form, headers=headers, idempotent=idempotent)
        except UpstreamRejected as rejected:
            error = typed(rejected)
            if isinstance(error, LimitExceeded):
                raise await self._quota.exceeded(rejected.headers) from rejected
            raise error from rejected
        return bytes(response.content)
