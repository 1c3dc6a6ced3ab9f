"""Whether the migrated tables match the models."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase

from common.db.migrate import merged


def _is_comment(difference: Any) -> bool:
    """Comments of columns are kept with the models only."""
    return isinstance(difference, list) and all(each[0] == "modify_comment" for each in difference)


async def differences(url: str, base: type[DeclarativeBase]) -> list[Any]:
    """Return what a migration would have to change for the schema to be as the models say; [] when nothing."""
    engine = create_async_engine(url, poolclass=pool.NullPool)

    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "compare_server_default": False, "target_metadata": merged(base)},
        )
        found = compare_metadata(context, merged(base))  # type: ignore[arg-type] # takes several, is typed for one
        return [each for each in found if not _is_comment(each)]

    try:
        async with engine.connect() as connection:
            return await connection.run_sync(compare)
    finally:
        await engine.dispose()
