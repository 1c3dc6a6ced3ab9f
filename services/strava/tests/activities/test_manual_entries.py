from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import made_up
import pytest
from made_up import START

Athlete = Any
ENTRY = {"sport": "Run", "start_time": START.isoformat(), "distance": 1800, "moving_time": 600}


async def entered(athlete: Athlete, status: int = 201, **values: Any) -> Any:
    response = await athlete.request("POST", "/activities", json={**ENTRY, **values})
    assert response.status_code == status, response.text
    return response.json()


async def test_an_entry_is_an_activity_of_its_own_with_what_was_said_of_it(athlete: Athlete) -> None:
    said = {"elevation_gain": 50, "average_heartrate": 140, "max_heartrate": 160, "calories": 120}
    made = await entered(athlete, name="Treadmill", description="Hot.", timezone="Europe/Rome", **said)
    assert {name: made[name] for name in said} == said
    assert (made["name"], made["description"]) == ("Treadmill", "Hot.")
    assert (made["distance"], made["moving_time"], made["elapsed_time"], made["average_speed"]) == (1800, 600, 600, 3)
    assert made["start_time_local"] == "2026-03-01T08:00:00+01:00"
    assert (made["calories_source"], made["calories_estimated"], made["has_map"]) == ("manual", False, False)
    [recording] = made["recordings"]
    assert (recording["source"], recording["format"], recording["primary"]) == ("manual", "manual", True)
    path = f"/activities/{made['id']}"
    for part, empty in (("splits", {"unit": "km", "items": []}), ("laps", {"items": []}), ("streams", {})):
        assert await athlete.get(f"{path}/{part}") == empty
    original = await athlete.request("GET", f"{path}/original")
    assert (original.status_code, original.json()["code"]) == (404, "activity.no_original")
    track = await athlete.request("GET", f"{path}/gpx")
    assert (track.status_code, track.json()["code"]) == (404, "activity.no_track")
    assert [each["id"] for each in (await athlete.get("/activities", params={"source": "manual"}))["items"]] == [
        made["id"]
    ]


async def test_a_local_start_is_in_the_zone_named_or_the_athletes_own_right_across_the_change_of_clocks(
    athlete: Athlete,
) -> None:
    async def start(local: str, **zone: str) -> str:
        made = await entered(athlete, 201, start_time=local, **zone)
        return str(made["start_time"])

    assert await start("2026-03-29T03:30:00", timezone="Europe/Rome") == "2026-03-29T01:30:00Z"
    assert await start("2026-03-28T03:30:00", timezone="Europe/Rome") == "2026-03-28T02:30:00Z"
    assert await start("2026-10-25T02:30:00", timezone="Europe/Rome") == "2026-10-25T00:30:00Z"  # the first of two
    assert await start("2026-07-01T09:00:00") == "2026-06-30T23:00:00Z"  # the stand-in says Sydney
    assert await start("2025-12-01T09:00:00") == "2025-11-30T22:00:00Z"
    made = await entered(athlete, start_time="2025-12-24T09:00:00-05:00")
    assert (made["start_time"], made["timezone"]) == ("2025-12-24T14:00:00Z", "Australia/Sydney")


async def test_an_entry_of_a_time_to_come_is_refused_but_for_a_day_by_which_clocks_differ(athlete: Athlete) -> None:
    now = datetime.now(UTC)
    refused = await entered(athlete, 422, start_time=(now + timedelta(hours=25)).isoformat())
    [error] = refused["errors"]
    assert (error["pointer"], "in the future" in error["message"]) == ("/body/start_time", True)
    made = await entered(athlete, start_time=(now + timedelta(hours=23)).isoformat())
    path = f"/activities/{made['id']}"
    changed = await athlete.request("PATCH", path, json={"start_time": "2099-01-01T00:00:00"})
    assert (changed.status_code, changed.json()["errors"][0]["pointer"]) == (422, "/body/start_time")


async def test_the_same_entry_again_is_a_duplicate_and_a_key_replays_the_first_answer(athlete: Athlete) -> None:
    made = await entered(athlete)
    again = await entered(athlete, 200)
    assert (again["id"], again["version"]) == (made["id"], 1)
    headers = {"Idempotency-Key": str(uuid4())}
    body = {**ENTRY, "start_time": (START + timedelta(days=1)).isoformat()}
    answers = [await athlete.request("POST", "/activities", json=body, headers=headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert len((await athlete.get("/activities"))["items"]) == 2


async def test_a_file_of_the_same_activity_comes_before_the_entry_whatever_was_edited(athlete: Athlete) -> None:
    made = await entered(athlete, name="With Ana", distance=2000)
    path = f"/activities/{made['id']}"
    changed = await athlete.request("PATCH", path, json={"distance": 2100, "moving_time": 630})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["distance"], changed.json()["elapsed_time"], changed.json()["edited"]) == (2100, 630, [])
    item = (await athlete.give(("a.gpx", made_up.run(START + timedelta(seconds=20), heartrate=150))))["a.gpx"]
    assert (item["state"], item["activity_ids"]) == ("merged", [made["id"]])
    merged = await athlete.get(path)
    assert merged["distance"] == pytest.approx(1800, rel=0.01)
    assert (merged["source"], merged["sources"], merged["name"]) == ("file", ["file", "manual"], "With Ana")
    assert [each["source"] for each in merged["recordings"]] == ["file", "manual"]
    refused = await athlete.request("PATCH", path, json={"distance": 5})
    assert (refused.status_code, refused.json()["code"]) == (422, "activity.measured")
    same = await entered(athlete, 200, distance=1850)
    assert same["id"] == made["id"]


async def test_figures_of_an_entry_can_be_edited_as_long_as_they_agree(athlete: Athlete) -> None:
    made = await entered(athlete, timezone="Europe/Rome", calories=100)
    path = f"/activities/{made['id']}"
    moved = await athlete.request("PATCH", path, json={"start_time": "2026-03-02T09:00:00", "calories": None})
    assert moved.json()["start_time"] == "2026-03-02T08:00:00Z"
    assert moved.json()["calories_source"] == "estimated"
    for wrong in ({"moving_time": 900, "elapsed_time": 800}, {"distance": 1e6}):
        refused = await athlete.request("PATCH", path, json=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "request.invalid")
    again = await entered(athlete, 200, timezone="Europe/Rome", calories=100)  # as first sent: a repetition
    assert (again["id"], again["start_time"]) == (made["id"], "2026-03-02T08:00:00Z")
    history = (await athlete.get(f"{path}/history"))["items"]
    assert [each["action"] for each in history] == ["created", "updated", "updated", "skipped"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"moving_time": None},
        {"moving_time": 0},
        {"moving_time": 700, "elapsed_time": 600},
        {"distance": 1e9},
        {"distance": -1},
        {"distance": 1e6},
        {"distance": "NaN"},
        {"start_time": "0001-01-01T00:00:00+14:00"},
        {"start_time": "9999-12-31T23:59:59-12:00"},
        {"start_time": 1e18},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../etc/passwd"},
        {"timezone": "\x00"},
        {"timezone": ""},
        {"sport": "Jogging"},
        {"name": "a\nb"},
        {"description": "\x00"},
        {"average_heartrate": 400},
        {"strava_id": "1"},
    ],
)
async def test_impossible_entries_are_refused(athlete: Athlete, wrong: dict[str, Any]) -> None:
    response = await athlete.request("POST", "/activities", json={**ENTRY, **wrong})
    assert (response.status_code, response.json()["code"]) == (422, "request.invalid")


async def test_a_start_is_local_to_the_zone_that_is_set_with_it(athlete: Athlete) -> None:
    made = await entered(athlete, timezone="Europe/Rome")
    both = {"start_time": "2026-03-02T09:00:00", "timezone": "Australia/Adelaide"}
    changed = await athlete.request("PATCH", f"/activities/{made['id']}", json=both)
    assert changed.json()["start_time_local"] == "2026-03-02T09:00:00+10:30"


async def test_gear_of_nobody_is_refused(athlete: Athlete) -> None:
    response = await athlete.request("POST", "/activities", json={**ENTRY, "gear_id": str(uuid4())})
    assert (response.status_code, response.json()["code"]) == (404, "gear.not_found")
    assert (await athlete.get("/activities"))["items"] == []


async def test_an_entry_can_be_deleted_and_made_again(athlete: Athlete) -> None:
    made = await entered(athlete)
    assert (await athlete.request("DELETE", f"/activities/{made['id']}")).status_code == 204
    assert (await entered(athlete))["id"] != made["id"]
