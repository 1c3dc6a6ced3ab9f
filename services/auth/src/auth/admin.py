"""Make the admin account: ``python -m auth.admin --email X`` prints it as JSON, the password only when made."""

import argparse
import asyncio
import json
import secrets

from auth.models import User
from auth.passwords import Passwords
from auth.settings import AuthSettings
from auth.users import repository, service
from common.db import Database


async def ensure_admin(settings: AuthSettings, email: str, *, reset: bool = False) -> dict[str, str | bool | None]:
    """Make the account or give it the role; a password is generated when the account is new or ``reset``."""
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
                    display_name="Administrator",
                    roles=[service.ATHLETE, service.ADMIN],
                )
            else:
                user.roles = [*(role for role in user.roles if role != service.ADMIN), service.ADMIN]
                if reset:
                    user.password_hash = password_hash
    finally:
        await database.aclose()
    return {"email": email, "password": password if created or reset else None, "created": created}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--email", required=True)
    parser.add_argument("--reset", action="store_true", help="set a new password")
    arguments = parser.parse_args()
    outcome = asyncio.run(ensure_admin(AuthSettings.from_environment(), arguments.email, reset=arguments.reset))
    print(json.dumps(outcome))  # noqa: T201 - read by whoever set the platform up


if __name__ == "__main__":
    main()
