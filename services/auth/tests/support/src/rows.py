"""Looking into auth's own database, and turning its clocks."""

from typing import Any

from sqlalchemy import text

from common.db import Database
from common.testing.plugin import Environment


async def scalar(environment: Environment, query: str) -> Any:
    """Return the first value that a query finds."""
    database = Database(environment["DATABASE_URL"], service="auth", pool_size=1)
    async with database.transaction() as session:
        value = await session.scalar(text(query))
    await database.aclose()
    return value


async def execute(environment: Environment, *statements: str) -> None:
    database = Database(environment["DATABASE_URL"], service="auth", pool_size=1)
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement))
    await database.aclose()
