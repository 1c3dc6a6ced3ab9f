"""Alembic for every service: the bodies are here, a service keeps its versions and ten lines of ``env.py``.

``python -m common.db.migrate auth strava`` upgrades the named services in one process; each takes its address
from ``<SERVICE>_DATABASE_URL``, or from the setting ``DATABASE_URL`` when one is named.
"""

import asyncio
import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase

from common.db.tables import Base

LOCK_TIMEOUT = "10s"
VERSION_TABLE = "alembic_version"


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
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(folder_of(service)).replace("%", "%%"))
    command.upgrade(config, "head")


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


def main(services: list[str]) -> None:
    fallback = _MigrateSettings(_secrets_dir=os.environ.get("SECRETS_DIR")).database_url
    migrate_all({name: os.environ.get(f"{name.upper()}_DATABASE_URL", fallback) for name in services})


if __name__ == "__main__":
    main(sys.argv[1:])
