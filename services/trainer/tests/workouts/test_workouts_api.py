from typing import Any
from uuid import uuid4

import pytest
from trainer_support import DAY, EASY, INTERVALS, NEXT_DAY, Athlete, pointers

PART = {"kind": "work", "end": {"duration": 60}}


def group(*steps: dict[str, Any], repeat: int = 2) -> dict[str, Any]:
    return {"kind": "work", "repeat": repeat, "steps": list(steps)}


async def test_a_workout_is_read_as_it_was_written(ana: Athlete) -> None:
    made = await ana.workout(description="By the river", steps=INTERVALS, planned={"load": 70})
    assert made == {
        "id": made["id"],
        "plan_id": None,
        "date": DAY,
        "name": "Easy",
        "description": "By the river",
        "kind": "easy",
        "steps": INTERVALS,
        "planned": {"distance": 10_000.0, "duration": None, "load": 70.0},
        "status": "planned",
        "run_id": None,
        "version": 1,
    }
    assert await ana.get(f"/workouts/{made['id']}") == made


async def test_a_name_left_out_is_that_of_the_kind(ana: Athlete) -> None:
    made = await ana.post("/workouts", {"date": DAY, "kind": "long"})
    assert (made["name"], made["steps"], made["planned"]["distance"]) == ("Long", [], None)


async def test_what_the_steps_say_is_planned_unless_the_athlete_says_otherwise(ana: Athlete) -> None:
    made = await ana.workout(steps=INTERVALS, planned=None)
    path = f"/workouts/{made['id']}"
    assert made["planned"] == {"distance": 10_000.0, "duration": None, "load": None}
    shorter = [*INTERVALS[:2]]
    changed = await ana.put(path, {**made, "steps": shorter})
    assert changed["planned"]["distance"] == 8_000.0, "a derived figure sent back as it was read stays derived"
    given = await ana.patch(path, planned={"distance": 9_000, "duration": 2_700})
    assert (await ana.patch(path, steps=INTERVALS))["planned"] == given["planned"]
    assert (await ana.patch(path, planned={"distance": None}))["planned"]["distance"] == 10_000.0


async def test_changing_names_only_what_changes(ana: Athlete) -> None:
    made = await ana.workout(steps=INTERVALS)
    changed = await ana.patch(f"/workouts/{made['id']}", kind="tempo", name="Quick")
    assert changed == {**made, "kind": "tempo", "name": "Quick", "version": 2}
    assert await ana.patch(f"/workouts/{made['id']}", kind="tempo") == changed, "nothing new, nothing counted"


async def test_moving_changes_the_day(ana: Athlete) -> None:
    made = await ana.workout()
    moved = await ana.post(f"/workouts/{made['id']}/move", {"date": NEXT_DAY}, 200)
    assert moved == {**made, "date": NEXT_DAY, "version": 2}
    for body in ({}, {"date": None}, {"date": "9999-12-31"}, {"date": DAY, "plan_id": None}):
        await ana.refused("POST", f"/workouts/{made['id']}/move", 422, body)


async def test_the_list_is_by_date_and_can_be_narrowed(ana: Athlete) -> None:
    plan = await ana.plan({**EASY, "name": "In plan"})
    await ana.workout(date="2026-05-06", name="Late")
    await ana.workout(date="2026-05-01", name="Early", status="skipped")
    await ana.workout(date=NEXT_DAY, name="Rest", kind="rest", status="completed")

    async def names(**filters: Any) -> list[str]:
        return [each["name"] for each in (await ana.get("/workouts", **filters))["items"]]

    assert await names() == ["Early", "In plan", "Rest", "Late"]
    assert await names(**{"from": DAY, "to": NEXT_DAY}) == ["In plan", "Rest"]
    assert await names(status="skipped") == ["Early"]
    assert await names(status="completed") == ["Rest"]
    assert await names(status="planned") == ["In plan", "Late"]
    assert await names(plan=plan["id"]) == ["In plan"]
    assert await names(plan=str(uuid4())) == []
    page = await ana.get("/workouts", limit=3)
    rest = await ana.get("/workouts", limit=3, cursor=page["next_cursor"])
    assert [len(page["items"]), rest["items"][0]["name"], rest["next_cursor"]] == [3, "Late", None]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("from=yesterday", "/query/from"),
        ("to=9999-12-31", "/query/to"),
        ("from=0001-01-01", "/query/from"),
        ("from=1714780800", "/query/from"),
        ("status=done", "/query/status"),
        ("plan=x", "/query/plan"),
        ("from=2026-05-05&to=2026-05-04", "/query"),
    ],
)
async def test_bad_filters_are_refused(ana: Athlete, query: str, pointer: str) -> None:
    assert pointers(await ana.refused("GET", f"/workouts?{query}", 422)) == [pointer]


async def test_skipping_and_taking_it_back(ana: Athlete) -> None:
    path = f"/workouts/{(await ana.workout())['id']}"
    assert [(await ana.patch(path, status=status))["status"] for status in ("skipped", "completed", "planned")] == [
        "skipped",
        "completed",
        "planned",
    ]


async def test_a_workout_changes_its_plan_only_to_one_of_the_athlete_s(ana: Athlete, bo: Athlete) -> None:
    own, foreign = await ana.plan(), await bo.plan()
    made = await ana.workout(plan_id=own["id"])
    for plan_id in (foreign["id"], str(uuid4())):
        assert (await ana.refused("POST", "/workouts", 404, {**EASY, "plan_id": plan_id}))["code"] == "plan.not_found"
        problem = await ana.refused("PATCH", f"/workouts/{made['id']}", 404, {"plan_id": plan_id})
        assert problem["code"] == "plan.not_found"
    assert (await bo.get(f"/plans/{foreign['id']}"))["workouts"] == []


async def test_others_find_nothing_and_can_change_nothing(ana: Athlete, bo: Athlete) -> None:
    made = await ana.workout()
    path = f"/workouts/{made['id']}"
    for method, at, body in (
        ("GET", path, None),
        ("PUT", path, EASY),
        ("PATCH", path, {"name": "x"}),
        ("PATCH", path, {"name": 5}),
        ("DELETE", path, None),
        ("POST", f"{path}/move", {"date": NEXT_DAY}),
        ("POST", f"{path}/move", {}),
    ):
        assert (await bo.refused(method, at, 404, body))["code"] == "workout.not_found"
    assert (await bo.get("/workouts"))["items"] == []
    assert await ana.get(path) == made


async def test_a_stale_write_is_refused(ana: Athlete) -> None:
    made = await ana.workout()
    path = f"/workouts/{made['id']}"
    await ana.patch(path, name="Newer")
    stale = {"headers": {"If-Match": '"1"'}}
    for method, at, body in (
        ("PUT", path, EASY),
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
        ("POST", f"{path}/move", {"date": NEXT_DAY}),
    ):
        assert (await ana.refused(method, at, 412, body, **stale))["code"] == "request.stale"
    fresh = await ana.request("DELETE", path, headers={"If-Match": '"2"'})
    assert fresh.status_code == 204


async def test_what_the_client_has_is_not_sent_again_until_it_changes(ana: Athlete) -> None:
    made = await ana.workout()
    for path in ("/workouts", f"/workouts/{made['id']}"):
        first = await ana.request("GET", path)
        known = {"If-None-Match": first.headers["etag"]}
        assert (await ana.request("GET", path, headers=known)).status_code == 304
        await ana.patch(f"/workouts/{made['id']}", name=f"After {path}")
        assert (await ana.request("GET", path, headers=known)).status_code == 200


@pytest.mark.parametrize(
    ("steps", "pointer"),
    [
        ([{"kind": "sprint"}], "/body/steps/0/kind"),
        ([{}], "/body/steps/0/kind"),
        ([5], "/body/steps/0"),
        ({}, "/body/steps"),
        ([PART, {"kind": "work", "end": {}}], "/body/steps/1/end"),
        ([{"kind": "work", "end": {"distance": 5, "duration": 5}}], "/body/steps/0/end"),
        ([{"kind": "work", "end": {"distance": 0}}], "/body/steps/0/end/distance"),
        ([{"kind": "work", "end": {"distance": 1e300}}], "/body/steps/0/end/distance"),
        ([{"kind": "work", "end": {"laps": 2}}], "/body/steps/0/end/laps"),
        ([{"kind": "work", "target": {"pace": [300, 200]}}], "/body/steps/0/target/pace"),
        ([{"kind": "work", "target": {"pace": [300]}}], "/body/steps/0/target/pace/1"),
        ([{"kind": "work", "target": {"rpe": [0, 11]}}], "/body/steps/0/target/rpe/0"),
        ([{"kind": "work", "target": {"heartrate": [140, 150], "rpe": [3, 4]}}], "/body/steps/0/target"),
        ([{"kind": "work", "repeat": 3}], "/body/steps/0"),
        ([{"kind": "work", "steps": [PART]}], "/body/steps/0"),
        ([{**group(PART), "end": {"duration": 5}}], "/body/steps/0"),
        ([group(PART, repeat=0)], "/body/steps/0/repeat"),
        ([group(PART, repeat=101)], "/body/steps/0/repeat"),
        ([group()], "/body/steps/0/steps"),
        ([group(PART, {"kind": "work", "end": {"duration": "x"}})], "/body/steps/0/steps/1/end/duration"),
        ([group(group(group(PART)))], "/body/steps"),
        ([PART] * 201, "/body/steps"),
        ([group(*[PART] * 100), group(*[PART] * 99)], "/body/steps"),
        ([{**PART, "name": "x" * 201}], "/body/steps/0/name"),
        ([{**PART, "colour": "red"}], "/body/steps/0/colour"),
    ],
)
async def test_bad_steps_are_pointed_at(ana: Athlete, steps: Any, pointer: str) -> None:
    problem = await ana.refused("POST", "/workouts", 422, {**EASY, "steps": steps})
    assert pointer in pointers(problem)
    assert len(pointers(problem)) <= 2
    inside = await ana.refused("POST", "/plans", 422, {"name": "x", "start_date": DAY, "end_date": DAY, "workouts": [
        EASY, {**EASY, "steps": steps},
    ]})  # fmt: skip
    assert pointer.replace("/body", "/body/workouts/1") in pointers(inside)


async def test_steps_may_stand_in_groups_of_groups_and_be_200(ana: Athlete) -> None:
    for steps in ([group(group(PART), PART)], [PART] * 200, [group(*[PART] * 199)], [{"kind": "cooldown"}], []):
        assert (await ana.workout(steps=steps))["steps"] == steps


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"date": "2026-13-01"}, "/body/date"),
        ({"date": None}, "/body/date"),
        ({"kind": "swim"}, "/body/kind"),
        ({"name": " "}, "/body/name"),
        ({"name": "a\0b"}, "/body/name"),
        ({"description": "a\0b"}, "/body/description"),
        ({"planned": {"distance": -1}}, "/body/planned/distance"),
        ({"planned": {"load": 1e9}}, "/body/planned/load"),
        ({"planned": {"pace": 300}}, "/body/planned/pace"),
        ({"planned": 5}, "/body/planned"),
        ({"status": "done"}, "/body/status"),
        ({"plan_id": "x"}, "/body/plan_id"),
        ({"extra": 1}, "/body/extra"),
        ({"steps": [{**PART, "name": "\ud800"}]}, "/body/steps/0/name"),
    ],
)
async def test_bad_workouts_name_the_field(ana: Athlete, change: dict[str, Any], pointer: str) -> None:
    assert pointers(await ana.refused("POST", "/workouts", 422, {**EASY, **change})) == [pointer]
    made = await ana.workout()
    assert pointers(await ana.refused("PATCH", f"/workouts/{made['id']}", 422, change)) == [pointer]


async def test_a_nul_in_the_name_of_a_step_is_refused(ana: Athlete) -> None:
    await ana.refused("POST", "/workouts", 422, {**EASY, "steps": [{**PART, "name": "a\0b"}]})
