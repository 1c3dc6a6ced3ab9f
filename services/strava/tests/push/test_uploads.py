from typing import Any

import made_up
import pytest
from emulated import Emulated, Runner
from looking import idle, jobs_of, make_due, published
from sending import START, at_strava, imported, sent

from common.resources import Resources
from common.testing.wait import eventually


async def test_an_imported_run_is_uploaded_and_comes_back_as_the_same_activity(
    sender: Runner, resources: Resources
) -> None:
    activity_id = await imported(sender, name="Along the creek")
    push = await sent(sender, "uploads", activity_id=activity_id)
    assert (push["kind"], push["state"], push["activity_id"]) == ("upload", "done", activity_id)
    [there] = await at_strava(sender)
    assert (str(there["id"]), there["name"]) == (push["strava_id"], "Along the creek")
    assert there["external_id"].startswith("rt-")
    activity = await sender.sees(int(push["strava_id"]))
    assert activity["id"] == activity_id
    await eventually(lambda: idle(resources), within=15, what="the event")
    [only] = (await sender.here.get("/activities"))["items"]
    assert (only["id"], only["sources"]) == (activity_id, ["file", "strava"])
    assert len(await published(resources, "activity.created.v1")) == 1
    again = await sender.here.request("POST", "/strava/uploads", json={"activity_id": activity_id})
    assert (again.status_code, again.json()["code"]) == (409, "strava.already_there")
    listed = (await sender.here.get("/strava/uploads"))["items"]
    assert [each["id"] for each in listed] == [push["id"]]


async def test_what_strava_has_shifted_comes_back_as_the_same_activity_all_the_same(
    sender: Runner, emulated: Emulated
) -> None:
    """Neither start nor length tell: it is known by what was sent."""
    activity_id = await imported(sender)
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    push = await sent(sender, "uploads", activity_id=activity_id)
    number = int(push["strava_id"])
    await emulated.control("PATCH", f"/activities/{number}", json={"moving_time": 3000, "elapsed_time": 5000})
    await emulated.control("PUT", "/faults", json={})
    await sender.tells(number)
    await sender.sees(number)
    [only] = (await sender.here.get("/activities"))["items"]
    assert only["id"] == activity_id


@pytest.mark.parametrize("html", [False, True])
async def test_a_file_that_strava_has_is_a_duplicate_with_its_number(
    sender: Runner, emulated: Emulated, html: bool
) -> None:
    file = made_up.run(START)
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True, "html_upload_errors": html})
    path = f"/athletes/{sender.strava_id}/activities"
    there = await emulated.control("POST", path, files={"file": ("run.gpx", file)})
    item = (await sender.here.give(("run.gpx", file)))["run.gpx"]
    push = await sent(sender, "uploads", activity_id=item["activity_ids"][0])
    assert (push["state"], push["strava_id"], push["reason"]) == (
        "duplicate",
        str(there["id"]),
        "Strava had this file.",
    )


async def test_an_upload_whose_answer_was_lost_is_sent_again_and_made_once(sender: Runner, emulated: Emulated) -> None:
    activity_id = await imported(sender)
    await emulated.control("PUT", "/faults", json={"lost_answers": 1, "paths": ["/uploads"]})
    push = await sent(sender, "uploads", activity_id=activity_id)
    assert push["state"] == "done"
    assert len(await at_strava(sender)) == 1


async def test_the_same_request_twice_is_one_upload(sender: Runner, resources: Resources) -> None:
    activity_id = await imported(sender)
    headers = {"Idempotency-Key": "one"}
    body = {"activity_id": activity_id}
    answers = [await sender.here.request("POST", "/strava/uploads", json=body, headers=headers) for _ in range(2)]
    other = await sender.here.request("POST", "/strava/uploads", json=body)
    assert len({each.json()["id"] for each in (*answers, other)}) == 1
    assert len(await jobs_of(resources, "strava-push")) == 1


async def test_what_cannot_be_sent_says_why(sender: Runner, new_runner: Any) -> None:
    theirs = await imported(await new_runner())
    for path in ("uploads", "manual"):
        response = await sender.here.request("POST", f"/strava/{path}", json={"activity_id": theirs})
        assert (response.status_code, response.json()["code"]) == (404, "activity.not_found")
    number = await sender.runs(distance=600, moving_time=200)
    own = await sender.sees(number)
    response = await sender.here.request("POST", "/strava/uploads", json={"activity_id": own["id"]})
    assert (response.status_code, response.json()["code"]) == (409, "strava.already_there")
    response = await sender.here.request("GET", f"/strava/uploads/{own['id']}")
    assert (response.status_code, response.json()["code"]) == (404, "strava.push_not_found")


async def test_without_leave_to_write_nothing_is_sent_and_the_way_to_get_it_is_named(runner: Runner) -> None:
    activity_id = await imported(runner)
    for method, path, body in (
        ("POST", "uploads", {"activity_id": activity_id}),
        ("POST", "manual", {"activity_id": activity_id}),
        ("PUT", "activities/7/description", {"text": "x"}),
    ):
        response = await runner.here.request(method, f"/strava/{path}", json=body)
        assert (response.status_code, response.json()["code"]) == (403, "strava.write_scope_missing")
        assert "/strava/auth?write=true" in response.json()["next_steps"]


async def test_leave_that_was_taken_back_meanwhile_fails_the_push(sender: Runner, emulated: Emulated) -> None:
    activity_id = await imported(sender)
    await emulated.control("POST", f"/athletes/{sender.strava_id}/revoke", json={"tell": False})
    push = await sent(sender, "uploads", activity_id=activity_id)
    assert push["state"] == "failed"
    assert "no longer accepts" in push["reason"]


async def test_an_upload_that_a_limit_held_up_is_told_as_the_duplicate_that_it_is(
    sender: Runner, emulated: Emulated, resources: Resources
) -> None:
    file = made_up.run(START)
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    await emulated.control("POST", f"/athletes/{sender.strava_id}/activities", files={"file": ("run.gpx", file)})
    activity_id = (await sender.here.give(("run.gpx", file)))["run.gpx"]["activity_ids"][0]
    await emulated.control("PUT", "/faults", json={"status": 429, "calls": 1, "paths": ["/uploads"]})
    response = await sender.here.request("POST", "/strava/uploads", json={"activity_id": activity_id})

    async def waits() -> bool:
        return any(each.reason for each in await jobs_of(resources, "strava-push"))

    await eventually(waits, within=15, what="the wait")
    await resources.redis.flushdb()  # the quarter of an hour is over

    async def settled() -> Any:
        await make_due(resources)
        await resources.waker.wake("strava")
        push = await sender.here.get(f"/strava/uploads/{response.json()['id']}")
        return push["state"] not in {"queued", "sending", "processing"} and push

    push = await eventually(settled, within=20, what="the push")
    assert (push["state"], push["reason"]) == ("duplicate", "Strava had this file.")
