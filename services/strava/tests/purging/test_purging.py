"""What came from Strava goes after a disconnect, and after the operator's time."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import made_up
import pytest
from emulated import Runner
from looking import jobs_of, make_due, published
from sqlalchemy import update

from common.resources import Resources
from common.testing.plugin import Environment
from common.testing.wait import eventually
from strava.gear import service as gear
from strava.models import Recording
from strava.purging.service import PURGE, expire
from strava.settings import StravaSettings

NewRunner = Callable[[], Awaitable[Runner]]


async def gone(runner: Runner, count: int) -> None:
    async def left() -> bool:
        return len((await runner.here.get("/activities"))["items"]) == count

    await eventually(left, within=15, what=f"{count} activities")


async def test_a_disconnect_takes_effect_after_its_grace(runner: Runner, resources: Resources) -> None:
    strava_id = await runner.runs(name="Going")
    await runner.sees(strava_id)
    assert (await runner.here.request("DELETE", "/strava/disconnect")).status_code == 204
    status = await runner.status()
    assert (status["state"], status["purge"]["activities"]) == ("disconnected", 1)
    due = datetime.fromisoformat(status["purge"]["due_at"])
    assert timedelta(days=6.9) < due - datetime.now(UTC) <= timedelta(days=7)
    assert await runner.stored(strava_id)
    stored = {each.key async for each in resources.objects.list(f"originals/{runner.here.id}")}
    assert stored
    await make_due(resources)
    await gone(runner, 0)

    async def over() -> bool:
        return (await runner.status())["purge"] is None

    await eventually(over, within=10, what="the end of the purge")
    assert {each.key async for each in resources.objects.list(f"originals/{runner.here.id}")} == set()
    told = [each for each in await published(resources, "audit.recorded.v1") if each["action"] == "strava.purged"]
    assert [each["details"] for each in told] == [{"recordings": 1}]
    assert [each["activity_id"] for each in await published(resources, "activity.deleted.v1")]


async def test_what_also_came_as_a_file_stays_as_the_file_has_it(runner: Runner, resources: Resources) -> None:
    strava_id = await runner.runs(name="Both", distance=1800, moving_time=600)
    seen = await runner.sees(strava_id)
    start = datetime.fromisoformat(seen["start_time"])
    run = made_up.run(start, seconds=int(seen["elapsed_time"]))
    [item] = (await runner.here.give(("mine.gpx", run))).values()
    assert (item["state"], item["activity_ids"]) == ("merged", [seen["id"]])
    await runner.here.request("DELETE", "/strava/disconnect")
    await make_due(resources)

    async def left() -> bool:
        return bool((await runner.here.get(f"/activities/{seen['id']}"))["sources"] == ["file"])

    await eventually(left, within=15, what="the file's own activity")
    detail = await runner.here.get(f"/activities/{seen['id']}")
    assert (detail["source"], detail["strava_id"], len(detail["recordings"])) == ("file", None, 1)
    assert "Both" not in detail["name"]  # a word of Strava's


async def test_shoes_that_only_strava_told_of_go_and_those_of_the_athlete_stay(
    runner: Runner, resources: Resources
) -> None:
    own = (await runner.here.request("POST", "/gear", json={"kind": "shoes", "name": "Mine"})).json()
    async with resources.database.transaction() as session:
        await gear.for_strava(session, runner.here.id, "g1", "Theirs")
        named = await gear.for_strava(session, runner.here.id, "g2", "Theirs, but named here")
        assert str(await gear.for_strava(session, runner.here.id, "g3", "Mine")) == own["id"]
    headers = {"If-Match": '"1"'}
    await runner.here.request("PATCH", f"/gear/{named}", json={"name": "Red"}, headers=headers)
    await runner.here.request("DELETE", "/strava/disconnect")
    assert len((await runner.here.get("/gear"))["items"]) == 3
    await make_due(resources)

    async def over() -> bool:
        return (await runner.status())["purge"] is None

    await eventually(over, within=15, what="the end of the purge")
    assert {each["name"] for each in (await runner.here.get("/gear"))["items"]} == {"Mine", "Red"}


async def test_a_disconnect_is_undone_within_its_grace(runner: Runner, resources: Resources) -> None:
    strava_id = await runner.runs(name="Staying")
    await runner.sees(strava_id)
    await runner.here.request("DELETE", "/strava/disconnect")
    undone = await runner.here.request("POST", "/strava/disconnect/undo")
    assert (undone.status_code, undone.json()["purge"]) == (200, None)
    await make_due(resources)
    assert await jobs_of(resources, PURGE) == []
    assert await runner.stored(strava_id)
    again = await runner.here.request("POST", "/strava/disconnect/undo")
    assert (again.status_code, again.json()["code"]) == (404, "strava.nothing_to_undo")


async def test_connecting_again_keeps_what_is_there(runner: Runner, resources: Resources) -> None:
    strava_id = await runner.runs(name="Staying")
    await runner.sees(strava_id)
    await runner.here.request("DELETE", "/strava/disconnect")
    assert (await runner.connect()).json()["purge"] is None
    assert await jobs_of(resources, PURGE) == []
    assert await runner.stored(strava_id)


async def test_connecting_another_account_keeps_only_what_comes_from_it(
    runner: Runner, new_runner: NewRunner, resources: Resources
) -> None:
    former = await runner.runs(name="Of the former")
    await runner.sees(former)
    await runner.here.request("DELETE", "/strava/disconnect")
    other = await new_runner()
    again = Runner(runner.here, runner.emulated, other.strava_id)
    assert (await again.connect()).json()["purge"]["activities"] == 1
    latter = await again.runs(name="Of the latter", start_date="2026-10-05T08:00:00Z")
    await again.sees(latter)
    await make_due(resources)
    await gone(again, 1)
    assert await again.stored(latter)


async def test_each_account_that_was_left_goes_when_it_is_due_whatever_happens_to_the_others(
    runner: Runner, new_runner: NewRunner, resources: Resources
) -> None:
    former = await runner.runs(name="Of the former")
    await runner.sees(former)
    again = Runner(runner.here, runner.emulated, (await new_runner()).strava_id)
    left = (await again.connect()).json()["purge"]
    assert (left["account"], left["activities"]) == (str(runner.strava_id), 1)
    latter = await again.runs(name="Of the latter", start_date="2026-10-05T08:00:00Z")
    await again.sees(latter)
    assert (await again.status())["purge"] == left, "what comes from another account does not count"
    await again.here.request("DELETE", "/strava/disconnect")
    status = await again.status()
    told = [(each["account"], each["activities"]) for each in status["purges"]]
    assert told == [(str(again.strava_id), 1), (str(runner.strava_id), 1)]
    assert (status["purge"], status["purges"][1]) == (status["purges"][0], left)
    assert (await again.connect()).json()["purges"] == [left]
    await make_due(resources)
    await gone(again, 1)
    assert await again.stored(latter)


async def test_what_does_not_say_its_account_is_of_the_one_that_was_left_after_it_came(
    runner: Runner, new_runner: NewRunner, resources: Resources
) -> None:
    old = await runner.runs(name="From before accounts were noted")
    await runner.sees(old)
    async with resources.database.transaction() as session:
        await session.execute(update(Recording).values(strava_athlete_id=None))
    again = Runner(runner.here, runner.emulated, (await new_runner()).strava_id)
    assert (await again.connect()).json()["purge"]["activities"] == 1
    later = await again.runs(start_date="2026-10-05T08:00:00Z")
    await again.sees(later)
    async with resources.database.transaction() as session:
        await session.execute(update(Recording).values(strava_athlete_id=None))
    assert (await again.status())["purge"]["activities"] == 1
    await make_due(resources)
    await gone(again, 1)
    assert await again.stored(later)


async def test_an_undo_keeps_what_came_from_the_account_left_last(
    runner: Runner, new_runner: NewRunner, resources: Resources
) -> None:
    await runner.sees(await runner.runs())
    again = Runner(runner.here, runner.emulated, (await new_runner()).strava_id)
    await again.connect()
    await again.here.request("DELETE", "/strava/disconnect")
    undone = (await again.here.request("POST", "/strava/disconnect/undo")).json()
    assert [each["account"] for each in undone["purges"]] == [str(runner.strava_id)]
    [job] = [each for each in await jobs_of(resources, PURGE) if each.state == "queued"]
    assert job.run_after > datetime.now(UTC)
    undone = (await again.here.request("POST", "/strava/disconnect/undo")).json()
    assert (undone["purge"], undone["purges"]) == (None, [])


async def test_leaving_what_was_withdrawn_already_gives_no_more_time(runner: Runner) -> None:
    await runner.emulated.control("POST", f"/athletes/{runner.strava_id}/revoke", json={"tell": False})
    assert (await runner.here.request("GET", "/strava/athlete")).status_code == 409
    due = (await runner.status())["purge"]["due_at"]
    await runner.here.request("DELETE", "/strava/disconnect")
    assert [each["due_at"] for each in (await runner.status())["purges"]] == [due]


async def test_what_is_older_than_the_operators_time_goes_and_does_not_come_back(
    runner: Runner, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = await runner.runs(name="Old"), await runner.runs(name="New", start_date="2026-10-05T08:00:00Z")
    await runner.sees(old)
    await runner.sees(new)
    await expire(resources)
    assert len((await runner.here.get("/activities"))["items"]) == 2
    async with resources.database.transaction() as session:
        long_ago = datetime.now(UTC) - timedelta(days=8)
        await session.execute(update(Recording).values(created_at=long_ago).where(Recording.strava_id == old))
    monkeypatch.setenv("STRAVA_RETENTION_DAYS", "7")
    async with Resources.open("strava", StravaSettings.from_environment()) as limited:
        await expire(limited)
    assert await runner.stored(old) is None
    assert await runner.stored(new)
    await runner.here.request("POST", "/strava/sync")

    async def synced() -> bool:
        return bool((await runner.status())["sync"]["state"] == "done")

    await eventually(synced, within=15, what="the sync")
    assert await runner.stored(old) is None


def test_an_operator_may_keep_it_all(strava_environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in strava_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STRAVA_PURGE_AFTER_DAYS", "never")
    assert StravaSettings.from_environment().purge_grace is None
    monkeypatch.setenv("STRAVA_RETENTION_DAYS", "")
    assert StravaSettings.from_environment().strava_retention_days is None
