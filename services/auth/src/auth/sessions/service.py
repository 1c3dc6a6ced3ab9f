"""Sessions: a family of single-use refresh tokens, revoked as a whole.

A refresh token that comes a second time was stolen or lost on the way. Within a short grace, and while nobody
has used what it gave out, it is taken for a lost answer: the child is replaced by a sibling. Any other second
use ends the whole family.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auth.audit import record
from auth.keys.service import TokenSigner
from auth.models import RefreshToken, Session, User
from auth.opaque import digest, new_token
from auth.sessions import repository
from auth.sessions.revocations import Announcer
from auth.sessions.schemas import Tokens
from auth.settings import AuthSettings
from auth.users import repository as users
from common.errors import NotFound, Unauthorized
from common.ids import uuid7
from common.tokens import ALL

REFRESH_PREFIX = "rt_rf_"

Method = Literal["password", "google", "strava"]
"""How a person has shown who they are."""


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
    announcer: Announcer

    async def open(self, session: AsyncSession, user: User, device: Device, *, method: Method) -> Tokens:
        """Open a session for somebody who has shown who they are, by ``method``."""
        family = Session(
            id=uuid7(),
            user_id=user.id,
            user_agent=device.user_agent,
            address=device.address,
            method=method,
            expires_at=datetime.now(UTC) + timedelta(days=self.settings.session_days),
        )
        session.add(family)
        await session.flush()
        record(session, actor=str(user.id), action="login", outcome="ok", device=device, details={"method": method})
        return await self._tokens(user, family, self._give(session, family)[1])

    async def refresh(self, session: AsyncSession, refresh_token: str) -> Tokens:
        """Exchange a refresh token for a new pair. Raises ``RefreshRefused``; the family's end outlives it."""
        found = await repository.locked_by_token(session, digest(refresh_token))
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

    async def end(self, session: AsyncSession, user_id: UUID, session_id: UUID) -> None:
        """End a session of this person. Raises ``NotFound`` for one that is over or somebody else's."""
        family = await repository.locked(session, session_id)
        if family is None or family.user_id != user_id or not repository.lives(family):
            raise NotFound("No such session.")
        self._revoke(session, family, "ended by its person")

    async def logout_all(
        self, session: AsyncSession, user_id: UUID, *, reason: str = "logout-all", but: UUID | None = None
    ) -> int:
        """End all sessions of a person, except one; return how many there were."""
        families = [family for family in await repository.living_of(session, user_id) if family.id != but]
        for family in families:
            self._revoke(session, family, reason)
        return len(families)

    async def shut_out(self, session: AsyncSession, user_id: UUID, *, reason: str) -> None:
        """End all sessions of a person and what was given for personal access tokens, which stay."""
        await self.logout_all(session, user_id, reason=reason)
        for token_id in await repository.personal_tokens_of(session, user_id):
            self.announcer.revoke(session, "sid", str(token_id), self._last_access())

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
        family.revoked_at = datetime.now(UTC)
        family.revoked_reason = reason
        self.announcer.revoke(session, "sid", str(family.id), self._last_access())
        record(session, actor=str(family.user_id), action="session.end", outcome=reason, target=str(family.id))

    def _last_access(self) -> datetime:
        """When the last access token that was given until now is dead."""
        return datetime.now(UTC) + timedelta(seconds=self.settings.access_token_seconds)

    def _give(self, session: AsyncSession, family: Session) -> tuple[RefreshToken, str]:
        secret = new_token(REFRESH_PREFIX)
        token = RefreshToken(id=uuid7(), session_id=family.id, token_hash=digest(secret))
        session.add(token)
        return token, secret

    async def _tokens(self, user: User, family: Session, secret: str) -> Tokens:
        lifetime = self.settings.access_token_seconds
        claims = {"sub": str(user.id), "sid": str(family.id), "roles": user.roles, "scope": ALL, "client_id": "web"}
        return Tokens(access_token=await self.signer.sign(claims, lifetime), expires_in=lifetime, refresh_token=secret)
