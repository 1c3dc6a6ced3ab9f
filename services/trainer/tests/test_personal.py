import json

from trainer_support import DAY, EASY, Athlete, Platform, activity

from contracts.testing.held import Held


async def trained(platform: Platform) -> Athlete:
    """Somebody with a plan, workouts in it and beside it, a run by hand and one that came by itself."""
    athlete = platform.athlete()
    await athlete.plan(EASY, name=f"Plan of {athlete.id}")
    await athlete.workout(name="Beside the plan")
    key = {"Idempotency-Key": "the-run"}
    made = await athlete.request("POST", "/runs", json={"date": DAY, "distance": 5000, "duration": 1500}, headers=key)
    assert made.status_code == 201, made.text
    platform.strava.create(activity(athlete))
    await platform.settle()
    return athlete


async def test_a_deletion_leaves_nothing_of_the_person_and_all_of_others(platform: Platform) -> None:
    leaving, staying = [Held(platform, (await trained(platform)).id) for _ in range(2)]
    before = await leaving.mentioned()
    assert {name: before[name] for name in ("training_plans", "workouts", "runs")} == {
        "training_plans": 1,
        "workouts": 2,
        "runs": 2,
    }
    assert {"jobs", "idempotency_keys", "training_versions"} <= before.keys()
    others = await staying.mentioned(), await staying.given()
    deleted = await leaving.erase()
    assert {name: count for name, count in deleted.tables.items() if count} == before
    assert await leaving.mentioned() == {}
    assert (await leaving.tally()).total == 0
    assert (await staying.mentioned(), await staying.given()) == others


async def test_what_the_audit_log_has_not_read_stays_without_address_and_details_until_it_has(
    platform: Platform,
) -> None:
    leaving = Held(platform, (await trained(platform)).id)
    query = "SELECT position, payload FROM outbox ORDER BY position"
    before = [row for row in await platform.rows(query) if str(leaving.person) in str(row.payload)]
    assert any(row.payload["address"] for row in before)
    read, unread = before[0], before[1:]
    assert (await leaving.erase(logged=read.position)).tables["outbox"] == 1
    assert (await leaving.tally()).tables["outbox"] == (await leaving.tally()).total == len(unread) > 0
    kept = {row.position: row.payload for row in await platform.rows(query)}
    private = {"address": "", "details": {}}
    assert [kept[row.position] for row in unread] == [row.payload | private for row in unread]
    assert (await leaving.erase()).total == len(unread)
    assert await leaving.mentioned() == {}


async def test_an_export_holds_plans_workouts_and_runs_of_the_person_alone(platform: Platform) -> None:
    mine, other = [Held(platform, (await trained(platform)).id) for _ in range(2)]
    given = await mine.given()
    tables = {name: json.loads(content) for name, content in given.items() if name.endswith(".json")}
    assert {name: len(rows) for name, rows in tables.items()} == {
        "training_plans.json": 1,
        "workouts.json": 2,
        "runs.json": 2,
    }
    assert {row["athlete_id"] for rows in tables.values() for row in rows} == {str(mine.person)}
    assert tables["training_plans.json"][0]["name"] == f"Plan of {mine.person}"
    assert {row["name"] for row in tables["workouts.json"]} == {"Easy", "Beside the plan"}
    assert {row["distance"] for row in tables["runs.json"]} == {5000, 9800}
    assert {name.removesuffix(".csv") for name in given if name.endswith(".csv")} == {
        "training_plans",
        "workouts",
        "runs",
    }
    assert not [name for name, content in given.items() if str(other.person).encode() in content]
