"""The way to a provider and back: a state that is good once, for ten minutes, in the browser that began it.

What must not be known to others, the PKCE verifier and the nonce, is nowhere stored: both follow from the state and
from the browser's cookie, so that neither the database nor the addresses in between are enough to finish a sign-in.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from auth.identities import repository
from auth.identities.errors import (
    BrowserUnknown,
    SessionEnded,
    StateExpired,
    StateUnknown,
    StateUsed,
    TargetRefused,
)
from auth.identities.provider import FlowSecrets, Provider, ProviderName
from auth.identities.providers import settings_of
from auth.models import OAuthFlow
from common.resources import Resources

LIFETIME = timedelta(minutes=10)
_STATE_BYTES = 32


@dataclass(frozen=True)
class Flow:
    """A flow that was taken out of use. ``session_id`` is set where an account is linked."""

    secrets: FlowSecrets
    session_id: UUID | None
    return_to: str


def target_of(resources: Resources, return_to: str | None) -> str:
    """Return where the flow leads in the end: the app itself, or a listed address. Raises ``TargetRefused``."""
    settings = settings_of(resources)
    home = f"{settings.public_url.rstrip('/')}/"
    if return_to is None or return_to in {home, home.rstrip("/")}:
        return home
    if return_to not in settings.sign_in_targets:
        raise TargetRefused
    return return_to


async def begin(
    resources: Resources, provider: Provider, *, browser: str, return_to: str, session_id: UUID | None
) -> str:
    """Return the provider's page to go to. Raises ``SessionEnded`` when a session that has ended wants to link."""
    state = secrets.token_urlsafe(_STATE_BYTES)
    url = await provider.authorize_url(_secrets(state, browser))
    flow = OAuthFlow(
        state_hash=_hash(state),
        provider=provider.name,
        browser_hash=_hash(browser),
        session_id=session_id,
        return_to=return_to,
        expires_at=datetime.now(UTC) + LIFETIME,
    )
    async with resources.database.transaction() as session:
        if session_id is not None and await repository.living_session(session, session_id) is None:
            raise SessionEnded
        session.add(flow)
    return url


async def return_to_of(resources: Resources, state: str) -> str:
    """Return where a flow wants to lead to, also one that cannot be finished; else the app itself."""
    async with resources.database.reading() as session:
        known = await repository.flow_of(session, _hash(state))
    return known.return_to if known is not None else target_of(resources, None)


async def take(resources: Resources, provider: ProviderName, *, state: str, browser: str | None) -> Flow:
    """Take a flow out of use, whatever comes of it.

    Raises ``BrowserUnknown``, ``StateUnknown`` (also for a flow of another browser or to another provider, which stay
    good for whom they were given to), ``StateExpired``, ``StateUsed``.
    """
    if not browser:
        raise BrowserUnknown
    state_hash = _hash(state)
    async with resources.database.transaction() as session:
        known = await repository.flow_of(session, state_hash)
        if known is None or known.provider != provider or not hmac.compare_digest(_hash(browser), known.browser_hash):
            raise StateUnknown
        if known.expires_at < datetime.now(UTC):
            raise StateExpired
        if not await repository.use_flow(session, state_hash):
            raise StateUsed
    return Flow(_secrets(state, browser), known.session_id, known.return_to)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()


def _secrets(state: str, browser: str) -> FlowSecrets:
    return FlowSecrets(state, verifier=_derived("verifier", state, browser), nonce=_derived("nonce", state, browser))


def _derived(purpose: str, state: str, browser: str) -> str:
    digest = hmac.digest(browser.encode(errors="replace"), f"{purpose} {state}".encode(errors="replace"), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
