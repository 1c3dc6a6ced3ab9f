"""Who may pass: tokens at the edge, and not too many at once."""

import hashlib
import time
from urllib.parse import parse_qs

import orjson

from common.errors import TooManyRequests
from common.tokens import Identity, TokenRefused, Verifier
from gateway.addresses import limited_as
from gateway.blacklist import Blacklist
from gateway.gcra import Limit
from gateway.inbound import Inbound
from gateway.limits import Limiter, Verdict
from gateway.routes import LimitClass
from gateway.settings import GatewaySettings

_SEEN_AT_ONCE = 4096
_SEEN_SECONDS = 2.0


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


class Admission:
    """Checks tokens and spends limits."""

    def __init__(self, settings: GatewaySettings, verifier: Verifier, blacklist: Blacklist, limiter: Limiter) -> None:
        share = settings.rate_lease_share
        self.verifier = verifier
        self._just_seen: dict[bytes, Identity] = {}
        self._blacklist = blacklist
        self._limiter = limiter
        self._user = _limit("user", settings.rate_user, settings.rate_user_burst, share)
        self._addresses: dict[LimitClass, Limit] = {
            "standard": _limit("address", settings.rate_address, settings.rate_address, share),
            "signed": _limit("signed", settings.rate_signed, settings.rate_signed, share),
            "webhook": _limit("webhook", settings.rate_webhook, settings.rate_webhook, share),
        }
        self._login = _limit("login", settings.rate_login, settings.rate_login, share)
        self._login_address = _limit("login-address", settings.rate_login_address, settings.rate_login_address, share)

    def known_user(self, inbound: Inbound) -> tuple[str, Verdict] | None:
        """Return who calls, at once, when the same header was verified a moment ago and requests are leased.

        None says nothing about the caller but that ``user`` must be asked.
        """
        identity = self._just_seen.get(inbound.authorization or b"")
        if identity is None or self._blacklist.revokes(identity):
            return None
        verdict = self._limiter.spend_leased(self._user, identity.subject)
        return None if verdict is None else (identity.subject, verdict)

    def forget_seen(self) -> None:
        """Have every caller verified again; called each second."""
        self._just_seen.clear()

    async def user(self, inbound: Inbound) -> tuple[str, Verdict]:
        """Return the id of who calls. Raises ``TokenRefused``, ``Unavailable`` without keys, ``RateLimited``."""
        scheme, _, token = (inbound.authorization or b"").partition(b" ")
        try:
            if scheme.lower() != b"bearer" or not token:
                raise TokenMissing
            identity = await self.verifier.verify(token.strip().decode("latin-1"))
            if self._blacklist.revokes(identity):
                raise TokenRevoked
        except TokenRefused:
            await self.anybody(inbound)  # guessing is limited as calling without a token is
            raise
        subject = identity.subject
        if len(self._just_seen) < _SEEN_AT_ONCE and identity.expires_at.timestamp() > time.time() + _SEEN_SECONDS:
            self._just_seen[inbound.authorization or b""] = identity
        return subject, self._limiter.spend_leased(self._user, subject) or await self._spend(self._user, subject)

    async def anybody(self, inbound: Inbound, limit: LimitClass = "standard") -> Verdict:
        """Let a request without a token pass, counted by its address. Raises ``RateLimited``."""
        return await self._spend(self._addresses[limit], limited_as(inbound.address))

    async def login(self, inbound: Inbound, body: bytes) -> Verdict:
        """Let a sign-in pass; ``body`` says for which account. Raises ``RateLimited``."""
        address = limited_as(inbound.address)
        await self._spend(self._login_address, address)
        pair = hashlib.sha256(f"{account_in(body)}\n{address}".encode()).hexdigest()
        return await self._spend(self._login, pair)

    async def _spend(self, limit: Limit, key: str) -> Verdict:
        verdict = await self._limiter.spend(limit, key)
        if not verdict.allowed:
            raise RateLimited(verdict)
        return verdict


def _limit(name: str, per_minute: int, burst: int, share: float) -> Limit:
    return Limit(name, per_minute, burst, batch=max(1, int(burst * share)))


def account_in(body: bytes) -> str:
    """Return the account that a JSON or form body names, in lower case; empty when it names none."""
    try:
        document = orjson.loads(body)
        name = document.get("email", "") if isinstance(document, dict) else ""
    except orjson.JSONDecodeError:
        name = parse_qs(body.decode("latin-1")).get("username", [""])[0]
    return name.strip().lower() if isinstance(name, str) else ""
