from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import made_up
import pytest
from emulated import Emulated, Runner
from looking import Outcomes, Woken, idle, jobs_of, published
from sqlalchemy import func, select

from common.resources import Resources
from common.testing.wait import eventually
from strava.activities import repository as activities
from strava.imports.sweeping import sweep_orphans
from strava.models import ActivityAudit, Recording
from strava.sync import bringing
from strava.sync.queueing import enqueue_activity, enqueue_reconciliation

NewRunner = Callable[[], Awaitable[Runner]]


async def test_a_run_that_strava_tells_of_is_here_with_samples(runner: Runner, outcomes: Outcomes) -> None:
    strava_id = await runner.runs(name="Along the creek", distance=8000, hr=150, description="easy")
    assert await outcomes(1) == [("create", "stored")]
    activity = await runner.sees(strava_id)
    assert (activity["name"], activity["sport"], activity["source"]) == ("Along the creek", "Run", "strava")
    assert (activity["sources"], activity["strava_id"]) == (["strava"], str(strava_id))
    assert activity["distance"] == pytest.approx(8000, rel=0.01)
    assert activity["has_map"]
    assert activity["fastest_pace"] is not None
    detail = await runner.here.get(f"/activities/{activity['id']}")
    assert detail["description"] == "easy"
    [recording] = detail["recordings"]
    assert (recording["format"], recording["source"], recording["primary"]) == ("strava", "strava", True)
    streams = await runner.here.get(f"/activities/{activity['id']}/streams?keys=time,latlng,heartrate")
    assert len(streams["heartrate"]["data"]) == len(streams["time"]["data"]) > 1000
    original = await runner.here.request("GET", f"/activities/{activity['id']}/original")
    assert original.json()["activity"]["id"] == strava_id
    assert (await runner.here.get(f"/activities/{activity['id']}/splits"))["items"]
    assert (await runner.status())["last_event_at"] is not None


async def test_the_same_event_twice_has_its_effect_once(
    runner: Runner, outcomes: Outcomes, resources: Resources, emulated: Emulated
) -> None:
    await emulated.control("PUT", "/faults", json={"duplicate_webhooks": True})
    strava_id = await runner.runs()
    await runner.sees(strava_id)
    await runner.tells(strava_id, times=3)
    await outcomes(2)
    assert len((await runner.here.get("/activities"))["items"]) == 1
    assert len(await published(resources, "activity.created.v1")) == 1
    assert len(await published(resources, "activity.updated.v1")) == 0
    assert (await runner.stored(strava_id) or {})["version"] == 1


async def test_a_rename_at_strava_is_followed_unless_it_was_named_here(runner: Runner, resources: Resources) -> None:
    first, second = await runner.runs(name="A"), await runner.runs(name="B", start_date="2026-11-01T06:00:00Z")
    await runner.sees(first)
    kept = await runner.sees(second)
    await runner.here.request("PATCH", f"/activities/{kept['id']}", json={"name": "Mine"})
    for strava_id in (first, second):
        await runner.emulated.control("PATCH", f"/activities/{strava_id}", json={"name": "Renamed"})
    assert (await runner.sees(first, name="Renamed"))["version"] == 2
    await eventually(lambda: idle(resources), within=15, what="the second update")
    assert (await runner.stored(second) or {})["name"] == "Mine"
    changes = [each["changed"] for each in await published(resources, "activity.updated.v1")]
    assert ["streams"] not in changes  # samples are the same: nothing has to be computed again


async def test_a_sport_that_was_chosen_here_keeps_its_cadence_when_strava_tells_more(runner: Runner) -> None:
    strava_id = await runner.runs(name="A")
    run = await runner.sees(strava_id)
    chosen = await runner.here.request("PATCH", f"/activities/{run['id']}", json={"sport": "Ride"})
    assert chosen.json()["average_cadence"] == pytest.approx(run["average_cadence"] / 2, abs=0.1)
    await runner.emulated.control("PATCH", f"/activities/{strava_id}", json={"name": "Renamed"})
    renamed = await runner.sees(strava_id, name="Renamed")
    assert (renamed["sport"], renamed["average_cadence"]) == ("Ride", chosen.json()["average_cadence"])


async def test_an_update_that_comes_before_the_create_ends_right(
    runner: Runner, outcomes: Outcomes, resources: Resources, emulated: Emulated
) -> None:
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    strava_id = await runner.runs(name="Out of order")
    await emulated.control("PUT", "/faults", json={})
    await runner.tells(strava_id, "update", updates={"title": "Out of order"})
    assert await outcomes(1) == [("update", "stored")]
    await runner.tells(strava_id, "create")
    assert await outcomes(2) == [("update", "stored"), ("create", "unchanged")]
    assert len(await published(resources, "activity.created.v1")) == 1


async def test_a_delete_that_comes_before_the_create_leaves_nothing(
    runner: Runner, outcomes: Outcomes, emulated: Emulated
) -> None:
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    strava_id = await runner.runs()
    await emulated.control("DELETE", f"/activities/{strava_id}")
    await emulated.control("PUT", "/faults", json={})
    await runner.tells(strava_id, "delete", event_time=1_795_000_100)
    await outcomes(1)
    await runner.tells(strava_id, "create", event_time=1_795_000_000)
    assert await outcomes(2) == [("delete", "ignored"), ("create", "ignored")]
    assert await runner.stored(strava_id) is None


async def test_a_fetch_that_a_delete_overtook_stores_nothing(runner: Runner, resources: Resources) -> None:
    strava_id = await runner.runs()
    await runner.sees(strava_id)
    fetched = await bringing.fetch(resources, runner.here.id, strava_id, urgent=True)
    later = await bringing.fetch(resources, runner.here.id, 1, urgent=True)
    async with resources.database.transaction() as session:
        assert await bringing.bury(session, runner.here.id, strava_id, later.number)
    async with resources.database.transaction() as session:
        brought = await bringing.keep(resources, session, runner.here.id, runner.strava_id, fetched)
    assert brought.outcome == "stale"
    assert await runner.stored(strava_id) is None
    again = await bringing.fetch(resources, runner.here.id, strava_id, urgent=True)
    async with resources.database.transaction() as session:
        brought = await bringing.keep(resources, session, runner.here.id, runner.strava_id, again)
    assert brought.outcome == "stored"


async def test_a_fetch_that_a_disconnect_overtook_stores_nothing(runner: Runner, resources: Resources) -> None:
    """The purge of a disconnect knows what was stored before it."""
    await runner.emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    strava_id = await runner.runs()
    fetched = await bringing.fetch(resources, runner.here.id, strava_id, urgent=True)
    await runner.here.request("DELETE", "/strava/disconnect")
    async with resources.database.transaction() as session:
        brought = await bringing.keep(resources, session, runner.here.id, runner.strava_id, fetched)
    assert (brought.outcome, brought.reason) == ("ignored", "The athlete has disconnected meanwhile.")
    assert await runner.stored(strava_id) is None


async def test_of_two_fetches_the_one_that_began_later_stays(runner: Runner, resources: Resources) -> None:
    strava_id = await runner.runs(name="Old")
    await runner.sees(strava_id)
    older = await bringing.fetch(resources, runner.here.id, strava_id, urgent=True)
    await runner.emulated.control("PATCH", f"/activities/{strava_id}", json={"name": "New"})
    await runner.sees(strava_id, name="New")
    async with resources.database.transaction() as session:
        brought = await bringing.keep(resources, session, runner.here.id, runner.strava_id, older)
    assert brought.outcome == "stale"
    assert (await runner.stored(strava_id) or {})["name"] == "New"


async def test_what_strava_does_not_have_yet_is_asked_for_again(
    runner: Runner, outcomes: Outcomes, emulated: Emulated
) -> None:
    await emulated.control("PUT", "/faults", json={"not_found_after_create_s": 1.5})
    strava_id = await runner.runs()
    assert await outcomes(1) == [("create", "stored")]
    assert await runner.stored(strava_id)


async def test_what_strava_never_has_is_given_up(runner: Runner, outcomes: Outcomes, resources: Resources) -> None:
    await runner.tells(123_456_789_012)
    assert await outcomes(1) == [("create", "missing")]
    jobs = await jobs_of(resources, "strava-event")
    assert [job.payload["attempt"] for job in jobs] == list(range(11))
    assert {job.state for job in jobs} == {"done"}


async def test_late_samples_follow_what_is_shown_at_once(
    runner: Runner, woken: Woken, resources: Resources, emulated: Emulated
) -> None:
    await emulated.control("PUT", "/faults", json={"streams_late_s": 2})
    strava_id = await runner.runs(distance=5000, hr=151)
    early = await runner.sees(strava_id)
    assert (early["distance"], early["version"]) == (pytest.approx(5000, rel=0.01), 1)
    assert early["average_heartrate"] == pytest.approx(151, abs=5)

    async def sampled() -> Any:
        return await runner.here.get(f"/activities/{early['id']}/streams?keys=time,heartrate")

    assert (await woken(sampled, "the samples"))["heartrate"]["data"]
    later = await runner.stored(strava_id)
    assert later is not None
    assert (later["id"], later["version"]) == (early["id"], 2)
    assert "streams" in (await published(resources, "activity.updated.v1"))[-1]["changed"]


async def has_samples(runner: Runner, activity: dict[str, Any]) -> bool:
    return "time" in await runner.here.get(f"/activities/{activity['id']}/streams?keys=time")


@pytest.mark.parametrize("told_by", ["create", "update", "sync", "reconcile", "create after a history"])
async def test_late_samples_follow_however_long_ago_the_run_was(
    runner: Runner, woken: Woken, resources: Resources, emulated: Emulated, told_by: str
) -> None:
    """A watch that lay in a drawer tells of its runs weeks later."""
    await emulated.control("PUT", "/faults", json={"streams_late_s": 2, "drop_webhooks": True})
    weeks_ago = datetime.now(UTC) - timedelta(days=21)
    strava_id = await runner.runs(start_date=weeks_ago.isoformat(), distance=5000)
    await emulated.control("PUT", "/faults", json={"streams_late_s": 2})
    if told_by == "sync":
        await runner.here.request("POST", "/strava/sync")
    elif told_by == "reconcile":
        async with resources.database.transaction() as session:
            await enqueue_reconciliation(session, runner.here.id, weeks_ago - timedelta(days=1))
    else:
        if told_by == "create after a history":
            async with resources.database.transaction() as session:
                enqueue_activity(session, runner.here.id, strava_id, urgent=False, missing=True, history=True)
            await runner.sees(strava_id)
        await runner.tells(strava_id, told_by.partition(" ")[0])
    early = await runner.sees(strava_id)
    assert not await has_samples(runner, early)
    await woken(lambda: has_samples(runner, early), "the samples")


async def test_a_manual_entry_is_stored_and_no_samples_are_waited_for(
    runner: Runner, outcomes: Outcomes, resources: Resources
) -> None:
    strava_id = await runner.runs(manual=True, distance=6000, moving_time=1800, name="By hand")
    assert await outcomes(1) == [("create", "stored")]
    activity = await runner.sees(strava_id)
    assert (activity["distance"], activity["moving_time"], activity["has_map"]) == (6000, 1800, False)
    assert activity["timezone"] == "Australia/Adelaide"
    assert await jobs_of(resources, "strava-activity") == []


async def test_an_indoor_run_has_samples_and_no_map(runner: Runner) -> None:
    activity = await runner.sees(await runner.runs(indoor=True, distance=5000))
    assert (activity["has_map"], activity["timezone"]) == (False, "Australia/Adelaide")
    assert activity["distance"] == pytest.approx(5000, rel=0.01)


async def test_deleting_at_strava_deletes_here(runner: Runner, outcomes: Outcomes, resources: Resources) -> None:
    strava_id = await runner.runs()
    activity = await runner.sees(strava_id)
    await runner.emulated.control("DELETE", f"/activities/{strava_id}")
    assert await outcomes(2) == [("create", "stored"), ("delete", "deleted")]
    assert await runner.stored(strava_id) is None
    [gone] = await published(resources, "activity.deleted.v1")
    assert gone["activity_id"] == activity["id"]
    async with resources.database.transaction() as session:
        audits = (await session.scalars(select(ActivityAudit).order_by(ActivityAudit.id))).all()
    assert [(each.action, each.reason) for each in audits][-1] == ("deleted", "Deleted at Strava.")


async def test_a_delete_is_not_believed_while_strava_has_the_activity(runner: Runner, outcomes: Outcomes) -> None:
    strava_id = await runner.runs()
    await runner.sees(strava_id)
    await runner.tells(strava_id, "delete")
    assert await outcomes(2) == [("create", "stored"), ("delete", "unchanged")]
    assert await runner.stored(strava_id)


async def test_what_was_deleted_here_does_not_come_back(runner: Runner, resources: Resources, woken: Woken) -> None:
    strava_id = await runner.runs()
    activity = await runner.sees(strava_id)
    assert (await runner.here.request("DELETE", f"/activities/{activity['id']}")).status_code == 204
    await runner.tells(strava_id, "update")
    assert (await runner.here.request("POST", "/strava/sync")).status_code == 202
    await woken(lambda: idle(resources), "the sync")
    assert await runner.stored(strava_id) is None


async def test_an_event_about_somebody_elses_activity_stores_nothing(
    runner: Runner, new_runner: NewRunner, outcomes: Outcomes, emulated: Emulated
) -> None:
    other = await new_runner()
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    strava_id = await other.runs()
    await emulated.control("PUT", "/faults", json={})
    await runner.tells(strava_id)
    assert await outcomes(1) == [("create", "missing")]
    assert (await runner.here.get("/activities"))["items"] == []


START = datetime(2026, 11, 2, 7, tzinfo=UTC)


async def same_run_at_strava(runner: Runner, **values: Any) -> int:
    return await runner.runs(start_date=START.isoformat(), distance=1800, moving_time=600, **values)


async def test_a_file_and_strava_of_the_same_run_are_one_activity(runner: Runner, outcomes: Outcomes) -> None:
    item = (await runner.here.give(("run.gpx", made_up.run(START + timedelta(seconds=20)))))["run.gpx"]
    strava_id = await same_run_at_strava(runner, name="With the club")
    assert await outcomes(1) == [("create", "merged")]
    activity = await runner.sees(strava_id)
    assert [activity["id"]] == item["activity_ids"]
    assert (activity["sources"], activity["name"]) == (["file", "strava"], "With the club")
    detail = await runner.here.get(f"/activities/{activity['id']}")
    assert {each["source"] for each in detail["recordings"]} == {"file", "strava"}


async def test_the_file_outlives_the_strava_recording(runner: Runner, outcomes: Outcomes) -> None:
    strava_id = await same_run_at_strava(runner)
    await runner.sees(strava_id)
    item = (await runner.here.give(("run.gpx", made_up.run(START))))["run.gpx"]
    assert item["state"] == "merged"
    await runner.emulated.control("DELETE", f"/activities/{strava_id}")
    assert await outcomes(2) == [("create", "stored"), ("delete", "deleted")]
    [activity] = (await runner.here.get("/activities"))["items"]
    assert [activity["id"]] == item["activity_ids"]
    assert (activity["sources"], activity["source"], activity["strava_id"]) == (["file"], "file", None)


async def test_originals_that_were_replaced_are_swept_and_the_current_one_stays(
    runner: Runner, resources: Resources
) -> None:
    strava_id = await runner.runs(name="A")
    await runner.sees(strava_id)
    await runner.emulated.control("PATCH", f"/activities/{strava_id}", json={"name": "B"})
    activity = await runner.sees(strava_id, name="B")
    await sweep_orphans(resources, grace=timedelta(seconds=-1))
    kept = [each async for each in resources.objects.list(f"originals/{runner.here.id}")]
    assert len(kept) == 1
    original = await runner.here.request("GET", f"/activities/{activity['id']}/original")
    assert original.json()["activity"]["name"] == "B"


async def test_recordings_of_strava_are_unique_and_numbered_by_fetch(runner: Runner, resources: Resources) -> None:
    strava_id = await runner.runs()
    await runner.sees(strava_id)
    async with resources.database.transaction() as session:
        found = await activities.recording_of_strava(session, runner.here.id, strava_id)
        count = await session.scalar(select(func.count()).select_from(Recording))
    assert found is not None
    assert (count, found.fetch_number is not None) == (1, True)


async def test_shoes_come_along_and_stay_as_the_athlete_chose_here(
    runner: Runner, emulated: Emulated, resources: Resources
) -> None:
    shoe = f"g{7_000_000 + 10 * (runner.strava_id - 3_000_000_001)}"
    number = await runner.runs(gear_id=shoe)
    activity = await runner.sees(number)
    [gear] = (await runner.here.get("/gear"))["items"]
    assert (gear["name"], gear["kind"]) == ("Daily shoes", "shoes")
    detail = await runner.here.get(f"/activities/{activity['id']}")
    assert (detail["gear"]["id"], detail["version"]) == (gear["id"], 1)
    own = (await runner.here.request("POST", "/gear", json={"kind": "shoes", "name": "Others"})).json()
    await runner.here.request("PATCH", f"/activities/{activity['id']}", json={"gear_id": own["id"]})
    await emulated.control("PATCH", f"/activities/{number}", json={"name": "Renamed"})
    await runner.sees(number, name="Renamed")
    assert (await runner.here.get(f"/activities/{activity['id']}"))["gear"]["id"] == own["id"]


async def test_what_was_missing_and_came_meanwhile_costs_no_call(
    runner: Runner, emulated: Emulated, resources: Resources
) -> None:
    number = await runner.runs()
    await runner.sees(number)
    await eventually(lambda: idle(resources), within=15, what="the event")
    used = (await emulated.control("GET", "/state"))["limits"]["overall_usage"]
    async with resources.database.transaction() as session:
        enqueue_activity(session, runner.here.id, number, urgent=False, missing=True, history=True)
    await eventually(lambda: idle(resources), within=15, what="the fetch that is not needed")
    assert (await emulated.control("GET", "/state"))["limits"]["overall_usage"] == used
