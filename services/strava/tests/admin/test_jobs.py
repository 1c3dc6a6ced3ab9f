from typing import Any
from uuid import uuid4

from emulated import Emulated, Runner
from looking import idle, published
from sqlalchemy import update

from common.db.tables import Job
from common.resources import Resources
from common.testing.wait import eventually


async def fail_all(resources: Resources, state: str) -> None:
    async with resources.database.transaction() as session:
        await session.execute(update(Job).values(state=state, reason="It went wrong."))


async def test_jobs_are_counted_and_listed_newest_first(runner: Runner, operator: Any) -> None:
    listed = (await operator.request("GET", "/activity-jobs?limit=1")).json()
    assert listed["next_cursor"]
    second = (await operator.request("GET", f"/activity-jobs?limit=1&cursor={listed['next_cursor']}")).json()
    assert listed["items"][0]["id"] > second["items"][0]["id"]
    counts = {each["kind"]: each["done"] for each in listed["statistics"]}
    assert counts["strava-sync"] >= 1
    only = (await operator.request("GET", "/activity-jobs?kind=strava-sync&state=done")).json()
    assert {(each["kind"], each["state"]) for each in only["items"]} == {("strava-sync", "done")}


async def test_an_activity_is_fetched_by_hand(runner: Runner, operator: Any, emulated: Emulated) -> None:
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    untold = await runner.runs(name="Untold")
    wanted = {"kind": "activity", "athlete_id": str(runner.here.id), "strava_id": str(untold)}
    job = (await operator.request("POST", "/activity-jobs", 202, json=wanted)).json()
    assert job["kind"] == "strava-activity"
    await runner.sees(untold)


async def test_only_of_somebody_who_is_connected(operator: Any) -> None:
    wanted = {"kind": "sync", "athlete_id": str(uuid4())}
    refused = await operator.request("POST", "/activity-jobs", 409, json=wanted)
    assert refused.json()["code"] == "strava.not_connected"


async def test_a_moment_without_a_zone_is_refused(runner: Runner, operator: Any) -> None:
    wanted = {"kind": "sync", "athlete_id": str(runner.here.id), "after": "2026-01-01T00:00:00"}
    assert (await operator.request("POST", "/activity-jobs", 422, json=wanted)).json()["code"] == "request.invalid"
    await operator.request("POST", "/activity-jobs", 202, json=wanted | {"after": "2026-01-01T00:00:00Z"})


async def test_which_activity_has_to_be_said(runner: Runner, operator: Any) -> None:
    wanted = {"kind": "activity", "athlete_id": str(runner.here.id)}
    refused = await operator.request("POST", "/activity-jobs", 422, json=wanted)
    assert refused.json()["code"] == "job.activity_unnamed"


async def test_a_failed_job_is_tried_again_and_one_that_is_done_is_not(
    runner: Runner, operator: Any, resources: Resources
) -> None:
    [job] = (await operator.request("GET", "/activity-jobs?limit=1&state=done")).json()["items"]
    refused = await operator.request("POST", f"/activity-jobs/{job['id']}/retry", 409)
    assert refused.json()["code"] == "job.not_ended"
    await fail_all(resources, "dead")
    again = (await operator.request("POST", f"/activity-jobs/{job['id']}/retry", 202)).json()
    assert (again["id"], again["attempts"], again["reason"]) == (job["id"], 0, None)

    async def done() -> bool:
        return await idle(resources)

    await eventually(done, within=15, what="the second try")
    assert (await operator.request("POST", f"/activity-jobs/{uuid4()}/retry", 404)).json()["code"] == "job.not_found"


async def test_clearing_leaves_what_is_dead(runner: Runner, operator: Any, resources: Resources) -> None:
    assert (await operator.request("DELETE", "/activity-jobs?state=failed")).json() == {"deleted": 0}
    count = len((await operator.request("GET", "/activity-jobs?limit=200")).json()["items"])
    assert (await operator.request("DELETE", "/activity-jobs")).json() == {"deleted": count}
    await runner.here.request("POST", "/strava/sync")
    await fail_all(resources, "dead")
    assert (await operator.request("DELETE", "/activity-jobs")).json() == {"deleted": 0}


async def test_what_is_done_to_jobs_is_audited_with_who_did_it(
    runner: Runner, operator: Any, resources: Resources
) -> None:
    wanted = {"kind": "sync", "athlete_id": str(runner.here.id)}
    job = (await operator.request("POST", "/activity-jobs", 202, json=wanted)).json()["id"]
    await eventually(lambda: idle(resources), within=15, what="the sync")
    await fail_all(resources, "dead")
    await operator.request("POST", f"/activity-jobs/{job}/retry", 202)
    await eventually(lambda: idle(resources), within=15, what="the second try")
    cleared = (await operator.request("DELETE", "/activity-jobs?state=done")).json()["deleted"]
    told = [each for each in await published(resources, "audit.recorded.v1") if each["action"].startswith("job.")]
    assert {each["actor"] for each in told} == {operator.id}
    assert [(each["action"], each["target"]) for each in told[:2]] == [("job.enqueued", job), ("job.retried", job)]
    assert (told[2]["action"], told[2]["details"]["deleted"]) == ("job.cleared", cleared)
    assert len(told) == 3
