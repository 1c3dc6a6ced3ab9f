"""What can be done with personal access tokens."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auth.audit import record
from auth.keys.service import TokenSigner
from auth.models import PersonalToken
from auth.opaque import digest
from auth.personal import repository
from auth.personal.form import is_well_formed, new_personal_token
from auth.personal.schemas import Exchanged, PersonalTokenRequest
from auth.sessions.revocations import Announcer
from auth.settings import AuthSettings
from auth.users.service import ADMIN
from common.db import Database
from common.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from common.ids import uuid7
from common.tokens import Identity, TokenRefused

MOST = 50
_CLIENT = "pat"


class TooManyTokens(Conflict):
    code = "auth.too_many_tokens"
    title = f"There are {MOST} personal access tokens already"
    next_steps = "Delete one that is not used any more."


@dataclass(frozen=True)
class PersonalAccess:
    """Personal access tokens of one deployment; every method works in the caller's transaction."""

    settings: AuthSettings
    signer: TokenSigner
    announcer: Announcer

    async def make(
        self, session: AsyncSession, identity: Identity, wanted: PersonalTokenRequest
    ) -> tuple[PersonalToken, str]:
        """Return a new token's row and the token. Raises ``Forbidden``, ``InvalidInput``, ``TooManyTokens``."""
        user_id = UUID(identity.subject)
        now = datetime.now(UTC)
        if ADMIN in wanted.scopes and ADMIN not in identity.roles:
            raise Forbidden("The scope admin needs the role admin.", code="auth.role_required")
        if wanted.expires_at is not None and wanted.expires_at <= now:
            raise InvalidInput(errors=[FieldError(pointer="/body/expires_at", message="must be in the future")])
        if await repository.count(session, user_id) >= MOST:
            raise TooManyTokens
        token = new_personal_token()
        row = PersonalToken(
            id=uuid7(),
            user_id=user_id,
            name=wanted.name,
            token_hash=digest(token),
            scopes=list(dict.fromkeys(wanted.scopes)),
            rate_limit=wanted.rate_limit,
            created_at=now,
            expires_at=wanted.expires_at,
        )
        session.add(row)
        await session.flush()
        details = {"scope": " ".join(row.scopes)}
        record(session, actor=str(user_id), action="token.made", outcome="ok", target=str(row.id), details=details)
        return row, token

    async def delete(self, session: AsyncSession, user_id: UUID, token_id: UUID) -> None:
        """Delete a token, whose access tokens stop working within a second. Raises ``NotFound``."""
        row = await repository.owned(session, user_id, token_id)
        if row is None:
            raise NotFound("No such personal access token.")
        await session.delete(row)
        until = datetime.now(UTC) + timedelta(seconds=self.settings.access_token_seconds)
        self.announcer.revoke(session, "sid", str(row.id), until)
        record(session, actor=str(user_id), action="token.deleted", outcome="ok", target=str(token_id))

    async def exchange(self, session: AsyncSession, token: str) -> Exchanged | None:
        """Give a short access token for a personal one; None when it is unknown, expired or its person disabled."""
        found = await repository.usable(session, digest(token)) if is_well_formed(token) else None
        if found is None:
            return None
        row, user = found
        now = datetime.now(UTC)
        row.last_used_at = now
        claims: dict[str, Any] = {
            "sub": str(user.id),
            "sid": str(row.id),
            "roles": [role for role in user.roles if role != ADMIN or ADMIN in row.scopes],
            "scope": " ".join(row.scopes),
            "client_id": _CLIENT,
        }
        if row.rate_limit:
            claims["rpm"] = row.rate_limit
        lifetime = self._lifetime(row, now)
        return Exchanged(access_token=await self.signer.sign(claims, lifetime), expires_in=lifetime)

    def _lifetime(self, row: PersonalToken, now: datetime) -> int:
        longest = self.settings.access_token_seconds
        return min(longest, max(1, int((row.expires_at - now).total_seconds()))) if row.expires_at else longest


@dataclass(frozen=True)
class OwnPersonalTokens:
    """Exchanges personal tokens that come to auth itself, which need not ask its own address."""

    access: PersonalAccess
    database: Database

    async def access_token(self, personal: str, address: str = "") -> str:  # noqa: ARG002 - others tell the address
        """Return an access token for a personal one. Raises ``TokenRefused``."""
        async with self.database.transaction() as session:
            exchanged = await self.access.exchange(session, personal)
        if exchanged is None:
            raise TokenRefused("The personal access token is not valid any more.")
        return exchanged.access_token
