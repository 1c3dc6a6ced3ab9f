"""Alembic for every service: the bodies are here, a service keeps its versions and ten lines of ``env.py``.

``python -m common.db.migrate auth strava`` upgrades the named services in one process; each takes its address
from ``<SERVICE>_DATABASE_URL``, or from the setting ``DATABASE_URL`` when one is named. With ``--wait`` it changes
nothing and returns when another process has done it, for a process that must not start before.
"""

import asyncio
import importlib
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import asyncpg
from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase

from common.db.tables import Base

LOCK_TIMEOUT = "10s"
VERSION_TABLE = "alembic_version"
POLL_SECONDS = 1.0


def folder_of(service: str) -> Path:
    """Return ``services/<service>/migrations`` beside the package's ``src``."""
    package = importlib.import_module(service)
    assert package.__file__ is not None
    return Path(package.__file__).parents[2] / "migrations"


def migrate_all(database_urls: Mapping[str, str]) -> None:
    """Upgrade each service to its newest version. Safe to run twice and from two places at once."""
    for service, url in database_urls.items():
        asyncio.run(_migrate(service, url))


async def _migrate(service: str, url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_upgrade, service)
        await connection.commit()
    await engine.dispose()


def _upgrade(connection: Connection, service: str) -> None:
    command.upgrade(_config(service, connection), "head")


def _config(service: str, connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(folder_of(service)).replace("%", "%%"))
    return config


def wait_for_all(database_urls: Mapping[str, str], within: float = 600) -> None:
    """Return when each service's schema is at its newest version, or at one that came after this program.

    Raises ``TimeoutError`` after ``within`` seconds. A database that does not answer yet is waited for.
    """
    deadline = time.monotonic() + within
    for service, url in database_urls.items():
        while not asyncio.run(_is_migrated(service, url)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing has migrated {service} in {within:g} s")
            time.sleep(POLL_SECONDS)


async def _is_migrated(service: str, url: str) -> bool:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_is_at_head, service)
    except (DBAPIError, asyncpg.PostgresError, OSError):
        return False
    finally:
        await engine.dispose()


def _is_at_head(connection: Connection, service: str) -> bool:
    script = ScriptDirectory.from_config(_config(service, connection))
    known = {revision.revision for revision in script.walk_revisions()}
    present = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
    return present is not None and (present == script.get_current_head() or present not in known)


def run_environment(service_base: type[DeclarativeBase]) -> None:
    """Run by a service's ``env.py``: migrate on the given connection, one transaction, with a lock."""
    connection: Connection = context.config.attributes["connection"]
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('migrate ' || current_schema()))"))
    context.configure(
        connection=connection,
        target_metadata=merged(service_base),
        version_table=VERSION_TABLE,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


def merged(service_base: type[DeclarativeBase]) -> list[MetaData]:
    """The tables of a service: those every service has, and its own."""
    return [Base.metadata, service_base.metadata]


class _MigrateSettings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    database_url: str = ""


def main(arguments: list[str]) -> None:
    fallback = _MigrateSettings(_secrets_dir=os.environ.get("SECRETS_DIR")).database_url
    services = [name for name in arguments if name != "--wait"]
    work = wait_for_all if "--wait" in arguments else migrate_all
    work({name: os.environ.get(f"{name.upper()}_DATABASE_URL", fallback) for name in services})


if __name__ == "__main__":
    main(sys.argv[1:])
