from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from emulated import Emulated, Runner
from looking import Woken, idle, jobs_of, make_due
from sqlalchemy import delete, text, update

from common.db.tables import Job
from common.jobs import enqueue
from common.resources import Resources
from strava.sync.polling import poll_when_silent, tidy
from strava.sync.queueing import (
    ACTIVITY,
    HISTORY,
    QUEUE,
    SYNC,
    enqueue_activity,
    enqueue_history,
    enqueue_polls,
    enqueue_sync,
)

NewRunner = Callable[[], Awaitable[Runner]]
LONGER = timedelta(minutes=30)
LISTED = {"before": None, "listed": True, "queued": 0}


async def test_connecting_brings_recent_history_and_then_all_years_before(
    new_runner: NewRunner, resources: Resources, woken: Woken
) -> None:
    runner, now = await new_runner(), datetime.now(UTC)
    days = [3, 30, 85, 120]
    starts = [now - timedelta(days=each) for each in days]
    ids = [await runner.runs(start_date=each.isoformat(), distance=3000) for each in starts]
    await runner.connect()

    async def all_here() -> bool:
        return all([await runner.stored(each) for each in ids[:3]])

    await woken(all_here, "recent history")
    status = await runner.status()
    assert (status["sync"]["state"], status["sync"]["progress"]) == ("done", 1.0)
    assert status["last_sync_at"] is not None

    async def all_years_here() -> bool:
        await make_due(resources)
        return bool(await runner.stored(ids[3]) and await idle(resources))

    await woken(all_years_here, "what was before")
    history = (await runner.status())["history"]
    assert (history["state"], history["progress"]) == ("done", 1.0)
    assert (history["total"], history["fetched"], history["to_fetch"], history["failed"]) == (4, 4, 0, 0)


async def half_way(resources: Resources, athlete_id: UUID) -> datetime:
    """Of four activities that a sync has listed two are here, one was given up, one waits, the years before longer.

    What an earlier sync brought, news, and what is looked at again are not of them.
    """
    until = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    async with resources.database.transaction() as session:
        former = enqueue_activity(session, athlete_id, 7, urgent=False, missing=True)
        await session.flush()
        listing = {"after": datetime.now(UTC).isoformat(), "before": None, "queued": 4}
        sync = enqueue(session, SYNC, listing, queue=QUEUE, subject_id=athlete_id, delay=timedelta(hours=1))
        await session.flush()
        fetches = [
            enqueue_activity(session, athlete_id, each, urgent=False, missing=True, delay=3600) for each in range(1, 5)
        ]
        others = [enqueue_activity(session, athlete_id, 5, urgent=True, delay=1800)]
        others += [enqueue_activity(session, athlete_id, 6, urgent=False, delay=1800)]
        history = await enqueue_history(session, athlete_id, since=sync, queued=4)
        await session.flush()
        await session.execute(update(Job).where(Job.id.not_in(others)).values(run_after=until))
        done = Job.id.in_([former, sync, *fetches[:2]])
        await session.execute(update(Job).where(done).values(state="done", progress=1.0))
        await session.execute(update(Job).where(Job.id == fetches[2]).values(state="dead"))
        held = Job.id == history
        values = {"progress": 0.0, "reason": "The limit is used up.", "run_after": until + LONGER}
        await session.execute(update(Job).where(held).values(values))
    return until


async def test_what_is_told_of_fetching_agrees_whenever_it_is_read_and_names_when_it_goes_on(
    runner: Runner, resources: Resources
) -> None:
    until = await half_way(resources, runner.here.id)
    status = await runner.status()
    for told in (status["sync"], status["history"]):
        assert (told["total"], told["fetched"], told["to_fetch"], told["failed"]) == (4, 2, 1, 1)
        assert (told["state"], told["progress"]) == ("queued", 0.75)
        assert datetime.fromisoformat(told["resumes_at"]) == until
        assert told["reason"] == f"2 of 4 activities are here. It goes on at {until:%H:%M} UTC."
    async with resources.database.transaction() as session:
        await session.execute(update(Job).where(Job.kind == ACTIVITY).values(state="done"))
    status = await runner.status()
    assert (status["sync"]["state"], status["sync"]["progress"], status["sync"]["to_fetch"]) == ("done", 1.0, 0)
    assert (status["history"]["state"], status["history"]["progress"]) == ("queued", 0.0), "it has still to list"
    assert status["history"]["reason"] == "The limit is used up."
    assert datetime.fromisoformat(status["history"]["resumes_at"]) == until + LONGER
    async with resources.database.transaction() as session:
        await session.execute(delete(Job).where(Job.kind == ACTIVITY))  # what is done long ago
    status = await runner.status()
    for told in (status["sync"], status["history"]):
        assert (told["total"], told["fetched"], told["to_fetch"], told["failed"]) == (4, 4, 0, 0)


async def test_a_sync_that_waits_before_it_has_listed_anything_names_when_it_goes_on(
    new_runner: NewRunner, resources: Resources, woken: Woken, emulated: Emulated
) -> None:
    runner = await new_runner()
    await emulated.control("PUT", "/limits", json={"read": [3, 1000], "read_usage": [3, 3]})
    await runner.connect()

    async def waits() -> Any:
        return (await runner.status())["sync"]["resumes_at"]

    assert datetime.fromisoformat(await woken(waits, "the wait for the limit")) > datetime.now(UTC)
    assert (await runner.status())["sync"]["state"] == "queued"


async def test_a_sync_finds_what_no_event_told_of(
    runner: Runner, resources: Resources, woken: Woken, emulated: Emulated
) -> None:
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    late = await runner.runs(start_date=(datetime.now(UTC) - timedelta(hours=20)).isoformat())
    response = await runner.here.request("POST", "/strava/sync")
    assert response.status_code == 202
    job = response.json()
    assert (job["kind"], job["state"], job["attempts"]) == ("strava-sync", "queued", 0)
    assert (await runner.here.request("POST", "/strava/sync")).status_code == 202

    async def here() -> Any:
        return await runner.stored(late)

    await woken(here, "the late run")
    await woken(lambda: idle(resources), "the sync")
    assert len(await jobs_of(resources, "strava-activity")) == 1


async def test_a_sync_goes_through_all_pages(
    runner: Runner, resources: Resources, woken: Woken, emulated: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    first = datetime.now(UTC) - timedelta(hours=23)
    for number in range(205):
        start = (first + timedelta(minutes=number)).isoformat()
        await runner.runs(manual=True, start_date=start, distance=100, moving_time=10)
    await runner.here.request("POST", "/strava/sync")

    async def queued() -> bool:
        return len(await jobs_of(resources, "strava-activity")) == 205

    await woken(queued, "both pages")


async def test_silent_webhooks_are_made_up_for_by_polling(
    runner: Runner, resources: Resources, woken: Woken, emulated: Emulated
) -> None:
    asked = len(await jobs_of(resources, "strava-sync"))  # when connecting, and when the subscription stood
    await poll_when_silent(resources)
    assert len(await jobs_of(resources, "strava-sync")) == asked  # webhooks are on: nobody asks
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE webhook_subscriptions SET state = 'failed', checked_at = now()"))
        ago = "now() - interval '16 minutes'"
        await session.execute(
            text(f"UPDATE strava_tokens SET last_sync_at = {ago}, last_poll_at = {ago}, connected_at = {ago}")
        )
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    missed = await runner.runs()
    await poll_when_silent(resources)
    await poll_when_silent(resources)
    assert len(await jobs_of(resources, "strava-sync")) == asked + 1

    async def here() -> Any:
        return await runner.stored(missed)

    await woken(here, "the run")


async def last_asked(resources: Resources, ago: timedelta) -> datetime:
    """Let the last sync, and the last time that anybody looked, be so long ago; returns that moment."""
    then = datetime.now(UTC) - ago
    changed = (
        "UPDATE strava_tokens SET last_sync_at = :then, last_poll_at = :then, connected_at = :long_ago,"
        " reconciled_at = now()"
    )
    async with resources.database.transaction() as session:
        await session.execute(text(changed), {"then": then, "long_ago": then - timedelta(days=30)})
    return then


async def test_webhooks_that_are_active_but_say_nothing_for_a_day_are_made_up_for(
    runner: Runner, resources: Resources, woken: Woken, emulated: Emulated
) -> None:
    await last_asked(resources, timedelta(hours=1))
    asked = len(await jobs_of(resources, "strava-sync"))
    told = text("UPDATE strava_tokens SET last_event_at = now() - CAST(:ago AS interval)")
    for ago, polls in ((timedelta(hours=23, minutes=55), 0), (timedelta(hours=24, minutes=5), 1)):
        async with resources.database.transaction() as session:
            await session.execute(told, {"ago": ago})
        assert (await runner.status())["webhook"]["state"] == "active"
        await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
        await poll_when_silent(resources)
        assert len(await jobs_of(resources, "strava-sync")) == asked + polls


@pytest.mark.parametrize("how", ["poll", "connect again"])
async def test_a_sync_after_an_hour_lists_from_a_day_before_the_last(
    runner: Runner, resources: Resources, woken: Woken, emulated: Emulated, how: str
) -> None:
    """What Strava works on for long falls behind what was seen before."""
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    last = await last_asked(resources, timedelta(hours=1))
    just_in = await runner.runs(start_date=(last - timedelta(hours=23, minutes=50)).isoformat(), distance=3000)
    too_old = await runner.runs(start_date=(last - timedelta(hours=25)).isoformat(), distance=3000)
    if how == "poll":
        async with resources.database.transaction() as session:
            await enqueue_polls(session, datetime.now(UTC))
    else:
        assert (await runner.connect()).status_code == 200

    async def here() -> Any:
        return await runner.stored(just_in)

    await woken(here, "the run of the day before")
    await woken(lambda: idle(resources), "the end of the sync")
    assert await runner.stored(too_old) is None
    job = (await jobs_of(resources, "strava-sync"))[-1]
    assert datetime.fromisoformat(job.payload["after"]) == last - timedelta(days=1)


async def test_old_states_and_events_are_forgotten(runner: Runner, resources: Resources) -> None:
    await runner.begin()
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE oauth_states SET expires_at = now() - interval '2 days'"))
    await tidy(resources)
    async with resources.database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM oauth_states")) == 0


async def test_a_sync_under_way_stands_for_another_only_when_it_looks_as_far_back(
    runner: Runner, resources: Resources
) -> None:
    """A poll of the last day that waits for the limit is no answer to who misses a run of last month."""
    now = datetime.now(UTC)
    async with resources.database.transaction() as session:
        poll, far, between = [
            await enqueue_sync(session, runner.here.id, now - timedelta(days=days)) for days in (1, 90, 30)
        ]
    assert poll != far
    assert between in {poll, far}


@pytest.mark.parametrize("before", ["state = 'degraded'", "scopes = '{read,activity:read}'"])
async def test_connecting_again_brings_what_could_not_be_fetched_before_however_old(
    runner: Runner, resources: Resources, woken: Woken, emulated: Emulated, before: str
) -> None:
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    long_ago = datetime.now(UTC) - timedelta(days=300)
    old = await runner.runs(start_date=long_ago.isoformat(), distance=3000)
    async with resources.database.transaction() as session:
        await session.execute(text(f"UPDATE strava_tokens SET {before}, history_at = now()"))
        given_up = enqueue_activity(session, runner.here.id, old, urgent=False, missing=True, history=True)
        await session.flush()
        await session.execute(text("UPDATE jobs SET state = 'failed' WHERE id = :id"), {"id": given_up})
        waiting = enqueue(session, HISTORY, LISTED, queue=QUEUE, subject_id=runner.here.id, delay=timedelta(hours=1))
    assert (await runner.connect()).status_code == 200

    async def here() -> bool:
        await make_due(resources)
        return await runner.stored(old) is not None

    await woken(here, "a run of long ago")

    async def told() -> bool:
        await make_due(resources)
        history = (await runner.status())["history"]
        return (history["state"], history["total"], history["fetched"], history["failed"]) == ("done", 1, 1, 0)

    await woken(told, "the end of the history")
    assert waiting not in [each.id for each in await jobs_of(resources, HISTORY)]
