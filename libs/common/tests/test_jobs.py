import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from common import jobs
from common.db import Database
from common.db.tables import Job, JobState
from common.errors import Unavailable
from common.jobs import ClaimedJob, JobFailed, JobPostponed, LeaseLost
from common.testing.plugin import Environment


@pytest.fixture
async def database(toy_environment: Environment) -> AsyncIterator[Database]:
    database = Database(toy_environment["DATABASE_URL"], service="toy")
    yield database
    await database.aclose()


async def enqueue(database: Database, kind: str = "a", *, delay: float = 0, max_attempts: int = 8) -> UUID:
    async with database.transaction() as session:
        return jobs.enqueue(session, kind, {}, queue="toy", delay=timedelta(seconds=delay), max_attempts=max_attempts)


async def claim(database: Database, limit: int = 1, kinds: tuple[str, ...] = ("a",)) -> list[ClaimedJob]:
    async with database.transaction() as session:
        return await jobs.claim(session, kinds, limit)


async def state(database: Database, job: UUID) -> Job:
    async with database.transaction() as session:
        return (await session.scalars(select(Job).where(Job.id == job))).one()


async def end_leases(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE jobs SET lease_until = now() - interval '1 second' WHERE state = 'running'"))


async def test_many_claimers_share_jobs_without_taking_one_twice(database: Database) -> None:
    expected = {await enqueue(database) for _ in range(20)}
    claimed = await asyncio.gather(*(claim(database, 3) for _ in range(10)))
    ids = [job.id for batch in claimed for job in batch]
    assert sorted(ids) == sorted(expected)
    assert all(len(batch) <= 3 for batch in claimed)


async def test_only_due_jobs_of_known_kinds_are_claimed(database: Database) -> None:
    await enqueue(database, delay=60)
    await enqueue(database, kind="unknown")
    assert await claim(database, 5) == []


async def test_a_look_says_whether_a_claim_would_find_something(database: Database) -> None:
    async def is_any() -> bool:
        async with database.reading() as session:
            return (await jobs.waiting(session, ("a",))).due

    await enqueue(database, delay=60)
    await enqueue(database, kind="b")
    assert (await is_any(), await claim(database)) == (False, [])
    job_id = await enqueue(database)
    assert await is_any()
    assert [job.id for job in await claim(database)] == [job_id]
    assert (await is_any(), await claim(database)) == (False, [])
    await end_leases(database)
    assert await is_any()
    assert [job.id for job in await claim(database)] == [job_id]


async def test_a_job_whose_lease_is_over_is_claimed_again_and_the_first_worker_is_fenced_off(
    database: Database,
) -> None:
    await enqueue(database)
    [first] = await claim(database)
    assert await claim(database) == []
    await end_leases(database)
    [second] = await claim(database)
    assert (second.id, second.attempts) == (first.id, 2)
    with pytest.raises(LeaseLost):
        async with database.transaction() as session:
            await jobs.complete(session, first)
    async with database.transaction() as session:
        await jobs.complete(session, second)
    assert (await state(database, first.id)).state == JobState.DONE


async def test_a_renewed_lease_keeps_the_job(database: Database) -> None:
    await enqueue(database)
    [job] = await claim(database)
    await end_leases(database)
    async with database.transaction() as session:
        await jobs.renew(session, [(job.id, job.lease_token)])
    assert await claim(database) == []


async def test_a_failing_job_is_retried_later_and_ends_among_the_dead_with_its_reason(database: Database) -> None:
    job_id = await enqueue(database, max_attempts=2)
    [first] = await claim(database)
    async with database.transaction() as session:
        assert await jobs.fail(session, first, ValueError("no luck")) == JobState.QUEUED
    assert await claim(database) == []
    async with database.transaction() as session:
        await session.execute(text("UPDATE jobs SET run_after = now()"))
    [second] = await claim(database)
    async with database.transaction() as session:
        assert await jobs.fail(session, second, ValueError("no luck")) == JobState.DEAD
    row = await state(database, job_id)
    assert (row.state, row.attempts, row.reason) == ("dead", 2, "ValueError: no luck")
    async with database.transaction() as session:
        assert await jobs.replay(session, job_id, queue="toy")
    assert len(await claim(database)) == 1


async def test_the_reason_of_a_failure_in_the_database_holds_neither_sql_nor_values(database: Database) -> None:
    job_id = await enqueue(database)
    [job] = await claim(database)
    with pytest.raises(DBAPIError) as failure:
        async with database.transaction() as session:
            divided = text("SELECT 1 / (length(CAST(:word AS text)) - 15)")
            await session.execute(divided, {"word": "ana@example.org"})
    assert "ana@" not in str(failure.value), "the log gets this"
    async with database.transaction() as session:
        await jobs.fail(session, job, failure.value)
    reason = (await state(database, job_id)).reason or ""
    assert reason
    assert "SELECT" not in reason
    assert "hidden" not in reason


async def test_a_refused_job_is_not_retried(database: Database) -> None:
    job_id = await enqueue(database)
    [job] = await claim(database)
    async with database.transaction() as session:
        await jobs.fail(session, job, JobFailed("Not a recording."))
    row = await state(database, job_id)
    assert (row.state, row.reason) == ("failed", "Not a recording.")


async def test_a_job_that_kills_its_worker_in_every_attempt_is_buried(database: Database) -> None:
    job_id = await enqueue(database, max_attempts=1)
    await claim(database)
    await end_leases(database)
    assert await claim(database) == []
    async with database.transaction() as session:
        assert await jobs.sweep(session) == 1
    row = await state(database, job_id)
    assert (row.state, row.reason) == ("dead", jobs.WORKER_DIED)


async def test_jobs_whose_worker_died_twice_are_claimed_one_by_one(database: Database) -> None:
    enqueued = {await enqueue(database) for _ in range(2)}
    for _ in range(jobs.ALONE_AFTER):
        assert {job.id for job in await claim(database, 5)} == enqueued
        await end_leases(database)
    fresh = await enqueue(database)
    assert [job.id for job in await claim(database, 5)] == [fresh]
    for expected in (True, True, False):
        async with database.transaction() as session:
            assert (await jobs.waiting(session, ("a",))).alone is expected
            job = await jobs.claim_alone(session, ("a",))
        enqueued -= {job.id} if job else set()
    assert enqueued == set()


async def test_a_job_given_back_has_not_used_an_attempt(database: Database) -> None:
    await enqueue(database)
    [job] = await claim(database)
    async with database.transaction() as session:
        await jobs.give_back(session, job)
    [again] = await claim(database)
    assert again.attempts == 1


def test_backoff_grows_with_jitter_is_capped_and_honours_what_the_error_asks() -> None:
    for attempts in range(1, 20):
        ceiling = min(900, 2 ** (attempts - 1))
        assert ceiling / 2 <= jobs.backoff_seconds(attempts) <= ceiling
    assert jobs.backoff_seconds(1, Unavailable(retry_after_s=77)) == 77


async def test_a_postponed_job_waits_until_its_time_and_loses_no_attempt(database: Database) -> None:
    job_id = await enqueue(database, max_attempts=1)
    [job] = await claim(database)
    until = datetime.now(UTC) + timedelta(minutes=10)
    async with database.transaction() as session:
        assert await jobs.fail(session, job, JobPostponed(until, "the limit is used up")) == JobState.QUEUED
    row = await state(database, job_id)
    assert (row.attempts, row.run_after, row.reason, row.lease_until) == (0, until, "the limit is used up", None)
    assert await claim(database) == []


async def test_a_job_in_stages_goes_on_from_what_it_kept(database: Database) -> None:
    await enqueue(database)
    [job] = await claim(database)
    async with database.transaction() as session:
        await jobs.save_payload(session, job, {"page": 2})
    await end_leases(database)
    [again] = await claim(database)
    assert again.payload == {"page": 2}
    with pytest.raises(LeaseLost):
        async with database.transaction() as session:
            await jobs.save_payload(session, job, {"page": 1})
