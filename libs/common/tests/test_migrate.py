import asyncio
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from common.db.migrate import migrate_all, wait_for_all
from common.testing.databases import make_database, make_schema

EVERYTHING_AWAY = """
DO $$ DECLARE name regclass; BEGIN
    FOR name IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace LOOP
        EXECUTE format('DROP TABLE %s CASCADE', name);
    END LOOP;
END $$
"""
TOY_SOURCE = Path(__file__).parent / "toyservice/src"


@pytest.fixture
def migrated(admin_database_url: str) -> str:
    """The address of the toy service in a database of its own."""
    name = f"{make_url(admin_database_url).database}_migrate"
    return make_schema(make_database(admin_database_url, name), "toy")


def run(url: str, statement: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(url.replace("+asyncpg", "", 1))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute())


def test_a_schema_at_its_version_is_not_waited_for(migrated: str) -> None:
    wait_for_all({"toy": migrated}, within=0)


def test_a_version_that_is_not_known_came_later_and_is_not_waited_for(migrated: str) -> None:
    run(migrated, "UPDATE alembic_version SET version_num = 'later'")
    wait_for_all({"toy": migrated}, within=0)


def test_a_schema_that_nothing_migrates_is_an_error_after_a_while(migrated: str) -> None:
    run(migrated, "DROP TABLE alembic_version")
    with pytest.raises(TimeoutError, match="nothing has migrated toy"):
        wait_for_all({"toy": migrated}, within=0)


def test_a_database_that_does_not_let_the_role_in_yet_is_waited_for(migrated: str) -> None:
    with pytest.raises(TimeoutError, match="nothing has migrated toy"):
        wait_for_all(
            {"toy": make_url(migrated).set(database="missing").render_as_string(hide_password=False)}, within=0
        )


def test_a_process_waits_until_another_has_migrated_and_changes_nothing_itself(migrated: str) -> None:
    run(migrated, EVERYTHING_AWAY)
    environment = {**os.environ, "PYTHONPATH": str(TOY_SOURCE), "TOY_DATABASE_URL": migrated}
    command = [sys.executable, "-m", "common.db.migrate", "--wait", "toy"]
    with subprocess.Popen(command, env=environment) as waiting:
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(4)
        with pytest.raises(TimeoutError):
            wait_for_all({"toy": migrated}, within=0)
        migrate_all({"toy": migrated})
        assert waiting.wait(30) == 0
