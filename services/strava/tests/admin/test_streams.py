from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from emulated import Emulated, Runner
from looking import jobs_of, published
from sqlalchemy import select, update

from common.db.tables import Job
from common.jobs import enqueue
from common.resources import Resources
from common.testing.wait import eventually
from strava.admin.streams import SYNC_STREAMS
from strava.models import Connection, Recording
from strava.sync.queueing import ACTIVITY, QUEUE, enqueue_activity


async def counts(operator: Any, runner: Runner) -> tuple[int, int, int]:
    items = (await operator.request("GET", "/sync-streams")).json()["items"]
    mine = next((each for each in items if each["athlete_id"] == str(runner.here.id)), None)
    return (mine["with_streams"], mine["lacking"], mine["without"]) if mine else (0, 0, 0)


async def test_what_lacks_samples_gets_them_and_what_cannot_have_any_is_left(
    runner: Runner, operator: Any, emulated: Emulated, resources: Resources
) -> None:
    await emulated.control("PUT", "/faults", json={"streams_late_s": 3600})
    late = await runner.runs(name="Late")
    await runner.sees(late)
    manual = await runner.runs(name="By hand", manual=True, start_date="2026-10-05T08:00:00Z")
    await runner.sees(manual)
    assert await counts(operator, runner) == (0, 1, 1)
    await emulated.control("PUT", "/faults", json={})
    async with resources.database.transaction() as session:  # the tries that follow by themselves are over
        await session.execute(update(Recording).values(streamless="late").where(Recording.strava_id == late))
    queued = (await operator.request("POST", "/sync-streams", 202, json={"athlete_id": str(runner.here.id)})).json()
    assert [job["kind"] for job in queued["jobs"]] == ["sync-streams"]

    async def there() -> bool:
        return await counts(operator, runner) == (1, 0, 1)

    await eventually(there, within=15, what="the samples")


async def test_what_was_measured_long_ago_lacks_samples_until_they_are_here(
    runner: Runner, operator: Any, emulated: Emulated, resources: Resources
) -> None:
    """One look at a run of the years before is not the last."""
    await emulated.control("PUT", "/faults", json={"streams_late_s": 3600, "drop_webhooks": True})
    old = await runner.runs(start_date=(datetime.now(UTC) - timedelta(days=300)).isoformat())
    async with resources.database.transaction() as session:
        enqueue_activity(session, runner.here.id, old, urgent=False, missing=True, history=True)
    await runner.sees(old)
    assert await counts(operator, runner) == (0, 1, 0)
    assert len(await jobs_of(resources, ACTIVITY)) == 1, "a history asks for nothing twice"
    await emulated.control("PUT", "/faults", json={})
    await operator.request("POST", "/sync-streams", 202, json={"athlete_id": str(runner.here.id)})

    async def there() -> bool:
        return await counts(operator, runner) == (1, 0, 0)

    await eventually(there, within=15, what="the samples")


async def streams_asked_for(resources: Resources) -> list[tuple[str, str]]:
    """(actor, target) of each time that samples were asked for."""
    told = await published(resources, "audit.recorded.v1")
    return [(each["actor"], each["target"]) for each in told if each["action"] == "streams.sync_requested"]


async def test_samples_are_asked_for_of_everybody_who_is_connected(
    runner: Runner, new_runner: Callable[[], Awaitable[Runner]], operator: Any, resources: Resources
) -> None:
    second, stranger = await new_runner(), await new_runner()
    assert (await second.connect()).status_code == 200
    queued = (await operator.request("POST", "/sync-streams", 202)).json()["jobs"]
    assert [each["kind"] for each in queued] == ["sync-streams"] * 2
    async with resources.database.reading() as session:
        connected = set(await session.scalars(select(Connection.athlete_id)))
    assert connected == {runner.here.id, second.here.id}
    listed = (await operator.request("GET", "/activity-jobs?kind=sync-streams")).json()["items"]
    assert {UUID(each["subject_id"]) for each in listed} == connected
    one = {"athlete_id": str(second.here.id)}
    await operator.request("POST", "/sync-streams", 202, json=one)
    await operator.request("POST", "/sync-streams", 409, json={"athlete_id": str(stranger.here.id)})
    assert await streams_asked_for(resources) == [(operator.id, "everybody"), (operator.id, str(second.here.id))]


async def test_what_is_under_way_is_listed_and_is_not_started_twice(
    runner: Runner, operator: Any, resources: Resources
) -> None:
    await runner.sees(await runner.runs())
    async with resources.database.transaction() as session:
        under_way = enqueue(session, SYNC_STREAMS, {}, queue=QUEUE, subject_id=runner.here.id, delay=timedelta(hours=1))
    [shown] = (await operator.request("GET", "/sync-streams")).json()["items"]
    assert (shown["athlete_id"], shown["job"]["id"]) == (str(runner.here.id), str(under_way))
    assert shown["job"]["state"] == "queued"
    [known] = (await operator.request("POST", "/sync-streams", 202)).json()["jobs"]
    assert known["id"] == str(under_way)
    mine, later = Job.id == under_way, datetime.now(UTC) + timedelta(hours=1)
    async with resources.database.transaction() as session:
        await session.execute(update(Job).where(mine).values(state="running", lease_until=later))
    [shown] = (await operator.request("GET", "/sync-streams")).json()["items"]
    assert shown["job"]["state"] == "running"
    async with resources.database.transaction() as session:
        await session.execute(update(Job).where(mine).values(state="done"))
    [shown] = (await operator.request("GET", "/sync-streams")).json()["items"]
    assert shown["job"] is None
