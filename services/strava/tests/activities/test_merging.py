import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import made_up
import pytest
from made_up import START
from sqlalchemy import select

from common.db.tables import OutboxEvent
from common.resources import Resources

Athlete = Any
WATCH, PHONE = made_up.run(heartrate=150), made_up.run(START + timedelta(minutes=40), speed=2.9, name="Phone")


async def given(athlete: Athlete, name: str, data: bytes) -> str:
    return str((await athlete.give((name, data)))[name]["activity_ids"][0])


async def merged(athlete: Athlete, target: str, status: int = 200, **body: Any) -> Any:
    response = await athlete.request("POST", f"/activities/{target}/merge", json=body)
    assert response.status_code == status, response.text
    return response.json()


async def listed(athlete: Athlete) -> list[str]:
    return [each["id"] for each in (await athlete.get("/activities"))["items"]]


async def told(resources: Resources, *activity_ids: str) -> list[tuple[str, str]]:
    """What others were told of these activities, in order."""
    async with resources.database.reading() as session:
        events = await session.scalars(select(OutboxEvent).order_by(OutboxEvent.id))
        found = [(event.type, event.payload) for event in events]
    return [
        (kind.split(".")[1], payload["activity_id"])
        for kind, payload in found
        if payload.get("activity_id") in activity_ids
    ]


async def test_two_activities_become_one_and_what_was_chosen_stays(athlete: Athlete, resources: Resources) -> None:
    watch, phone = await given(athlete, "watch.gpx", WATCH), await given(athlete, "phone.gpx", PHONE)
    await athlete.request("PATCH", f"/activities/{watch}", json={"description": "Windy."})
    one = await merged(athlete, phone, activity_id=watch)
    assert await listed(athlete) == [phone]
    assert (one["id"], one["name"], one["description"], one["edited"]) == (phone, "Phone", "Windy.", ["description"])
    assert [each["file_name"] for each in one["recordings"]] == ["watch.gpx", "phone.gpx"]  # the richer one leads
    assert one["average_heartrate"] == 150
    assert one["recordings"][0]["reason"] == "Merged by hand."
    assert (await athlete.request("GET", f"/activities/{watch}")).status_code == 404
    assert await told(resources, watch, phone) == [
        ("created", watch),
        ("created", phone),
        ("updated", watch),
        ("deleted", watch),
        ("updated", phone),
    ]
    [last] = (await athlete.get(f"/activities/{phone}/history"))["items"][-1:]
    assert (last["action"], watch in last["reason"]) == ("merged", True)


async def test_a_merge_can_be_undone_and_no_import_merges_again(athlete: Athlete, resources: Resources) -> None:
    first = await given(athlete, "watch.gpx", WATCH)
    copy = made_up.run(START + timedelta(seconds=30), heartrate=150, name="Copy")
    item = (await athlete.give(("copy.gpx", copy)))["copy.gpx"]
    assert (item["state"], item["activity_ids"]) == ("merged", [first])
    detail = await athlete.get(f"/activities/{first}")
    recording = next(each for each in detail["recordings"] if each["file_name"] == "copy.gpx")
    response = await athlete.request(
        "POST",
        f"/activities/{first}/unmerge",
        json={"recording_id": recording["id"]},
        headers={"If-Match": f'"{detail["version"]}"'},
    )
    assert response.status_code == 201, response.text
    made = response.json()
    assert response.headers["location"] == f"/api/v1/activities/{made['id']}"
    assert (made["name"], made["version"]) == ("Copy", 1)
    assert made["start_time"] == "2026-03-01T07:00:30Z"
    assert [each["id"] for each in made["recordings"]] == [recording["id"]]
    assert sorted(await listed(athlete)) == sorted([first, made["id"]])
    assert (await athlete.get(f"/activities/{made['id']}/streams"))["time"]["data"][-1] == 600
    again = (await athlete.give(("copy.gpx", copy)))["copy.gpx"]
    assert (again["state"], again["activity_ids"]) == ("duplicate", [made["id"]])
    assert len((await athlete.get(f"/activities/{first}"))["recordings"]) == 1
    assert (await told(resources, made["id"], first))[-2:] == [("created", made["id"]), ("updated", first)]
    actions = [each["action"] for each in (await athlete.get(f"/activities/{first}/history"))["items"]]
    assert actions == ["created", "merged", "unmerged"]


async def test_taking_the_primary_recording_away_leaves_the_figures_of_the_next(athlete: Athlete) -> None:
    first = await given(athlete, "plain.gpx", made_up.run(speed=2.5))
    assert await given(athlete, "watch.gpx", made_up.run(START + timedelta(seconds=10), heartrate=150)) == first
    detail = await athlete.get(f"/activities/{first}")
    assert detail["distance"] == pytest.approx(1800, rel=0.01)
    primary = detail["recordings"][0]
    made = (await athlete.request("POST", f"/activities/{first}/unmerge", json={"recording_id": primary["id"]})).json()
    left = await athlete.get(f"/activities/{first}")
    assert left["distance"] == pytest.approx(1500, rel=0.01)
    assert (left["average_heartrate"], left["start_time"]) == (None, "2026-03-01T07:00:00Z")
    assert made["average_heartrate"] == 150
    back = await merged(athlete, first, recording_id=primary["id"])
    assert back["recordings"][0]["id"] == primary["id"]
    assert await listed(athlete) == [first]


async def test_one_recording_moves_and_the_rest_stays(athlete: Athlete) -> None:
    first = await given(athlete, "watch.gpx", WATCH)
    await given(athlete, "copy.gpx", made_up.run(START + timedelta(seconds=30)))
    other = await given(athlete, "phone.gpx", PHONE)
    copy = (await athlete.get(f"/activities/{first}"))["recordings"][1]
    await merged(athlete, other, recording_id=copy["id"])
    assert [len((await athlete.get(f"/activities/{each}"))["recordings"]) for each in (first, other)] == [1, 2]


async def test_what_makes_no_sense_is_refused(athlete: Athlete, new_athlete: Callable[[], Athlete]) -> None:
    first = await given(athlete, "watch.gpx", WATCH)
    [recording] = (await athlete.get(f"/activities/{first}"))["recordings"]
    stranger = new_athlete()
    theirs = await given(stranger, "watch.gpx", WATCH)
    [their_recording] = (await stranger.get(f"/activities/{theirs}"))["recordings"]
    merge, unmerge = f"/activities/{first}/merge", f"/activities/{first}/unmerge"
    for path, body, expected in (
        (merge, {"activity_id": first}, (422, "recording.already_there")),
        (merge, {"recording_id": recording["id"]}, (422, "recording.already_there")),
        (merge, {"activity_id": theirs}, (404, "activity.not_found")),
        (merge, {"recording_id": their_recording["id"]}, (404, "recording.not_found")),
        (merge, {}, (422, "request.invalid")),
        (merge, {"activity_id": theirs, "recording_id": recording["id"]}, (422, "request.invalid")),
        (unmerge, {"recording_id": recording["id"]}, (409, "recording.only_one")),
        (unmerge, {"recording_id": their_recording["id"]}, (404, "recording.not_found")),
        (f"/activities/{theirs}/merge", {"activity_id": first}, (404, "activity.not_found")),
        (f"/activities/{uuid4()}/unmerge", {"recording_id": recording["id"]}, (404, "activity.not_found")),
    ):
        response = await athlete.request("POST", path, json=body)
        assert (response.status_code, response.json()["code"]) == expected, (path, body)
    stale = await athlete.request("POST", merge, json={"activity_id": theirs}, headers={"If-Match": '"7"'})
    assert stale.status_code == 412


async def test_two_that_are_merged_with_each_other_at_once_leave_one(athlete: Athlete) -> None:
    first, other = await given(athlete, "watch.gpx", WATCH), await given(athlete, "phone.gpx", PHONE)
    answers = await asyncio.gather(
        athlete.request("POST", f"/activities/{first}/merge", json={"activity_id": other}),
        athlete.request("POST", f"/activities/{other}/merge", json={"activity_id": first}),
    )
    assert sorted(each.status_code for each in answers) == [200, 404]
    [left] = await listed(athlete)
    assert len((await athlete.get(f"/activities/{left}"))["recordings"]) == 2
