"""Bad files through the door: each has its outcome with a reason, and what came in can be looked at."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import archives
import hostile
import made_up
import pytest

Athlete = Any

STATES = {"activities": {"imported", "merged"}, "route": {"route"}}
PARTS = ("", "/map", "/splits", "/splits?unit=mi", "/laps", "/streams", "/streams?resolution=low", "/history", "/gpx")
ZEROS = bytes(30 << 20)


def strict(text: str) -> Any:
    """JSON without the words that are no JSON."""

    def refuse(word: str) -> Any:
        raise AssertionError(f"{word} in an answer")

    return json.loads(text, parse_constant=refuse)


async def look_at(athlete: Athlete, activity_id: str) -> None:
    for part in PARTS:
        response = await athlete.request("GET", f"/activities/{activity_id}{part}")
        assert response.status_code in ((200, 404) if part in ("/map", "/gpx") else (200,)), (part, response.text)
        if "json" in response.headers["content-type"]:
            strict(response.text)


@pytest.fixture
async def batch(athlete: Athlete) -> dict[str, Any]:
    files = [(bad.name, bad.make()) for bad in hostile.ALL]
    bombs = [
        ("bomb.zip", archives.zipped({f"{number}.gpx": ZEROS for number in range(3)})),
        ("quoted.zip", hostile.quoted_bomb()),
        ("nested.zip", archives.zipped({"inner.zip": archives.zipped({"a.gpx": made_up.run()})})),
        ("up.zip", archives.zipped({"../../../etc/a.gpx": made_up.run(seconds=60, kind="cycling")})),
    ]
    found: dict[str, Any] = await athlete.import_files(*files, *bombs, ("good.gpx", made_up.run(kind="hiking")))
    return found


async def test_a_recording_of_one_sample_or_of_a_time_to_come_is_refused_and_says_why(athlete: Athlete) -> None:
    now = datetime.now(UTC)
    items = await athlete.give(
        ("point.gpx", made_up.run(seconds=0)),
        ("far.gpx", made_up.run(datetime(2099, 6, 1, tzinfo=UTC))),
        ("ahead.gpx", made_up.run(now + timedelta(hours=25))),
        ("clock.gpx", made_up.run(now + timedelta(hours=23))),
        ("indoor.tcx", made_up.indoor(speed=0.0)),
    )
    assert {name: item["state"] for name, item in items.items()} == {
        "point.gpx": "rejected", "far.gpx": "rejected", "ahead.gpx": "rejected", "clock.gpx": "imported",
        "indoor.tcx": "imported",
    }  # fmt: skip
    assert "no two usable samples" in items["point.gpx"]["reason"]
    assert "2099-06-01, in the future" in items["far.gpx"]["reason"]


async def test_a_field_without_a_file_is_answered_in_words_for_people(athlete: Athlete) -> None:
    response = await athlete.request("POST", "/imports", files=[("files", (None, ""))])
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert (error["pointer"], error["message"]) == ("/body/files/0", "A file is expected here: choose one.")


async def test_every_bad_file_has_the_outcome_that_is_right_for_it(athlete: Athlete, batch: dict[str, Any]) -> None:
    items = {item["name"]: item for item in batch["items"]}
    assert (batch["state"], batch["done"]) == ("done", batch["total"])
    assert items.pop("good.gpx")["state"] == "imported"
    assert items.pop("etc/a.gpx")["state"] in STATES["activities"]
    expected = {bad.name: STATES.get(bad.outcome, {"rejected"}) for bad in hostile.ALL}
    assert {name: item["state"] for name, item in items.items() if item["state"] not in expected.get(name, ())} == (
        dict.fromkeys(set(items) - set(expected), "rejected")
    )
    assert all(item["reason"] for item in items.values() if item["state"] in ("rejected", "route"))
    assert all(item["activity_ids"] for item in items.values() if item["state"] in STATES["activities"])

    activities = (await athlete.get("/activities?limit=200"))["items"]
    assert {each["id"] for each in activities} == {one for item in batch["items"] for one in item["activity_ids"]}
    for activity in activities:
        await look_at(athlete, activity["id"])
    strict((await athlete.request("GET", f"/imports/{batch['id']}")).text)
    exported = await athlete.request("GET", "/activities.csv")
    assert exported.status_code == 200
    assert len(exported.text.splitlines()) == len(activities) + 1
