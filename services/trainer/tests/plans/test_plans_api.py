from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from trainer_support import DAY, EASY, INTERVALS, NEXT_DAY, PLAN, Athlete, pointers

from common.db import Database

GOAL = {"distance": 42195, "date": "2026-06-28", "time": 12_600, "name": "Oslo"}
PHASES = [
    {"name": "Base", "start_date": "2026-03-02", "end_date": "2026-04-12"},
    {"name": "Build", "start_date": "2026-04-13", "end_date": "2026-06-28"},
]


async def test_a_plan_is_read_as_it_was_written(ana: Athlete) -> None:
    made = await ana.post("/plans", {**PLAN, "description": "Up\nand up", "goal": GOAL, "phases": PHASES})
    plan = await ana.get(f"/plans/{made['id']}")
    assert plan == made
    assert made.keys() == {
        "id", "name", "description", "start_date", "end_date", "goal", "phases", "workouts", "version", "created_at",
        "updated_at",
    }  # fmt: skip
    assert (plan["goal"], plan["phases"], plan["workouts"], plan["version"]) == (GOAL, PHASES, [], 1)
    assert (plan["name"], plan["start_date"], plan["end_date"]) == ("Spring", "2026-03-02", "2026-06-28")


async def test_a_new_plan_may_bring_its_workouts_which_are_read_by_date(ana: Athlete) -> None:
    plan = await ana.plan({**EASY, "date": NEXT_DAY}, {**EASY, "name": "First"}, {**EASY, "name": "Second"})
    assert [(each["date"], each["name"]) for each in plan["workouts"]] == [
        (DAY, "First"),
        (DAY, "Second"),
        (NEXT_DAY, "Easy"),
    ]
    assert {each["plan_id"] for each in plan["workouts"]} == {plan["id"]}


async def test_the_list_is_light_and_counts_what_is_done(ana: Athlete) -> None:
    await ana.plan(start_date="2025-03-02")
    await ana.plan(EASY, {**EASY, "date": NEXT_DAY, "status": "completed"}, {**EASY, "date": NEXT_DAY})
    await ana.run()
    first, second = (await ana.get("/plans"))["items"]
    assert (first["workout_count"], first["completed_count"]) == (3, 2)
    assert (second["start_date"], second["workout_count"], second["completed_count"]) == ("2025-03-02", 0, 0)
    assert "workouts" not in first


async def test_lists_are_paged(ana: Athlete) -> None:
    made = [(await ana.plan(name=f"Plan {number}"))["id"] for number in range(5)]
    seen, cursor = [], None
    for _ in range(3):
        page = await ana.get("/plans", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [plan["id"] for plan in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (made[::-1], None)


async def test_changing_names_only_what_changes(ana: Athlete) -> None:
    plan = await ana.plan(EASY, goal=GOAL)
    changed = await ana.patch(f"/plans/{plan['id']}", name="Autumn", goal=None)
    assert (changed["name"], changed["goal"], changed["version"]) == ("Autumn", None, 2)
    assert changed["workouts"] == plan["workouts"]


async def test_a_plan_that_was_read_can_be_sent_back_unchanged(ana: Athlete) -> None:
    plan = await ana.plan({**EASY, "steps": INTERVALS, "planned": {"load": 60}}, {**EASY, "kind": "rest"}, goal=GOAL)
    await ana.run()
    plan = await ana.get(f"/plans/{plan['id']}")
    same = await ana.put(f"/plans/{plan['id']}", plan)
    assert same["workouts"] == plan["workouts"]
    assert {name: same[name] for name in ("goal", "phases", "name")} == {
        name: plan[name] for name in ("goal", "phases", "name")
    }


async def test_a_plan_written_anew_keeps_workouts_by_id_and_drops_the_others(ana: Athlete) -> None:
    plan = await ana.plan(EASY, {**EASY, "name": "Gone"}, {**EASY, "name": "Kept"})
    easy, gone, kept = plan["workouts"]
    wanted = [{**easy, "date": NEXT_DAY}, kept, {**EASY, "name": "New"}]
    after = (await ana.put(f"/plans/{plan['id']}", {**PLAN, "workouts": wanted}))["workouts"]
    assert [each["name"] for each in after] == ["Kept", "New", "Easy"]
    assert after[0] == kept
    assert (after[2]["id"], after[2]["date"], after[2]["version"]) == (easy["id"], NEXT_DAY, 2)
    await ana.refused("GET", f"/workouts/{gone['id']}", 404)


async def test_workouts_left_out_of_a_plan_written_anew_stay(ana: Athlete) -> None:
    plan = await ana.plan(EASY)
    assert (await ana.put(f"/plans/{plan['id']}", PLAN))["workouts"] == plan["workouts"]
    assert (await ana.put(f"/plans/{plan['id']}", {**PLAN, "workouts": []}))["workouts"] == []


async def test_ids_of_other_plans_and_of_others_and_twice_the_same_are_refused(ana: Athlete, bo: Athlete) -> None:
    plan = await ana.plan(EASY)
    own, foreign = await ana.workout(), await bo.workout()
    for stranger in (own["id"], foreign["id"], str(uuid4())):
        body = {**PLAN, "workouts": [plan["workouts"][0], {**EASY, "id": stranger}]}
        assert pointers(await ana.refused("PUT", f"/plans/{plan['id']}", 422, body)) == ["/body/workouts/1/id"]
    twice = {**PLAN, "workouts": plan["workouts"] * 2}
    assert pointers(await ana.refused("PUT", f"/plans/{plan['id']}", 422, twice)) == ["/body/workouts/1/id"]
    assert (await ana.get(f"/plans/{plan['id']}")) == plan


async def test_deleting_a_plan_takes_its_workouts_and_leaves_the_runs(ana: Athlete) -> None:
    plan = await ana.plan(EASY)
    other = await ana.workout(date=NEXT_DAY)
    run = await ana.run()
    assert run["workout_id"] == plan["workouts"][0]["id"]
    await ana.delete(f"/plans/{plan['id']}")
    await ana.refused("GET", f"/plans/{plan['id']}", 404)
    await ana.refused("GET", f"/workouts/{plan['workouts'][0]['id']}", 404)
    left = await ana.get(f"/runs/{run['id']}")
    assert (left["workout_id"], left["match_reason"], left["version"] > run["version"]) == (None, None, True)
    assert (await ana.get(f"/workouts/{other['id']}")) == other


async def test_the_version_of_a_plan_rises_with_any_change_of_its_workouts(ana: Athlete) -> None:
    plan = await ana.plan()
    path = f"/plans/{plan['id']}"
    seen = [plan["version"]]

    async def rises() -> None:
        seen.append((await ana.get(path))["version"])
        assert seen[-1] > seen[-2]

    workout = await ana.post(f"{path}/workouts", EASY)
    await rises()
    await ana.patch(f"/workouts/{workout['id']}", name="Slow")
    await rises()
    run = await ana.run()
    await rises()
    await ana.delete(f"/runs/{run['id']}")
    await rises()
    await ana.post(f"/workouts/{workout['id']}/move", {"date": NEXT_DAY}, 200)
    await rises()
    await ana.patch(f"/workouts/{workout['id']}", plan_id=None)
    await rises()
    await ana.patch(f"/workouts/{workout['id']}", plan_id=plan["id"])
    await rises()
    await ana.delete(f"/workouts/{workout['id']}")
    await rises()


async def test_what_the_client_has_is_not_sent_again_until_it_changes(ana: Athlete) -> None:
    plan = await ana.plan(EASY)
    for path in ("/plans", f"/plans/{plan['id']}", f"/plans/{plan['id']}/workouts"):
        first = await ana.request("GET", path)
        known = {"If-None-Match": first.headers["etag"]}
        same = await ana.request("GET", path, headers=known)
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
        await ana.post(f"/plans/{plan['id']}/workouts", EASY)
        assert (await ana.request("GET", path, headers=known)).status_code == 200


async def test_a_stale_write_is_refused_and_changes_nothing(ana: Athlete) -> None:
    plan = await ana.plan(EASY)
    path = f"/plans/{plan['id']}"
    await ana.patch(path, name="Newer")
    stale = {"headers": {"If-Match": '"1"'}}
    for method, body in (("PUT", PLAN), ("PATCH", {"name": "x"}), ("DELETE", None)):
        problem = await ana.refused(method, path, 412, body, **stale)
        assert problem["code"] == "request.stale"
    assert (await ana.refused("POST", f"{path}/workouts", 412, EASY, **stale))["code"] == "request.stale"
    assert (await ana.get(path))["name"] == "Newer"
    fresh = await ana.request("PATCH", path, json={"name": "Newest"}, headers={"If-Match": '"2"'})
    assert (fresh.status_code, fresh.headers["etag"]) == (200, '"3"')


async def test_a_post_repeated_with_its_key_makes_one_plan(ana: Athlete) -> None:
    sent = [
        await ana.request("POST", "/plans", json=PLAN, headers={"Idempotency-Key": "the-same-key"}) for _ in range(2)
    ]
    assert [each.status_code for each in sent] == [201, 201]
    assert sent[0].json() == sent[1].json()
    assert len((await ana.get("/plans"))["items"]) == 1


async def test_others_find_nothing_and_can_change_nothing(ana: Athlete, bo: Athlete) -> None:
    plan = await ana.plan(EASY)
    path = f"/plans/{plan['id']}"
    writes: list[tuple[str, Any]] = [("PUT", PLAN), ("PATCH", {"name": "x"}), ("PUT", {}), ("DELETE", None)]
    for method, body in [("GET", None), *writes]:
        assert (await bo.refused(method, path, 404, body))["code"] == "plan.not_found"
    for method, body in (("GET", None), ("POST", EASY), ("POST", {})):
        assert (await bo.refused(method, f"{path}/workouts", 404, body))["code"] == "plan.not_found"
    assert (await bo.get("/plans"))["items"] == []
    assert (await bo.get("/workouts", plan=plan["id"]))["items"] == []
    assert await ana.get(path) == plan


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/body/name"),
        ({"name": "x" * 201}, "/body/name"),
        ({"name": "two\nlines"}, "/body/name"),
        ({"name": None}, "/body/name"),
        ({"description": "nul \0"}, "/body/description"),
        ({"description": "x" * 10_001}, "/body/description"),
        ({"start_date": "0001-01-01"}, "/body/start_date"),
        ({"end_date": "9999-12-31"}, "/body/end_date"),
        ({"end_date": "2026-02-30"}, "/body/end_date"),
        ({"end_date": 1_790_000_000}, "/body/end_date"),
        ({"goal": {**GOAL, "distance": -5}}, "/body/goal/distance"),
        ({"goal": {**GOAL, "distance": 10**400}}, "/body/goal/distance"),
        ({"goal": {**GOAL, "date": "9999-12-31"}}, "/body/goal/date"),
        ({"goal": {**GOAL, "name": "a\0b"}}, "/body/goal/name"),
        ({"goal": {**GOAL, "tune": 1}}, "/body/goal/tune"),
        ({"phases": [{**PHASES[0], "end_date": "2026-01-01"}]}, "/body/phases/0"),
        ({"phases": PHASES * 26}, "/body/phases"),
        ({"phases": {}}, "/body/phases"),
        ({"colour": "red"}, "/body/colour"),
        ({"workouts": [EASY, {**EASY, "kind": "swim"}, {"date": 5}]}, "/body/workouts/1/kind"),
        ({"workouts": 5}, "/body/workouts"),
        ({"workouts": ["x"]}, "/body/workouts/0"),
    ],
)
async def test_bad_plans_name_the_field(ana: Athlete, change: dict[str, Any], pointer: str) -> None:
    problem = await ana.refused("POST", "/plans", 422, {**PLAN, **change})
    assert (problem["code"], pointers(problem)) == ("request.invalid", [pointer])
    assert (await ana.get("/plans"))["items"] == []


async def test_a_plan_does_not_end_before_it_starts_nor_go_on_for_ever(ana: Athlete) -> None:
    for days in ({"end_date": "2026-03-01"}, {"end_date": "2036-06-28"}):
        assert (await ana.refused("POST", "/plans", 422, {**PLAN, **days}))["errors"]
    plan = await ana.plan()
    for change in ({"end_date": "2026-03-01"}, {"start_date": "2026-06-29"}, {"end_date": "2200-01-01"}):
        problem = await ana.refused("PATCH", f"/plans/{plan['id']}", 422, change)
        assert pointers(problem) == [f"/body/{next(iter(change))}"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"x"', b"5", b"[" * 20_000, b'{"name": "\xff"}', b'{"name": "\\ud800"}'],
)
async def test_hostile_bodies_are_refused(ana: Athlete, content: bytes) -> None:
    response = await ana.request("POST", "/plans", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422), response.text
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("plan_id", ["x", "0", "%00", "00000000-0000-0000-0000-00000000000g"])
async def test_malformed_ids_are_refused(ana: Athlete, plan_id: str) -> None:
    await ana.refused("GET", f"/plans/{plan_id}", 422)


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "cursor=bad", "cursor=WyJ4IiwieCJd"])
async def test_bad_pages_are_refused(ana: Athlete, query: str) -> None:
    await ana.refused("GET", f"/plans?{query}", 422)


async def test_every_write_is_told_to_the_audit_log(ana: Athlete, database: Database) -> None:
    plan = await ana.plan(EASY)
    await ana.patch(f"/plans/{plan['id']}", name="x")
    await ana.delete(f"/plans/{plan['id']}")
    async with database.transaction() as session:
        rows = (await session.scalars(text("SELECT payload FROM outbox ORDER BY id"))).all()
    assert [row["action"] for row in rows] == ["plan.created", "plan.updated", "plan.deleted"]
    assert {(row["actor"], row["target"], row["outcome"]) for row in rows} == {(str(ana.id), plan["id"], "ok")}
