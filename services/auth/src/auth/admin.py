"""Make an account with a role, or help somebody in: ``python -m auth.admin --email X --role coach`` or ``--reset``.

Prints it as JSON, the password only when it was made. Registering gives no role but the athlete's; ``--role`` does.
Only with it is an account made. ``--reset`` sets a new password for who cannot get a mail, ``--totp-off`` is for who
lost app and recovery codes.
"""

import argparse
import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from auth import throttle
from auth.audit import record
from auth.command import settings_or_exit
from auth.keys.service import TokenSigner
from auth.models import User
from auth.passwords import Passwords
from auth.sessions.revocations import Announcer
from auth.sessions.service import Sessions
from auth.settings import AuthSettings
from auth.totp.service import remove as remove_totp
from auth.users import repository, service
from common.db import Database
from common.queue import redis_client

OPERATOR = "operator"
DISPLAY_NAMES = {service.ATHLETE: "Athlete", service.COACH: "Coach", service.ADMIN: "Administrator"}


class UnknownAccount(LookupError):
    """Nobody has this address, and no role was named to make an account with."""


async def ensure_account(
    settings: AuthSettings,
    email: str,
    role: str | None = None,
    *,
    name: str | None = None,
    reset: bool = False,
    totp_off: bool = False,
) -> dict[str, str | bool | None]:
    """Help somebody in; with a ``role`` make the account or give the role to the one that is there.

    A password is generated when the account is new or ``reset``, which also ends all sessions and the delay after
    failed tries; ``totp_off`` turns the second factor off. Whoever has a role here is an athlete too. ``name`` is for a
    new account; one that is there keeps its own. Raises ``UnknownAccount``.
    """
    password = secrets.token_urlsafe(18)
    async with _opened(settings) as (session, sessions):
        user = await repository.by_email(session, email)
        if user is None and role is None:
            raise UnknownAccount(f"No account has the address {email}; nothing was changed.")
        created = user is None
        password_hash = Passwords(settings).hash_now(password) if created or reset else None
        if user is None and role is not None:
            await _make(session, email, role, name, password_hash or "")
        elif user is not None:
            if role is not None:
                _give(session, user, role)
            if reset:
                user.password_hash = password_hash
                await _let_in(session, sessions, user)
            if totp_off:
                await remove_totp(session, user.id)
                _tell(session, "totp.off", user)
    return {"email": email, "password": password if password_hash else None, "created": created}


@asynccontextmanager
async def _opened(settings: AuthSettings) -> AsyncIterator[tuple[AsyncSession, Sessions]]:
    database = Database(settings.database_url.get_secret_value(), service="auth", pool_size=1)
    redis = redis_client(settings.redis_url.get_secret_value())
    try:
        async with database.transaction() as session:
            yield session, Sessions(settings, TokenSigner(settings, database), Announcer(redis))
    finally:
        await redis.aclose()
        await database.aclose()


async def _make(session: AsyncSession, email: str, role: str, name: str | None, password_hash: str) -> None:
    roles = list(dict.fromkeys([service.ATHLETE, role]))
    shown = name or DISPLAY_NAMES[role]
    user = await service.create(session, email=email, password_hash=password_hash, display_name=shown, roles=roles)
    _tell(session, "user.created", user, {"roles": roles})


def _give(session: AsyncSession, user: User, role: str) -> None:
    """Give the role to who does not have it yet."""
    if role in user.roles:
        return
    before, user.roles = user.roles, [*user.roles, role]
    user.version += 1
    user.updated_at = datetime.now(UTC)
    _tell(session, "user.changed", user, {"roles": {"from": before, "to": user.roles}})


def _tell(session: AsyncSession, action: str, user: User, details: dict[str, Any] | None = None) -> None:
    record(session, actor=OPERATOR, action=action, outcome="ok", target=str(user.id), details=details)


async def _let_in(session: AsyncSession, sessions: Sessions, user: User) -> None:
    user.email_verified_at = user.email_verified_at or datetime.now(UTC)
    await throttle.forget_all_of(session, user)
    await sessions.shut_out(session, user.id, reason="password reset")
    _tell(session, "password.reset", user)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m auth.admin", description=__doc__)
    parser.add_argument("--email", required=True)
    parser.add_argument("--role", choices=DISPLAY_NAMES, help="make the account with this role, or give it the role")
    parser.add_argument("--name", help="of a new account (default: what the role is called)")
    parser.add_argument("--reset", action="store_true", help="set a new password; ends all sessions")
    parser.add_argument("--totp-off", action="store_true", help="turn the second factor off")
    given = parser.parse_args()
    if not (given.role or given.reset or given.totp_off):
        parser.error("say what to do: --role, --reset or --totp-off")
    settings = settings_or_exit("`make account EMAIL=...`")
    doing = ensure_account(
        settings, given.email, given.role, name=given.name, reset=given.reset, totp_off=given.totp_off
    )
    try:
        print(json.dumps(asyncio.run(doing)))  # noqa: T201 - read by whoever set the platform up
    except UnknownAccount as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
