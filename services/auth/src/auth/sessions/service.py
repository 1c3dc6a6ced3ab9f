"""Sessions: a family of single-use refresh tokens, revoked as a whole.

A refresh token that comes a second time was stolen or lost on the way. Within a short grace, and while nobody
has used what it gave out, it is taken for a lost answer: the child is replaced by a sibling. Any other second
use ends the whole family.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auth.audit import record
from auth.keys.service import TokenSigner
from auth.models import RefreshToken, Session, User
from auth.passwords import Passwords
from auth.sessions import repository
from auth.sessions.revocations import Announcer
from auth.sessions.schemas import Login, Tokens
from auth.settings import AuthSettings
from auth.users import repository as users
from common.errors import Unauthorized
from common.ids import uuid7
from common.tokens import ALL

REFRESH_PREFIX = "rt_rf_"
_SECRET_BYTES = 32


class LoginRefused(Unauthorized):
    code = "auth.login_refused"
    title = "The address or the password is wrong"
    next_steps = "Check both and try again. The operator can set a new password."
    commits = True


class RefreshRefused(Unauthorized):
    code = "auth.refresh_refused"
    title = "The session has ended"
    next_steps = "Sign in again."
    commits = True


@dataclass(frozen=True)
class Device:
    """What is known of the device that signs in."""

    user_agent: str
    address: str


@dataclass(frozen=True)
class Sessions:
    """The sessions of one deployment; every method works in the caller's transaction."""

    settings: AuthSettings
    signer: TokenSigner
    passwords: Passwords
    announcer: Announcer

    async def login(self, session: AsyncSession, login: Login, device: Device) -> Tokens:
        """Open a session. Raises ``LoginRefused``, alike for unknown and known accounts."""
        user = await users.by_email(session, login.email)
        password = login.password.get_secret_value()
        known_hash = user.password_hash if user and not user.disabled_at else None
        if not await self.passwords.verify(password, known_hash) or user is None:
            record(session, actor=str(user.id) if user else "unknown", action="login", outcome="refused", device=device)
            raise LoginRefused
        if self.passwords.needs_renewal(user.password_hash):
            user.password_hash = await self.passwords.hash(password)
        now = datetime.now(UTC)
        family = Session(
            id=uuid7(),
            user_id=user.id,
            user_agent=device.user_agent,
            address=device.address,
            expires_at=now + timedelta(days=self.settings.session_days),
        )
        session.add(family)
        await session.flush()
        record(session, actor=str(user.id), action="login", outcome="ok", device=device)
        return await self._tokens(user, family, self._give(session, family)[1])

    async def refresh(self, session: AsyncSession, refresh_token: str) -> Tokens:
        """Exchange a refresh token for a new pair. Raises ``RefreshRefused``; the family's end outlives it."""
        found = await repository.locked_by_token(session, _digest(refresh_token))
        now = datetime.now(UTC)
        if found is None:
            raise RefreshRefused
        family, token = found
        user = await users.by_id(session, family.user_id)
        if family.revoked_at or family.expires_at <= now or user is None or user.disabled_at:
            raise RefreshRefused
        if token.used_at or token.replaced_at:
            await self._replace_child(session, family, token, now)
        token.used_at = token.used_at or now
        child, secret = self._give(session, family)
        token.child_id = child.id
        family.last_used_at = now
        return await self._tokens(user, family, secret)

    async def logout(self, session: AsyncSession, session_id: UUID) -> None:
        """End one session and its access tokens; again is no error."""
        family = await repository.locked(session, session_id)
        if family is not None and family.revoked_at is None:
            self._revoke(session, family, "logout")

    async def logout_all(self, session: AsyncSession, user_id: UUID) -> int:
        """End all sessions of a person; return how many there were."""
        families = await repository.living_of(session, user_id)
        for family in families:
            self._revoke(session, family, "logout-all")
        return len(families)

    async def _replace_child(self, session: AsyncSession, family: Session, token: RefreshToken, now: datetime) -> None:
        grace = timedelta(seconds=self.settings.refresh_grace_seconds)
        child = await session.get(RefreshToken, token.child_id) if token.child_id else None
        lost_answer = (
            token.used_at is not None
            and token.replaced_at is None
            and now - token.used_at <= grace
            and child is not None
            and child.used_at is None
        )
        if not lost_answer or child is None:
            self._revoke(session, family, "refresh token used twice")
            record(session, actor=str(family.user_id), action="refresh", outcome="reuse", target=str(family.id))
            raise RefreshRefused
        child.replaced_at = now

    def _revoke(self, session: AsyncSession, family: Session, reason: str) -> None:
        now = datetime.now(UTC)
        family.revoked_at = now
        family.revoked_reason = reason
        self.announcer.revoke(
            session, "sid", str(family.id), now + timedelta(seconds=self.settings.access_token_seconds)
        )
        record(session, actor=str(family.user_id), action="session.end", outcome=reason, target=str(family.id))

    def _give(self, session: AsyncSession, family: Session) -> tuple[RefreshToken, str]:
        secret = REFRESH_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        token = RefreshToken(id=uuid7(), session_id=family.id, token_hash=_digest(secret))
        session.add(token)
        return token, secret

    async def _tokens(self, user: User, family: Session, secret: str) -> Tokens:
        lifetime = self.settings.access_token_seconds
        claims = {"sub": str(user.id), "sid": str(family.id), "roles": user.roles, "scope": ALL, "client_id": "web"}
        return Tokens(access_token=await self.signer.sign(claims, lifetime), expires_in=lifetime, refresh_token=secret)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
