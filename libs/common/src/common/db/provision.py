"""Roles and schemas: one of each per service, both named like the service.

``python -m common.db.provision`` makes them as ``DATABASE_ADMIN_URL`` for ``DATABASE_PASSWORDS``, a JSON object of
service to password.
"""

import asyncio
import os

import asyncpg
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ProvisionSettings(BaseSettings):
    """What the command is told; as all settings, they may be files in the folder ``SECRETS_DIR``."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    database_admin_url: SecretStr
    database_passwords: dict[str, SecretStr]


async def provision(admin_url: str, passwords: dict[str, str]) -> None:
    """Make (or bring up to date) a role and a schema for each service of ``passwords``.

    ``admin_url`` is a ``postgresql://`` or ``postgresql+asyncpg://`` address of a role that may create roles.
    A service's role can reach its own schema only.
    """
    connection = await asyncpg.connect(admin_url.replace("+asyncpg", "", 1), timeout=10)
    try:
        database = await connection.fetchval("SELECT current_database()")
        await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for service, password in passwords.items():
            for statement in await _statements(connection, database, service, password):
                await connection.execute(statement)
    finally:
        await connection.close()


async def _statements(
    connection: "asyncpg.Connection[asyncpg.Record]", database: str, service: str, password: str
) -> list[str]:
    # DDL takes no parameters: the server quotes the names and the literal.
    quoted = await connection.fetchrow(
        "SELECT quote_ident($1) AS role, quote_ident($2) AS database, quote_literal($3) AS password,"
        " EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS known, current_user AS me",
        service,
        database,
        password,
    )
    assert quoted is not None
    role = quoted["role"]
    verb = "ALTER" if quoted["known"] else "CREATE"
    statements = [
        f"{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {quoted['password']}",
        f"ALTER ROLE {role} SET search_path = {role}",
        f"GRANT CONNECT ON DATABASE {quoted['database']} TO {role}",
        f"GRANT {role} TO CURRENT_USER",
        f"CREATE SCHEMA IF NOT EXISTS {role} AUTHORIZATION {role}",
    ]
    known_schema = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)"
    if await connection.fetchval(known_schema, service):
        statements.pop()
    return statements


def main() -> None:
    settings = ProvisionSettings(_secrets_dir=os.environ.get("SECRETS_DIR"))
    passwords = {service: each.get_secret_value() for service, each in settings.database_passwords.items()}
    asyncio.run(provision(settings.database_admin_url.get_secret_value(), passwords))


if __name__ == "__main__":
    main()
