"""A worker in a process of its own, and what happens to its work when things are killed."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx2
import pytest
import redis.asyncio
from sqlalchemy import text

from common.db import Database
from common.testing.plugin import Environment, serving
from common.testing.ports import free_port
from common.testing.processes import WorkerProcess
from common.testing.wait import eventually
from local.embedded import Valkey

WorkerStarter = Callable[..., WorkerProcess]


@pytest.fixture
async def start_worker(toy_environment: Environment, tmp_path: Path) -> AsyncIterator[WorkerStarter]:
    started: list[WorkerProcess] = []

    def start(**overrides: str) -> WorkerProcess:
        log = tmp_path / f"worker-{len(started)}.log"
        started.append(WorkerProcess("toy", {**toy_environment, **overrides}, log))
        return started[-1]

    yield start
    for worker in started:
        if worker.running:
            worker.end(signal.SIGKILL)


@pytest.fixture
async def database(toy_environment: Environment) -> AsyncIterator[Database]:
    database = Database(toy_environment["DATABASE_URL"], service="toy", pool_size=2)
    yield database
    await database.aclose()


async def jobs_in(database: Database, kind: str, state: str) -> int:
    async with database.transaction() as session:
        query = text("SELECT count(*) FROM jobs WHERE kind = :kind AND state = :state")
        return int(await session.scalar(query, {"kind": kind, "state": state}) or 0)


async def effects(database: Database, name: str) -> int:
    async with database.transaction() as session:
        query = text("SELECT count(*) FROM effects WHERE name = :name")
        return int(await session.scalar(query, {"name": name}) or 0)


def reaches(expected: int, count: Callable[..., Awaitable[int]], *arguments: object) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        return await count(*arguments) == expected

    return probe


async def test_a_request_becomes_event_job_and_effect_with_its_request_id(
    toy: httpx2.AsyncClient, start_worker: WorkerStarter, database: Database
) -> None:
    worker = start_worker()
    await toy.post("/api/v1/things", json={"name": "a"}, headers={"X-Request-ID": "traced-request-1"})
    await eventually(reaches(1, effects, database, "record"), within=30)
    async with database.transaction() as session:
        for table in ("jobs", "outbox", "effects"):
            found = await session.scalar(text(f"SELECT count(*) FROM {table} WHERE req_id = 'traced-request-1'"))
            assert found, table

    async def logged() -> bool:  # after the effect is there for all to see
        return '"req_id":"traced-request-1"' in worker.log.read_text()

    await eventually(logged, within=10)


async def test_a_worker_killed_in_mid_job_leaves_no_half_and_the_job_is_done_again_within_40_s(
    toy: httpx2.AsyncClient, start_worker: WorkerStarter, database: Database
) -> None:
    worker = start_worker()
    await toy.post("/api/v1/jobs/slow")
    await eventually(reaches(1, jobs_in, database, "slow", "running"), within=30)
    worker.end(signal.SIGKILL)
    assert await effects(database, "slow") == 0
    start_worker()
    await eventually(reaches(1, jobs_in, database, "slow", "done"), within=40)
    assert await effects(database, "slow") == 1


async def test_a_stopped_worker_finishes_or_gives_back_what_it_has(
    toy: httpx2.AsyncClient, start_worker: WorkerStarter, database: Database
) -> None:
    worker = start_worker(DRAIN_SECONDS="0.5")
    await toy.post("/api/v1/jobs/slow")
    await eventually(reaches(1, jobs_in, database, "slow", "running"), within=30)
    assert worker.end(signal.SIGTERM) == 0
    assert await jobs_in(database, "slow", "queued") == 1


async def test_a_poison_job_ends_among_the_dead_and_blocks_nobody(
    toy: httpx2.AsyncClient, start_worker: WorkerStarter, database: Database
) -> None:
    for kind in ("poison", "refused", "record"):
        await toy.post(f"/api/v1/jobs/{kind}")
    async with database.transaction() as session:
        await session.execute(text("UPDATE jobs SET max_attempts = 2"))
    worker = start_worker()
    await eventually(reaches(1, jobs_in, database, "record", "done"), within=30)
    await eventually(reaches(1, jobs_in, database, "refused", "failed"), within=30)
    await eventually(reaches(1, jobs_in, database, "poison", "dead"), within=20)
    assert worker.running


async def end_leases(database: Database) -> None:
    """Let the time pass after which a dead worker's jobs are free again."""
    async with database.transaction() as session:
        await session.execute(text("UPDATE jobs SET lease_until = now() WHERE state = 'running'"))


async def test_a_job_that_kills_its_worker_in_every_attempt_ends_among_the_dead_and_takes_nobody_along(
    toy: httpx2.AsyncClient, start_worker: WorkerStarter, database: Database
) -> None:
    for kind in ("record", "deadly", "record"):
        await toy.post(f"/api/v1/jobs/{kind}")
    async with database.transaction() as session:
        await session.execute(text("UPDATE jobs SET max_attempts = 4"))
    killed = 0
    while await jobs_in(database, "deadly", "dead") == 0:
        worker = start_worker()
        await eventually(partial(ended_or_buried, worker, database), within=30)
        killed += not worker.running
        await end_leases(database)
    assert killed == 4
    await eventually(reaches(2, jobs_in, database, "record", "done"), within=30)
    assert await effects(database, "record") == 2
    await toy.post("/api/v1/jobs/record")
    await eventually(reaches(3, jobs_in, database, "record", "done"), within=30)
    assert worker.running


async def test_long_work_in_hand_is_not_waited_for_by_all_when_a_job_is_to_be_done_alone(
    toy: httpx2.AsyncClient, start_worker: WorkerStarter, database: Database
) -> None:
    start_worker()
    await toy.post("/api/v1/jobs/slow")
    await eventually(reaches(1, jobs_in, database, "slow", "running"), within=30)
    async with database.transaction() as session:  # its worker died twice
        values = "gen_random_uuid(), 'record', 'running', '{}', 2, 8, now() - interval '1 s', gen_random_uuid()"
        columns = "id, kind, state, payload, attempts, max_attempts, lease_until, lease_token"
        await session.execute(text(f"INSERT INTO jobs ({columns}) VALUES ({values})"))
    await toy.post("/api/v1/jobs/record")
    await eventually(reaches(1, jobs_in, database, "record", "done"), within=40)
    assert await jobs_in(database, "slow", "running") == 1


async def ended_or_buried(worker: WorkerProcess, database: Database) -> bool:
    return not worker.running or await jobs_in(database, "deadly", "dead") == 1


@asynccontextmanager
async def toy_on(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx2.AsyncClient]:
    from toy.main import create

    monkeypatch.setenv("REDIS_URL", valkey.url)
    async with serving(create()) as client:
        yield client


@pytest.fixture
def valkey(tmp_path: Path) -> Valkey:
    return Valkey(tmp_path, free_port(), "private")


async def test_work_goes_on_without_redis_for_60_s_and_after_it_is_back_and_flushed(
    toy_environment: Environment,
    valkey: Valkey,
    start_worker: WorkerStarter,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    valkey.start()
    try:
        async with toy_on(valkey, monkeypatch) as toy:
            worker = start_worker(REDIS_URL=valkey.url)
            await toy.post("/api/v1/things", json={"name": "before"})
            await eventually(reaches(1, effects, database, "record"), within=30)
            valkey.kill()
            loop = asyncio.get_running_loop()
            down_until = loop.time() + 60
            expected = 1
            while loop.time() < down_until:
                assert (await toy.post("/api/v1/things", json={"name": "without"})).status_code == 201
                expected += 1
                await eventually(reaches(expected, effects, database, "record"), within=20)
            assert (await toy.get("/health")).json()["status"] == "degraded"
            valkey.start()
            async with redis.asyncio.Redis.from_url(valkey.url) as client:
                for _ in range(10):
                    await toy.post("/api/v1/things", json={"name": "after"})
                    await client.flushall()
            await eventually(reaches(expected + 10, effects, database, "record"), within=60)
            assert worker.running
    finally:
        valkey.stop()
        valkey.remove()


async def test_the_health_port_of_a_worker_has_the_limits_of_all_ports(start_worker: WorkerStarter) -> None:
    port = free_port()
    start_worker(METRICS_PORT=str(port))

    async def told() -> bytes:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return b""
        writer.write(b"GET /health/live HTTP/1.1\r\nhost: x\r\n" + b"x-a: b\r\n" * 300 + b"\r\n")
        head = await reader.read()
        writer.close()
        return head

    assert (await eventually(told, within=30)).startswith(b"HTTP/1.1 431 ")
