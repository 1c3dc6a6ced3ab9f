"""What administrators do with accounts."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auth.audit import record
from auth.models import User
from auth.passwords import Passwords
from auth.people import repository
from auth.people.schemas import AccountChange, NewAccount
from auth.sessions.service import Sessions
from auth.users import repository as users
from auth.users import service as accounts
from auth.users.service import ADMIN, ATHLETE, COACH
from common.errors import Conflict, NotFound

_ORDER = (ATHLETE, COACH, ADMIN)
_PASSWORD_BYTES = 18


class AccountMissing(NotFound):
    code = "auth.account_missing"
    title = "There is no such account"
    next_steps = "Look it up in GET /api/v1/admin/users."


class LastAdmin(Conflict):
    code = "auth.last_admin"
    title = "This is the last administrator"
    next_steps = "Make somebody else an administrator first."


class OwnAccount(Conflict):
    code = "auth.own_account"
    title = "Administrators cannot disable themselves"
    next_steps = "Ask another administrator to do it."


async def make(session: AsyncSession, passwords: Passwords, new: NewAccount, *, by: UUID) -> tuple[User, str]:
    """Make an account; return it with its generated password. Raises ``EmailTaken``."""
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    user = await accounts.create(
        session,
        email=new.email,
        password_hash=await passwords.hash(password),
        display_name=new.display_name,
        roles=_normal(new.roles),
    )
    record(
        session,
        actor=str(by),
        action="user.created",
        outcome="ok",
        target=str(user.id),
        details={"roles": user.roles},
    )
    return user, password


async def find(session: AsyncSession, user_id: UUID, *, lock: bool = False) -> User:
    """Return an account; ``lock`` holds it, and other administrators' changes, until the transaction ends.

    Raises ``AccountMissing``.
    """
    if lock:
        await repository.lock_changes(session)
    user = await users.by_id(session, user_id, lock=lock)
    if user is None:
        raise AccountMissing
    return user


async def change(session: AsyncSession, sessions: Sessions, user: User, asked: AccountChange, *, by: UUID) -> User:
    """Change what is named. Raises ``OwnAccount`` and ``LastAdmin``.

    Who is disabled or loses a role is signed out everywhere: tokens that say otherwise end with the sessions.
    """
    before = set(user.roles)
    details = _apply(user, asked)
    if user.disabled_at is not None and user.id == by:
        raise OwnAccount
    await keep_an_admin(session, user, was_admin=ADMIN in before)
    if details:
        user.version += 1
        user.updated_at = datetime.now(UTC)
        record(session, actor=str(by), action="user.changed", outcome="ok", target=str(user.id), details=details)
    if details.get("disabled") or before - set(user.roles):
        await sessions.shut_out(session, user.id, reason="disabled" if details.get("disabled") else "role taken away")
    await session.flush()
    return user


def _apply(user: User, asked: AccountChange) -> dict[str, Any]:
    """Put the change into the row; return what the log may tell of it."""
    told: dict[str, Any] = {}
    named = asked.model_fields_set
    if "display_name" in named and asked.display_name != user.display_name:
        user.display_name = asked.display_name
        told["display_name"] = "changed"
    if "roles" in named and (roles := _normal(asked.roles)) != _normal(user.roles):
        told["roles"] = {"from": user.roles, "to": roles}
        user.roles = roles
    if "disabled" in named and asked.disabled != (user.disabled_at is not None):
        user.disabled_at = datetime.now(UTC) if asked.disabled else None
        told["disabled"] = asked.disabled
    return told


async def keep_an_admin(session: AsyncSession, user: User, *, was_admin: bool) -> None:
    """Raise ``LastAdmin`` when nobody but the account that is about to cease to be one administers."""
    if not was_admin or (ADMIN in user.roles and user.disabled_at is None):
        return
    if not await repository.others_with(session, ADMIN, user.id):
        raise LastAdmin


def _normal(roles: Sequence[str]) -> list[str]:
    """Roles in their order, once each; whoever has one is an athlete too."""
    return [role for role in _ORDER if role in roles or role == ATHLETE]
