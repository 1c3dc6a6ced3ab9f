"""A database per test process, a schema per service, empty tables per test."""

import asyncio
import contextlib
import fcntl
import tempfile
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from common.db.migrate import migrate_all
from common.db.provision import provision

_ROLES = Path(tempfile.gettempdir()) / "running-trainer-test-roles.lock"


_TRIES = 10


async def _make_database(admin_url: str, name: str) -> None:
    connection = await asyncpg.connect(admin_url.replace("+asyncpg", "", 1))
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()


def make_database(admin_url: str, name: str) -> str:
    """Make an empty database; return its administrator's address."""
    asyncio.run(_make_database(admin_url, name))
    return make_url(admin_url).set(database=name).render_as_string(hide_password=False)


def make_role(admin_url: str, service: str) -> str:
    """Provision a service: its role and its empty schema; return the address the role uses."""
    password = f"test-{service}"  # a role is shared by all databases of the server, so by all test processes
    with _ROLES.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        asyncio.run(provision(admin_url, {service: password}))
    return make_url(admin_url).set(username=service, password=password).render_as_string(hide_password=False)


def make_schema(admin_url: str, service: str) -> str:
    """Provision and migrate a service; return the address its role uses."""
    url = make_role(admin_url, service)
    migrate_all({service: url})
    return url


async def empty(url: str) -> None:
    """Empty all tables of the schema the address leads to, except Alembic's."""
    connection = await asyncpg.connect(url.replace("+asyncpg", "", 1))
    try:
        names = await connection.fetch(
            "SELECT quote_ident(tablename) AS name FROM pg_tables"
            " WHERE schemaname = current_schema() AND tablename <> 'alembic_version'"
        )
        for _ in range(_TRIES):
            with contextlib.suppress(asyncpg.DeadlockDetectedError):  # a worker that looks for work holds its locks
                await _empty(connection, [row["name"] for row in names])
                return
        raise AssertionError("the tables cannot be emptied")
    finally:
        await connection.close()


async def _empty(connection: "asyncpg.Connection[asyncpg.Record]", names: list[str]) -> None:
    """Truncate what has rows: each table costs a test as much as all its queries, and most are empty."""
    async with connection.transaction():
        await connection.execute(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
        probes = (f"SELECT '{name}' AS name WHERE EXISTS (SELECT FROM {name})" for name in names)  # noqa: S608 - names of ours
        used = [row["name"] for row in await connection.fetch(" UNION ALL ".join(probes))]
        if used:
            await connection.execute(f"TRUNCATE {', '.join(used)} RESTART IDENTITY CASCADE")
