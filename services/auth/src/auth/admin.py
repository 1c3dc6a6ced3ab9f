"""Make an account with a role: ``python -m auth.admin --email X [--role coach]``.

Prints it as JSON, the password only when it was made. Registering gives no role but the athlete's; this does.
"""

import argparse
import asyncio
import json
import secrets

from auth.models import User
from auth.passwords import Passwords
from auth.settings import AuthSettings
from auth.users import repository, service
from common.db import Database

DISPLAY_NAMES = {service.ATHLETE: "Athlete", service.COACH: "Coach", service.ADMIN: "Administrator"}


async def ensure_account(
    settings: AuthSettings, email: str, role: str = service.ADMIN, *, name: str | None = None, reset: bool = False
) -> dict[str, str | bool | None]:
    """Make the account or give it the role; a password is generated when the account is new or ``reset``.

    Whoever has a role here is an athlete too. ``name`` is for a new account; one that is there keeps its own.
    """
    database = Database(settings.database_url.get_secret_value(), service="auth", pool_size=1)
    password = secrets.token_urlsafe(18)
    try:
        async with database.transaction() as session:
            user: User | None = await repository.by_email(session, email)
            created = user is None
            if created or reset:
                password_hash = Passwords(settings).hash_now(password)
            if user is None:
                await service.create(
                    session,
                    email=email,
                    password_hash=password_hash,
                    display_name=name or DISPLAY_NAMES[role],
                    roles=list(dict.fromkeys([service.ATHLETE, role])),
                )
            else:
                user.roles = [*(known for known in user.roles if known != role), role]
                if reset:
                    user.password_hash = password_hash
    finally:
        await database.aclose()
    return {"email": email, "password": password if created or reset else None, "created": created}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--email", required=True)
    parser.add_argument("--role", choices=DISPLAY_NAMES, default=service.ADMIN)
    parser.add_argument("--name", help="of a new account (default: what the role is called)")
    parser.add_argument("--reset", action="store_true", help="set a new password")
    given = parser.parse_args()
    made = ensure_account(AuthSettings.from_environment(), given.email, given.role, name=given.name, reset=given.reset)
    print(json.dumps(asyncio.run(made)))  # noqa: T201 - read by whoever set the platform up


if __name__ == "__main__":
    main()
