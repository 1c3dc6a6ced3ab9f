"""Who may pass: tokens at the edge, and not too many at once."""

import hashlib
import time
from collections import OrderedDict
from typing import NamedTuple
from urllib.parse import parse_qs

import orjson

from common.errors import Forbidden, TooManyRequests, Unavailable
from common.tokens import PERSONAL_PREFIX, Identity, PersonalTokens, TokenRefused, Verifier, scopes
from gateway.addresses import limited_as
from gateway.blacklist import Blacklist
from gateway.gcra import Limit
from gateway.inbound import Inbound
from gateway.limits import Limiter, Verdict
from gateway.settings import GatewaySettings
from gateway.table import LimitClass

_BEARER = b"Bearer "
_SEEN_AT_ONCE = 4096
_SEEN_SECONDS = 2.0
# Who comes before the list of what was revoked waits for it so long.
_LIST_SECONDS = 1.0
# A token's own limit lets a sixth of its minute come at once, as that of a person does.
_BURSTS_A_MINUTE = 6
_ADMIN = "admin"
_TAKES_A_FORM = "/auth/token"


class TokenMissing(TokenRefused):
    code = "auth.token_missing"
    next_steps = "Sign in and send the access token as a bearer token."

    def __init__(self) -> None:
        # RFC 6750 3: without a token the challenge names no error.
        super().__init__("There is no bearer token.", headers={"WWW-Authenticate": "Bearer"})


class TokenRevoked(TokenRefused):
    code = "auth.token_revoked"
    title = "The session has ended"
    next_steps = "Sign in again."


class RateLimited(TooManyRequests):
    """Carries the verdict for the headers of the answer."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(
            f"More than {verdict.limit.per_minute} requests a minute.", retry_after_s=max(1.0, verdict.retry_after_s)
        )
        self.verdict = verdict


class Caller(NamedTuple):
    """Who calls, what is told of the limit, and the ``Authorization`` that the service gets."""

    identity: Identity
    verdict: Verdict
    authorization: bytes


class _Seen(NamedTuple):
    identity: Identity
    authorization: bytes


class Admission:
    """Checks tokens and spends limits."""

    def __init__(
        self,
        settings: GatewaySettings,
        verifier: Verifier,
        personal_tokens: PersonalTokens,
        blacklist: Blacklist,
        limiter: Limiter,
    ) -> None:
        self.verifier = verifier
        self._share = share = settings.rate_lease_share
        self._just_seen: dict[bytes, _Seen] = {}
        self._personal_tokens = personal_tokens
        self._known_personal: OrderedDict[bytes, None] = OrderedDict()
        self._blacklist = blacklist
        self._limiter = limiter
        self._user = _limit("user", settings.rate_user, settings.rate_user_burst, share)
        self._tokens: dict[int, Limit] = {}
        self._addresses: dict[LimitClass, Limit] = {
            "standard": _limit("address", settings.rate_address, settings.rate_address, share),
            "signed": _limit("signed", settings.rate_signed, settings.rate_signed, share),
            "webhook": _limit("webhook", settings.rate_webhook, settings.rate_webhook, share),
        }
        self._login = _limit("login", settings.rate_login, settings.rate_login, share)
        self._login_address = _limit("login-address", settings.rate_login_address, settings.rate_login_address, share)

    def known_user(self, inbound: Inbound) -> Caller | None:
        """Return who calls, at once, when the same header was verified a moment ago and requests are leased.

        None says nothing about the caller but that ``user`` must be asked.
        """
        seen = self._just_seen.get(inbound.authorization or b"")
        if seen is None or self._blacklist.revokes(seen.identity):
            return None
        verdict = self._limiter.spend_leased(self._user, seen.identity.subject)
        return None if verdict is None else Caller(seen.identity, verdict, seen.authorization)

    def forget_seen(self) -> None:
        """Have every caller verified again; called each second."""
        self._just_seen.clear()

    async def user(self, inbound: Inbound) -> Caller:
        """Return who calls. Raises ``TokenRefused``, ``Unavailable`` without keys or blacklist, ``RateLimited``."""
        sent = inbound.authorization or b""
        try:
            authorization = await self._access_token(inbound, sent)
            identity = await self.verifier.verify(authorization[len(_BEARER) :].decode("latin-1"))
            if not self._blacklist.is_known and not await self._blacklist.learn(_LIST_SECONDS):
                raise Unavailable("Sign-in cannot be checked at the moment.", retry_after_s=1)
            if self._blacklist.revokes(identity):
                raise TokenRevoked
        except TokenRefused:
            await self.anybody(inbound)  # guessing is limited as calling without a token is
            raise
        verdict = await self._spend_user(identity)
        if self._may_be_remembered(identity):
            self._just_seen[sent] = _Seen(identity, authorization)
        return Caller(identity, verdict, authorization)

    async def _access_token(self, inbound: Inbound, authorization: bytes) -> bytes:
        """Return the header with an access token, got for the personal one where that was sent.

        Asking auth costs more than checking a signature, so an address that has guessed too often is not asked for.
        """
        scheme, _, sent = authorization.partition(b" ")
        token = sent.strip().decode("latin-1")
        if scheme.lower() != b"bearer" or not token:
            raise TokenMissing
        if not token.startswith(PERSONAL_PREFIX):
            return _BEARER + token.encode("latin-1")
        digest = hashlib.sha256(authorization).digest()
        if digest not in self._known_personal and (verdict := self._guessed_too_often(inbound)):
            raise RateLimited(verdict)
        access_token = await self._personal_tokens.access_token(token, inbound.address)
        self._known_personal[digest] = None
        if len(self._known_personal) > _SEEN_AT_ONCE:
            self._known_personal.popitem(last=False)
        return _BEARER + access_token.encode("ascii")

    def _guessed_too_often(self, inbound: Inbound) -> Verdict | None:
        return self._limiter.refused(self._addresses["standard"], limited_as(inbound.address))

    async def _spend_user(self, identity: Identity) -> Verdict:
        """Spend one request of the person, and one of the token where it has a limit of its own."""
        own = None
        if identity.per_minute is not None:
            own = await self._spend(self._token_limit(identity.per_minute), identity.session_id or identity.token_id)
        subject = identity.subject
        verdict = self._limiter.spend_leased(self._user, subject) or await self._spend(self._user, subject)
        return own or verdict

    def _token_limit(self, per_minute: int) -> Limit:
        limit = self._tokens.get(per_minute)
        if limit is None:
            if len(self._tokens) >= _SEEN_AT_ONCE:
                self._tokens.clear()
            burst = max(1, per_minute // _BURSTS_A_MINUTE)
            limit = self._tokens[per_minute] = _limit("token", max(1, per_minute), burst, self._share)
        return limit

    def _may_be_remembered(self, identity: Identity) -> bool:
        lasts = identity.expires_at.timestamp() > time.time() + _SEEN_SECONDS
        return lasts and identity.per_minute is None and len(self._just_seen) < _SEEN_AT_ONCE

    async def anybody(self, inbound: Inbound, limit: LimitClass = "standard") -> Verdict:
        """Let a request without a token pass, counted by its address. Raises ``RateLimited``."""
        return await self._spend(self._addresses[limit], limited_as(inbound.address))

    async def login(self, inbound: Inbound, body: bytes) -> Verdict:
        """Let a sign-in pass; ``body`` says for which account. Raises ``RateLimited``."""
        address = limited_as(inbound.address)
        await self._spend(self._login_address, address)
        account = account_in(body, form=inbound.path.endswith(_TAKES_A_FORM))
        pair = hashlib.sha256(f"{account}\n{address}".encode()).hexdigest()
        return await self._spend(self._login, pair)

    async def _spend(self, limit: Limit, key: str) -> Verdict:
        verdict = await self._limiter.spend(limit, key)
        if not verdict.allowed:
            raise RateLimited(verdict)
        return verdict


def require_admin(identity: Identity) -> None:
    """Raise ``Forbidden`` unless the caller is an administrator, with a token that is good for that."""
    if _ADMIN not in identity.roles:
        raise Forbidden(f"This needs the role {_ADMIN}.", code="auth.role_required")
    if not scopes.covers(identity.scopes, scopes.ADMIN):
        raise Forbidden(f"This needs a token with the scope {scopes.ADMIN}.", code="auth.scope_required")


def _limit(name: str, per_minute: int, burst: int, share: float) -> Limit:
    return Limit(name, per_minute, burst, batch=max(1, int(burst * share)))


def account_in(body: bytes, *, form: bool = False) -> str:
    """Return the account that a JSON or form body names, in lower case; empty when it names none.

    A body is read in the one way in which auth reads it there, and of a field that comes twice the last counts, as it
    does there: else a body could name one account here and another one to auth.
    """
    if form:
        name = parse_qs(body.decode("latin-1")).get("username", [""])[-1]
        return name.strip().lower()
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    name = document.get("email", "") if isinstance(document, dict) else ""
    return name.strip().lower() if isinstance(name, str) else ""
