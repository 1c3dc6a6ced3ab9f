"""A service's role reaches its own schema and nothing of another's."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from common.testing.databases import make_role


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(url.replace("+asyncpg", "", 1))
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def neighbour(admin_database_url: str, schemas: Callable[[str], str]) -> str:
    """The address of a service beside the toy service, which has its tables."""
    await asyncio.to_thread(schemas, "toy")
    return await asyncio.to_thread(make_role, admin_database_url, "neighbour")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM toy.effects",
        "SELECT * FROM toy.jobs",
        "INSERT INTO toy.effects (id, name, req_id) VALUES (gen_random_uuid(), 'foreign', '')",
        "UPDATE toy.jobs SET state = 'done'",
        "DELETE FROM toy.outbox",
        "TRUNCATE toy.effects",
        "ALTER TABLE toy.effects ADD COLUMN foreign_column text",
        "DROP TABLE toy.effects",
        "SELECT nextval('toy.outbox_position')",
        "CREATE TABLE toy.foreign_table (id int)",
        "GRANT USAGE ON SCHEMA toy TO neighbour",
        "SET ROLE toy",
        "CREATE TABLE public.shared (id int)",
        "CREATE ROLE accomplice",
        "SELECT rolpassword FROM pg_authid",
    ],
)
async def test_a_services_role_is_kept_out_of_anothers_schema(neighbour: str, statement: str) -> None:
    async with connected(neighbour) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


async def test_a_services_role_does_as_it_likes_in_its_own_schema(neighbour: str) -> None:
    async with connected(neighbour) as connection, connection.transaction():
        await connection.execute("CREATE TABLE things (id int); INSERT INTO things VALUES (1)")
        assert await connection.fetchval("SELECT count(*) FROM neighbour.things") == 1
        await connection.execute("DROP TABLE things")


async def test_provisioning_again_opens_nothing(neighbour: str, admin_database_url: str) -> None:
    assert await asyncio.to_thread(make_role, admin_database_url, "neighbour") == neighbour
    async with connected(neighbour) as connection:
        reachable = await connection.fetch(
            "SELECT nspname FROM pg_namespace WHERE has_schema_privilege(oid, 'USAGE')"
            " AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"
        )
    assert [row["nspname"] for row in reachable] == ["neighbour"]
