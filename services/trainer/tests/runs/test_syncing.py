"""Activities come and go at the activity store; runs and their workouts follow."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from trainer_support import DAY, EASY, NEXT_DAY, Athlete, Platform, activity, later, pointers

from common.testing.wait import eventually
from contracts.testing.activity_store import created, deleted


async def runs(athlete: Athlete) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await athlete.get("/runs"))["items"]
    return found


async def only_run(athlete: Athlete) -> dict[str, Any]:
    [found] = await runs(athlete)
    return found


async def test_a_new_running_activity_becomes_a_run_and_completes_its_workout(platform: Platform) -> None:
    ana = platform.athlete()
    workout = await ana.workout()
    given = platform.strava.create(activity(ana, name="Evening")).activity
    await platform.settle()
    run = await only_run(ana)
    assert run == {
        "id": run["id"],
        "date": DAY,
        "name": "Evening",
        "sport": "Run",
        "start_time": "2026-05-04T16:30:00Z",
        "timezone": "UTC",
        "distance": 9800.0,
        "duration": given.moving_time,
        "elapsed_time": given.elapsed_time,
        "average_heartrate": None,
        "activity_id": str(given.id),
        "workout_id": workout["id"],
        "match_reason": "planned for 2026-05-04, 9.8 km of 10.0 km planned",
        "notes": "",
        "source": "activity",
        "version": run["version"],
    }
    assert (await ana.get(f"/workouts/{workout['id']}"))["status"] == "completed"


async def test_the_day_is_the_one_where_it_was_run(platform: Platform) -> None:
    ana = platform.athlete()
    platform.strava.create(activity(ana, hours_east=-10))
    zone = timezone(timedelta(hours=13))
    platform.strava.create(activity(ana, hours_east=13, start=datetime(2026, 5, 5, 0, 15, tzinfo=zone)))
    await platform.settle()
    assert {(run["date"], run["start_time"]) for run in await runs(ana)} == {
        (DAY, "2026-05-05T04:30:00Z"),
        (NEXT_DAY, "2026-05-04T11:15:00Z"),
    }


@pytest.mark.parametrize(("sport", "count"), [("TrailRun", 1), ("VirtualRun", 1), ("Ride", 0), ("Walk", 0)])
async def test_only_the_sports_of_running_become_runs(platform: Platform, sport: str, count: int) -> None:
    ana = platform.athlete()
    platform.strava.create(activity(ana, sport=sport))
    await platform.settle()
    assert len(await runs(ana)) == count


async def test_a_run_that_becomes_a_ride_and_back_leaves_and_finds_its_workout(platform: Platform) -> None:
    ana = platform.athlete()
    workout = await ana.workout()
    first = platform.strava.create(activity(ana))
    await platform.settle()
    ride = later(first, sport="Ride")
    platform.strava.update(ride, "sport")
    await platform.settle()
    assert await runs(ana) == []
    assert (await ana.get(f"/workouts/{workout['id']}"))["status"] == "planned"
    platform.strava.update(later(ride, sport="Run"), "sport")
    await platform.settle()
    assert (await only_run(ana))["workout_id"] == workout["id"]


async def test_an_activity_that_moves_to_another_day_changes_its_workout(platform: Platform) -> None:
    ana = platform.athlete()
    plan = await ana.plan(EASY, {**EASY, "date": NEXT_DAY})
    today, tomorrow = plan["workouts"]
    first = platform.strava.create(activity(ana))
    await platform.settle()
    assert (await only_run(ana))["workout_id"] == today["id"]
    start = first.activity.start_time_local + timedelta(days=1)
    platform.strava.update(later(first, start_time=start, start_time_local=start), "start_time")
    await platform.settle()
    assert ((await only_run(ana))["date"], (await only_run(ana))["workout_id"]) == (NEXT_DAY, tomorrow["id"])
    after = (await ana.get(f"/plans/{plan['id']}"))["workouts"]
    assert [each["status"] for each in after] == ["planned", "completed"]


async def test_a_deleted_activity_takes_its_run_along_and_the_next_takes_its_place(platform: Platform) -> None:
    ana = platform.athlete()
    workout = await ana.workout()
    near = platform.strava.create(activity(ana)).activity
    far = platform.strava.create(activity(ana, distance=4_000)).activity
    await platform.settle()
    by_activity = {run["activity_id"]: run["workout_id"] for run in await runs(ana)}
    assert by_activity == {str(near.id): workout["id"], str(far.id): None}
    platform.strava.delete(near)
    await platform.settle()
    run = await only_run(ana)
    assert (run["activity_id"], run["workout_id"]) == (str(far.id), workout["id"])


async def test_events_that_come_twice_or_many_times_at_once_change_nothing(platform: Platform) -> None:
    ana = platform.athlete()
    workout = await ana.workout()
    given = platform.strava.create(activity(ana)).activity
    await platform.settle()
    before = [await only_run(ana), await ana.get(f"/workouts/{workout['id']}")]
    platform.strava.events.append(platform.strava.events[0].model_copy(update={"position": 2}))
    for _ in range(6):
        platform.strava.tell(created(given))
    await platform.settle()
    assert [await only_run(ana), await ana.get(f"/workouts/{workout['id']}")] == before
    assert platform.strava.reads == [given.id] * 7


async def test_an_older_version_than_the_newest_seen_changes_nothing(platform: Platform) -> None:
    ana = platform.athlete()
    first = platform.strava.create(activity(ana))
    platform.strava.update(later(first, distance=12_000.0), "distance")
    await platform.settle()
    seen = await only_run(ana)
    for old in (first, later(first, distance=5_000.0)):
        platform.strava.update(old, "distance")
    ride = first.activity.model_copy(update={"sport": "Ride"})
    platform.strava.update(type(first)(ride, {}), "sport")
    await platform.settle()
    assert await only_run(ana) == seen


async def test_a_creation_told_after_its_deletion_resurrects_nothing(platform: Platform) -> None:
    ana = platform.athlete()
    given = activity(ana).activity
    platform.strava.tell(deleted(given))
    platform.strava.tell(created(given))
    await platform.settle()
    assert await runs(ana) == []


async def test_a_deletion_told_of_an_activity_that_is_there_deletes_nothing(platform: Platform) -> None:
    ana = platform.athlete()
    platform.strava.tell(deleted(platform.strava.create(activity(ana)).activity))
    await platform.settle()
    assert len(await runs(ana)) == 1


async def test_a_store_that_was_down_is_asked_again(platform: Platform) -> None:
    ana = platform.athlete()
    given = activity(ana)
    platform.strava.down = True
    await platform.execute(
        "INSERT INTO jobs (id, kind, payload) VALUES (gen_random_uuid(), 'sync-activity',"
        f""" '{{"activity_id": "{given.activity.id}"}}')"""
    )
    await platform.waker.wake("trainer")

    async def tried() -> bool:
        return bool(await platform.scalar("SELECT count(*) FROM jobs WHERE state = 'queued' AND attempts > 0"))

    await eventually(tried, within=20)
    platform.strava.activities[given.activity.id] = given
    platform.strava.down = False
    await platform.settle()
    assert len(await runs(ana)) == 1


async def test_the_figures_of_a_run_belong_to_its_activity(platform: Platform) -> None:
    ana = platform.athlete()
    first = platform.strava.create(activity(ana))
    await platform.settle()
    run = await only_run(ana)
    path = f"/runs/{run['id']}"
    problem = await ana.refused("PATCH", path, 422, {"distance": 5, "date": NEXT_DAY, "notes": "x"})
    assert (problem["code"], pointers(problem)) == ("run.figures_fixed", ["/body/date", "/body/distance"])
    assert (await ana.refused("PUT", path, 422, {**run, "duration": 5}))["code"] == "run.figures_fixed"
    assert (await ana.refused("DELETE", path, 409))["code"] == "run.from_activity"
    assert await only_run(ana) == run
    sent_back = await ana.put(path, {**run, "notes": "Windy", "name": "Mine"})
    assert (sent_back["notes"], sent_back["name"], sent_back["distance"]) == ("Windy", "Mine", 9800.0)
    platform.strava.update(later(first, name="Theirs", distance=9_000.0), "name", "distance")
    await platform.settle()
    after = await only_run(ana)
    assert (after["name"], after["notes"], after["distance"]) == ("Mine", "Windy", 9000.0)


async def test_a_pair_made_by_hand_outlives_changes_of_the_activity(platform: Platform) -> None:
    ana = platform.athlete()
    await ana.workout()
    chosen = await ana.workout(date=NEXT_DAY)
    first = platform.strava.create(activity(ana))
    await platform.settle()
    await ana.patch(f"/runs/{(await only_run(ana))['id']}", workout_id=chosen["id"])
    platform.strava.update(later(first, distance=10_000.0), "distance")
    await platform.settle()
    run = await only_run(ana)
    assert (run["distance"], run["workout_id"], run["match_reason"]) == (10_000.0, chosen["id"], "linked by hand")
    platform.strava.delete(first.activity)
    await platform.settle()
    assert (await ana.get(f"/workouts/{chosen['id']}"))["status"] == "planned"


async def test_activities_that_arrive_together_with_changes_of_the_plan_end_in_the_same_pairs(
    platform: Platform,
) -> None:
    ana = platform.athlete()
    for distance in (5_000, 10_000, 15_000):
        platform.strava.create(activity(ana, distance=float(distance)))
    await platform.waker.wake("trainer")
    made = [await ana.workout(planned={"distance": distance}) for distance in (15_500, 4_900, 10_100)]
    await platform.settle()
    found = {run["distance"]: run["workout_id"] for run in await runs(ana)}
    assert found == {15_000.0: made[0]["id"], 5_000.0: made[1]["id"], 10_000.0: made[2]["id"]}
