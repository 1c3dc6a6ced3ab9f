"""Workouts and runs of one athlete change through the API; the pairs follow."""

from typing import Any

from sqlalchemy import text
from trainer_support import DAY, EASY, NEXT_DAY, Athlete

from common.db import Database


async def pair(ana: Athlete, run: dict[str, Any]) -> tuple[Any, Any]:
    """The run's workout and why, after making sure that both sides and the status agree."""
    now = await ana.get(f"/runs/{run['id']}")
    workouts = (await ana.get("/workouts", limit=200))["items"]
    assert [each["id"] for each in workouts if each["run_id"] == run["id"]] == [
        id_ for id_ in [now["workout_id"]] if id_
    ]
    assert all(each["status"] == "completed" for each in workouts if each["run_id"])
    return now["workout_id"], now["match_reason"]


async def test_a_run_finds_the_workout_of_its_day(ana: Athlete) -> None:
    await ana.workout(date=NEXT_DAY)
    workout = await ana.workout()
    run = await ana.run()
    assert await pair(ana, run) == (workout["id"], "planned for 2026-05-04, 9.8 km of 10.0 km planned")
    after = await ana.get(f"/workouts/{workout['id']}")
    assert (after["status"], after["run_id"], after["version"]) == ("completed", run["id"], 2)


async def test_a_workout_planned_after_the_run_finds_it_too(ana: Athlete) -> None:
    run = await ana.run()
    plan = await ana.plan(EASY)
    assert (plan["workouts"][0]["run_id"], plan["workouts"][0]["status"]) == (run["id"], "completed")
    assert (await pair(ana, run))[0] == plan["workouts"][0]["id"]


async def test_the_closest_of_several_is_taken_and_a_closer_one_takes_over(ana: Athlete) -> None:
    far = await ana.workout(planned={"distance": 20_000})
    run = await ana.run()
    assert (await pair(ana, run))[0] == far["id"]
    near = await ana.workout(planned={"distance": 9_900})
    assert await pair(ana, run) == (
        near["id"],
        "planned for 2026-05-04, 9.8 km of 9.9 km planned, best fit of 2 planned and 1 done that day",
    )
    await ana.patch(f"/workouts/{near['id']}", planned={"distance": 2_000})
    assert (await pair(ana, run))[0] == far["id"]
    second = await ana.run(distance=19_000)
    assert [(await pair(ana, each))[0] for each in (run, second)] == [near["id"], far["id"]]


async def test_the_pair_is_decided_again_when_the_workout_moves_changes_or_goes(ana: Athlete) -> None:
    first, second = await ana.workout(), await ana.workout(planned={"distance": 5_000})
    run = await ana.run()
    path = f"/workouts/{first['id']}"
    await ana.post(f"{path}/move", {"date": NEXT_DAY}, 200)
    assert (await pair(ana, run))[0] == second["id"]
    await ana.post(f"{path}/move", {"date": DAY}, 200)
    assert (await pair(ana, run))[0] == first["id"]
    await ana.patch(path, kind="rest")
    assert (await pair(ana, run))[0] == second["id"]
    await ana.patch(path, kind="easy", status="skipped")
    assert (await pair(ana, run))[0] == second["id"]
    await ana.patch(path, status="planned")
    assert (await pair(ana, run))[0] == first["id"]
    await ana.delete(path)
    assert (await pair(ana, run))[0] == second["id"]
    await ana.delete(f"/workouts/{second['id']}")
    assert await pair(ana, run) == (None, None)


async def test_skipping_a_workout_that_was_run_frees_the_run(ana: Athlete) -> None:
    workout = await ana.workout()
    run = await ana.run()
    skipped = await ana.patch(f"/workouts/{workout['id']}", status="skipped")
    assert (skipped["status"], skipped["run_id"]) == ("skipped", None)
    assert await pair(ana, run) == (None, None)


async def test_the_pair_is_decided_again_when_the_run_moves_or_goes(ana: Athlete) -> None:
    today, tomorrow = await ana.workout(), await ana.workout(date=NEXT_DAY)
    run, other = await ana.run(), await ana.run(distance=3_000)
    assert [(await pair(ana, each))[0] for each in (run, other)] == [today["id"], None]
    await ana.patch(f"/runs/{run['id']}", date=NEXT_DAY)
    assert [(await pair(ana, each))[0] for each in (run, other)] == [tomorrow["id"], today["id"]]
    await ana.delete(f"/runs/{run['id']}")
    assert (await ana.get(f"/workouts/{tomorrow['id']}"))["status"] == "planned"


async def test_a_plan_written_anew_moves_its_pairs_along(ana: Athlete) -> None:
    plan = await ana.plan(EASY, {**EASY, "date": NEXT_DAY})
    run, other = await ana.run(), await ana.run(date=NEXT_DAY)
    first, second = plan["workouts"]
    swapped = [{**first, "date": NEXT_DAY}, {**second, "date": DAY}]
    await ana.put(f"/plans/{plan['id']}", {**plan, "workouts": swapped})
    assert [(await pair(ana, each))[0] for each in (run, other)] == [second["id"], first["id"]]
    await ana.put(f"/plans/{plan['id']}", {**plan, "workouts": [{**second, "status": "skipped"}]})
    assert [(await pair(ana, each))[0] for each in (run, other)] == [None, None]


async def test_rest_is_no_workout_for_a_run(ana: Athlete) -> None:
    await ana.workout(kind="rest")
    assert (await ana.run())["workout_id"] is None


async def test_a_pair_made_by_hand_stays_whatever_fits_better(ana: Athlete) -> None:
    near, other_day = await ana.workout(), await ana.workout(date=NEXT_DAY, planned={"distance": 30_000})
    run = await ana.run()
    linked = await ana.patch(f"/runs/{run['id']}", workout_id=other_day["id"])
    assert (linked["workout_id"], linked["match_reason"]) == (other_day["id"], "linked by hand")
    assert (await ana.get(f"/workouts/{near['id']}"))["status"] == "planned"
    await ana.workout(planned={"distance": 9_800})
    await ana.patch(f"/workouts/{other_day['id']}", kind="long", date="2026-05-20")
    second = await ana.run(date="2026-05-20", distance=30_000)
    assert [(await pair(ana, each))[0] for each in (run, second)] == [other_day["id"], None]


async def test_a_run_kept_apart_by_hand_stays_apart(ana: Athlete) -> None:
    workout = await ana.workout()
    run = await ana.run()
    apart = await ana.patch(f"/runs/{run['id']}", workout_id=None)
    assert (apart["workout_id"], apart["match_reason"]) == (None, None)
    await ana.patch(f"/workouts/{workout['id']}", name="Touched")
    assert await pair(ana, run) == (None, None)
    second = await ana.run(distance=1_000)
    assert (await pair(ana, second))[0] == workout["id"]


async def test_linking_by_hand_takes_the_workout_from_the_run_that_had_it(ana: Athlete) -> None:
    workout, spare = await ana.workout(), await ana.workout(planned={"distance": 30_000})
    first = await ana.run()
    second = await ana.run(date=NEXT_DAY, workout_id=workout["id"])
    assert [(await pair(ana, each))[0] for each in (first, second)] == [spare["id"], workout["id"]]
    await ana.patch(f"/runs/{first['id']}", workout_id=workout["id"])
    assert [(await pair(ana, each))[0] for each in (first, second)] == [workout["id"], None]


async def test_a_skipped_workout_that_is_linked_was_run_after_all(ana: Athlete) -> None:
    workout = await ana.workout(status="skipped")
    run = await ana.run()
    assert run["workout_id"] is None
    await ana.patch(f"/runs/{run['id']}", workout_id=workout["id"])
    assert (await ana.get(f"/workouts/{workout['id']}"))["status"] == "completed"


async def test_a_run_whose_workout_by_hand_is_deleted_is_matched_again(ana: Athlete) -> None:
    chosen, near = await ana.workout(date=NEXT_DAY), await ana.workout()
    run = await ana.run(workout_id=chosen["id"])
    assert (await pair(ana, run))[0] == chosen["id"]
    await ana.delete(f"/workouts/{chosen['id']}")
    assert (await pair(ana, run))[0] == near["id"]


async def test_versions_rise_only_where_the_pair_changes(ana: Athlete) -> None:
    workout, elsewhere = await ana.workout(), await ana.workout(date=NEXT_DAY)
    run = await ana.run()
    before = [await ana.get(path) for path in (f"/workouts/{workout['id']}", f"/runs/{run['id']}")]
    await ana.patch(f"/workouts/{elsewhere['id']}", name="Other")
    await ana.run(date=NEXT_DAY)
    assert [await ana.get(path) for path in (f"/workouts/{workout['id']}", f"/runs/{run['id']}")] == before


async def test_athletes_are_matched_for_themselves(ana: Athlete, bo: Athlete) -> None:
    await bo.workout()
    assert (await ana.run())["workout_id"] is None


async def test_the_audit_log_tells_of_pairs(ana: Athlete, database: Database) -> None:
    workout = await ana.workout()
    run = await ana.run()
    await ana.delete(f"/workouts/{workout['id']}")
    async with database.transaction() as session:
        rows = (await session.scalars(text("SELECT payload FROM outbox ORDER BY id"))).all()
    told = [
        (row["actor"], row["action"], row["target"], row["details"]) for row in rows if row["action"] != "run.created"
    ]
    assert told == [
        (str(ana.id), "workout.created", workout["id"], {}),
        ("trainer", "run.matched", run["id"], {"workout_id": workout["id"]}),
        (str(ana.id), "run.unmatched", run["id"], {}),
        (str(ana.id), "workout.deleted", workout["id"], {}),
    ]
