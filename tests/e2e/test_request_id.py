"""One request id finds the request in every log, the job and the event."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest
from running_platform import Person, RunningPlatform, eventually

REQUEST_ID = "follow-this-request"


async def rows_with(url: str, table: str) -> int:
    connection = await asyncpg.connect(url.replace("+asyncpg", "", 1))
    try:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table} WHERE req_id = $1", REQUEST_ID))
    finally:
        await connection.close()


def wait_for_line(platform: RunningPlatform, process: str) -> None:
    eventually(lambda: f'"req_id":"{REQUEST_ID}"' in platform.log(process), within=5, what=process)


def wait_for_row(url: str, table: str) -> None:
    eventually(lambda: asyncio.run(rows_with(url, table)), within=10, what=f"a row of {table}")


@pytest.mark.inside
def test_a_request_id_is_found_in_gateway_service_and_worker_logs_and_in_the_rows(
    platform: RunningPlatform, runner: Person, recording: Callable[[str], tuple[str, bytes]]
) -> None:
    batch = runner.start_import([recording("run-5k-hr.fit")], headers={"X-Request-ID": REQUEST_ID})
    runner.finished_import(batch["id"])
    eventually(lambda: runner.best_efforts()["1km"], within=30)
    for process in ("gateway", "strava", "strava-worker", "analytics-worker"):
        wait_for_line(platform, process)
    expected = {"strava": ("jobs", "outbox", "imports", "audits"), "analytics": ("jobs",), "auth": ("audits",)}
    for service, tables in expected.items():
        for table in tables:
            wait_for_row(platform.described.database_url(service), table)
