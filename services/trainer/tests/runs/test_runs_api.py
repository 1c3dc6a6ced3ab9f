from typing import Any
from uuid import uuid4

import pytest
from trainer_support import DAY, NEXT_DAY, RUN, Athlete, pointers


async def test_a_run_is_read_as_it_was_entered(ana: Athlete) -> None:
    made = await ana.run(
        name="Around the lake",
        sport="TrailRun",
        start_time="2026-05-04T18:30:00+02:00",
        timezone="Europe/Oslo",
        elapsed_time=3000,
        average_heartrate=141.5,
        notes="Wet.\nHappy.",
    )
    assert made == {
        "id": made["id"],
        "date": DAY,
        "name": "Around the lake",
        "sport": "TrailRun",
        "start_time": "2026-05-04T16:30:00Z",
        "timezone": "Europe/Oslo",
        "distance": 9800.0,
        "duration": 2940.0,
        "elapsed_time": 3000.0,
        "average_heartrate": 141.5,
        "activity_id": None,
        "workout_id": None,
        "match_reason": None,
        "notes": "Wet.\nHappy.",
        "source": "manual",
        "version": 1,
    }
    assert await ana.get(f"/runs/{made['id']}") == made


async def test_what_is_left_out_is_filled_in(ana: Athlete) -> None:
    made = await ana.run()
    assert (made["name"], made["sport"], made["elapsed_time"], made["start_time"]) == ("Run", "Run", 2940.0, None)


async def test_changing_writing_anew_and_deleting(ana: Athlete) -> None:
    made = await ana.run(notes="Good", average_heartrate=140)
    path = f"/runs/{made['id']}"
    changed = await ana.patch(path, distance=10_000, average_heartrate=None)
    assert changed == {**made, "distance": 10_000.0, "average_heartrate": None, "version": 2}
    anew = await ana.put(path, {**RUN, "date": NEXT_DAY})
    assert (anew["date"], anew["notes"], anew["distance"]) == (NEXT_DAY, "", 9800.0)
    assert await ana.put(path, anew) == anew, "nothing new, nothing counted"
    await ana.delete(path)
    assert (await ana.refused("GET", path, 404))["code"] == "run.not_found"


async def test_the_list_has_the_latest_first_and_can_be_narrowed(ana: Athlete) -> None:
    for day in ("2026-05-01", DAY, "2026-05-09", NEXT_DAY):
        await ana.run(date=day)
    days = [run["date"] for run in (await ana.get("/runs"))["items"]]
    assert days == ["2026-05-09", NEXT_DAY, DAY, "2026-05-01"]
    some = await ana.get("/runs", **{"from": DAY, "to": NEXT_DAY})
    assert [run["date"] for run in some["items"]] == [NEXT_DAY, DAY]
    page = await ana.get("/runs", limit=3)
    assert [run["date"] for run in (await ana.get("/runs", cursor=page["next_cursor"]))["items"]] == ["2026-05-01"]
    for query in ("from=x", "to=2026-13-01", "from=2026-05-05&to=2026-05-04", "limit=0"):
        await ana.refused("GET", f"/runs?{query}", 422)


async def test_others_find_nothing_and_can_change_nothing(ana: Athlete, bo: Athlete) -> None:
    made = await ana.run()
    for method, body in (
        ("GET", None),
        ("PUT", RUN),
        ("PATCH", {"notes": "x"}),
        ("PATCH", {"notes": 5}),
        ("DELETE", None),
    ):
        assert (await bo.refused(method, f"/runs/{made['id']}", 404, body))["code"] == "run.not_found"
    assert (await bo.get("/runs"))["items"] == []
    assert await ana.get(f"/runs/{made['id']}") == made


async def test_a_workout_of_somebody_else_cannot_be_linked(ana: Athlete, bo: Athlete) -> None:
    foreign = await bo.workout()
    made = await ana.run()
    for workout_id in (foreign["id"], str(uuid4())):
        problem = await ana.refused("PATCH", f"/runs/{made['id']}", 404, {"workout_id": workout_id})
        assert problem["code"] == "workout.not_found"
        await ana.refused("POST", "/runs", 404, {**RUN, "workout_id": workout_id})
    assert await bo.get(f"/workouts/{foreign['id']}") == foreign
    assert len((await ana.get("/runs"))["items"]) == 1


async def test_a_stale_write_is_refused_and_a_known_read_is_not_sent(ana: Athlete) -> None:
    made = await ana.run()
    path = f"/runs/{made['id']}"
    for at in (path, "/runs"):
        first = await ana.request("GET", at)
        assert (await ana.request("GET", at, headers={"If-None-Match": first.headers["etag"]})).status_code == 304
    await ana.patch(path, notes="Newer")
    for method, body in (("PUT", RUN), ("PATCH", {"notes": "x"}), ("DELETE", None)):
        assert (await ana.refused(method, path, 412, body, headers={"If-Match": '"1"'}))["code"] == "request.stale"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"date": "0001-01-01"}, "/body/date"),
        ({"date": "tomorrow"}, "/body/date"),
        ({"distance": 0}, "/body/distance"),
        ({"distance": 10**400}, "/body/distance"),
        ({"duration": -1}, "/body/duration"),
        ({"average_heartrate": 900}, "/body/average_heartrate"),
        ({"sport": "Ride"}, "/body/sport"),
        ({"start_time": "0001-01-01T00:00:00+14:00"}, "/body/start_time"),
        ({"start_time": "9999-12-31T23:59:59-12:00"}, "/body/start_time"),
        ({"start_time": "2026-05-04T18:30:00"}, "/body/start_time"),
        ({"timezone": "../etc/passwd"}, "/body/timezone"),
        ({"timezone": "Mars/Base"}, "/body/timezone"),
        ({"name": "a\nb"}, "/body/name"),
        ({"notes": "a\0b"}, "/body/notes"),
        ({"notes": "x" * 10_001}, "/body/notes"),
        ({"workout_id": "x"}, "/body/workout_id"),
        ({"calories": 5}, "/body/calories"),
    ],
)
async def test_bad_runs_name_the_field(ana: Athlete, change: dict[str, Any], pointer: str) -> None:
    assert pointers(await ana.refused("POST", "/runs", 422, {**RUN, **change})) == [pointer]
    made = await ana.run()
    assert pointers(await ana.refused("PATCH", f"/runs/{made['id']}", 422, change)) == [pointer]
