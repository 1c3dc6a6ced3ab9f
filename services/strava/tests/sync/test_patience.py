from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from emulated import Emulated, Runner
from looking import Outcomes, jobs_of, make_due
from sqlalchemy import text

from common.errors import UpstreamFailed
from common.jobrunner import JobContext
from common.jobs import ClaimedJob, JobPostponed, replay
from common.resources import Resources
from common.testing.wait import eventually
from strava.sync.patience import patient
from strava.sync.queueing import ACTIVITY, EVENT, enqueue_activity, hold_background

NewRunner = Callable[[], Awaitable[Runner]]


async def test_a_rate_limit_is_slept_out_and_counts_as_no_failure(
    runner: Runner, resources: Resources, emulated: Emulated, outcomes: Outcomes
) -> None:
    await emulated.control("PUT", "/limits", json={"read": [3, 1000], "read_usage": [3, 3]})
    strava_id = await runner.runs()

    async def sleeping() -> Any:
        jobs = await jobs_of(resources, "strava-event")
        return jobs and jobs[0].state == "queued" and jobs[0].reason and jobs[0]

    job = await eventually(sleeping, within=15, what="the job that sleeps")
    now = datetime.now(UTC)
    assert job.attempts == 0
    assert (job.run_after.minute % 15, job.run_after.second) == (0, 3)  # and a moment for two clocks to agree
    assert timedelta(0) < job.run_after - now <= timedelta(minutes=15, seconds=3)
    response = await runner.here.request("GET", "/strava/athlete")
    assert (response.status_code, response.json()["code"]) == (503, "strava.rate_limited")
    assert response.json()["retry_after_s"] <= 900
    assert (await runner.status())["rate_limit"]["read"]["quarter"]["used"] >= 3
    await pass_the_reset(resources, emulated)
    assert await outcomes(1) == [("create", "stored")]
    assert await runner.stored(strava_id)


async def fetch_for_the_last_time(runner: Runner, resources: Resources, strava_id: int) -> None:
    """Queue the fetch of an activity with one attempt left."""
    async with resources.database.transaction() as session:
        enqueue_activity(session, runner.here.id, strava_id, urgent=True)
        await session.flush()
        await session.execute(text("UPDATE jobs SET attempts = max_attempts - 1 WHERE state = 'queued'"))


async def pass_the_reset(resources: Resources, emulated: Emulated) -> None:
    await emulated.reset()
    await resources.redis.flushdb()
    await make_due(resources)


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 500}, {"inactive_application": True}])
async def test_faults_of_strava_lose_nothing(
    runner: Runner, resources: Resources, emulated: Emulated, outcomes: Outcomes, fault: dict[str, Any]
) -> None:
    await emulated.control("PUT", "/faults", json=fault)
    strava_id = await runner.runs()

    async def met() -> Any:
        jobs = await jobs_of(resources, "strava-event")
        return jobs and jobs[0].reason

    await eventually(met, within=20, what="the failure")
    assert await runner.stored(strava_id) is None
    await pass_the_reset(resources, emulated)
    assert await outcomes(1) == [("create", "stored")]


async def test_a_dead_strava_uses_no_job_up_and_loses_nothing(
    runner: Runner, resources: Resources, emulated: Emulated, outcomes: Outcomes, strava: httpx2.AsyncClient
) -> None:
    strava_id = await runner.runs(start_date="2026-11-05T06:00:00Z")
    await runner.sees(strava_id)
    await runner.emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    later = await runner.runs(start_date="2026-11-06T06:00:00Z")
    emulated.stop()
    try:
        await fetch_for_the_last_time(runner, resources, later)

        async def postponed() -> Any:
            jobs = [job for job in await jobs_of(resources, "strava-activity") if job.reason]
            return jobs and jobs[0].state == "queued" and jobs[0]

        job = await eventually(postponed, within=20, what="the postponed job")
        assert (job.attempts, job.max_attempts) == (7, 8)
        assert job.run_after > datetime.now(UTC) + timedelta(minutes=5)
        assert (await runner.status())["state"] == "connected"
    finally:
        await emulated.start()
    await pass_the_reset(resources, emulated)

    async def here() -> Any:
        await make_due(resources)
        await resources.waker.wake("strava")
        return await runner.stored(later)

    await eventually(here, within=30, what="the run")


@pytest.mark.parametrize(("told_by", "others"), [("event", 1), ("list", 1), ("list", 0)])
async def test_one_activity_that_strava_never_answers_about_is_given_up_with_the_reason_and_can_be_replayed(
    runner: Runner, resources: Resources, emulated: Emulated, told_by: str, others: int
) -> None:
    for _ in range(others):
        await runner.sees(await runner.runs(start_date="2026-11-05T06:00:00Z"))
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    broken = await runner.runs(start_date="2026-11-06T06:00:00Z")
    fault = {"status": 500, "paths": [f"/activities/{broken}"]}
    await emulated.control("PUT", "/faults", json=fault)
    kind = EVENT if told_by == "event" else ACTIVITY
    if told_by == "event":
        await runner.tells(broken)
    else:
        async with resources.database.transaction() as session:
            enqueue_activity(session, runner.here.id, broken, urgent=True)

    async def ended() -> Any:
        async with resources.database.transaction() as session:
            await session.execute(text("UPDATE jobs SET run_after = now(), attempts = 7 WHERE state = 'queued'"))
        await resources.waker.wake("strava")
        return [each for each in await jobs_of(resources, kind) if each.state == "dead"]

    [dead] = await eventually(ended, within=30, what="the dead letter")
    assert (dead.attempts, dead.reason) == (8, "The strava-api service failed to answer.")
    await emulated.control("PUT", "/faults", json={})
    async with resources.database.transaction() as session:
        assert await replay(session, dead.id, queue="strava")
    await runner.sees(broken)


async def test_one_activity_is_given_up_also_when_its_failures_keep_strava_from_being_asked(
    runner: Runner, resources: Resources, emulated: Emulated
) -> None:
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    broken = await runner.runs()
    await emulated.control("PUT", "/faults", json={"status": 503, "paths": [f"/activities/{broken}"]})
    async with resources.database.transaction() as session:
        enqueue_activity(session, runner.here.id, broken, urgent=True)

    async def decided() -> Any:
        [job] = await jobs_of(resources, ACTIVITY)
        if job.state == "dead" or job.run_after > datetime.now(UTC) + timedelta(minutes=9):
            return job
        await make_due(resources)
        await resources.waker.wake("strava")
        return None

    job = await eventually(decided, within=30, what="what became of it")
    assert (job.state, job.attempts) == ("dead", 8)


async def test_an_outage_that_is_just_over_gives_nothing_up(
    runner: Runner, resources: Resources, emulated: Emulated
) -> None:
    await runner.sees(await runner.runs(start_date="2026-11-05T06:00:00Z"))
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    later = await runner.runs(start_date="2026-11-06T06:00:00Z")
    payload = {"strava_id": str(later)}
    job = ClaimedJob(uuid4(), ACTIVITY, runner.here.id, payload, 8, 8, uuid4(), req_id="", traceparent=None)

    async def fail(_context: JobContext) -> None:
        raise UpstreamFailed("It was away until now.")

    async with resources.database.transaction() as session:
        with pytest.raises(JobPostponed, match="until now"):
            await patient(fail)(JobContext(resources, session, job))


@pytest.mark.parametrize("stored", [True, False])
async def test_an_outage_of_all_activities_is_waited_out(
    runner: Runner, resources: Resources, emulated: Emulated, *, stored: bool
) -> None:
    if stored:
        await runner.sees(await runner.runs(start_date="2026-11-05T06:00:00Z"))
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    if not stored:
        await runner.runs(start_date="2026-11-05T06:00:00Z")
    later = await runner.runs(start_date="2026-11-06T06:00:00Z")
    await emulated.control("PUT", "/faults", json={"status": 500, "paths": ["/activities"]})
    await fetch_for_the_last_time(runner, resources, later)

    async def postponed() -> Any:
        return [each for each in await jobs_of(resources, ACTIVITY) if each.state == "queued" and each.reason]

    [job] = await eventually(postponed, within=20, what="the postponed job")
    assert (job.attempts, job.run_after > datetime.now(UTC) + timedelta(minutes=5)) == (7, True)


async def test_what_waits_in_the_background_waits_together_and_keeps_its_order(
    runner: Runner, resources: Resources
) -> None:
    later = timedelta(hours=1).total_seconds()  # before anybody takes them
    async with resources.database.transaction() as session:
        for number in (5, 3, 4):
            enqueue_activity(session, runner.here.id, number, urgent=False, history=number == 5, delay=later)
        enqueue_activity(session, runner.here.id, 9, urgent=True, delay=later)
    until = datetime.now(UTC) + timedelta(hours=2)
    async with resources.database.transaction() as session:
        await hold_background(session, until, "The limit is reached.")
    jobs = sorted(await jobs_of(resources, "strava-activity"), key=lambda job: job.run_after)
    assert [job.payload["strava_id"] for job in jobs] == ["9", "3", "4", "5"]
    assert jobs[0].run_after < until < jobs[1].run_after < jobs[2].run_after < jobs[3].run_after
    assert [job.reason for job in jobs] == [None, *["The limit is reached."] * 3]
