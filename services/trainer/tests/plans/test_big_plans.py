import datetime as dt
from typing import Any

from trainer_support import EASY, INTERVALS, PLAN, Athlete

FIRST = dt.date(2026, 3, 2)


def workouts(count: int) -> list[dict[str, Any]]:
    """Several a day, every fourth with intervals."""
    return [
        {
            **EASY,
            "name": f"Workout {number}",
            "date": str(FIRST + dt.timedelta(days=number // 6)),
            "steps": INTERVALS if number % 4 == 0 else [],
        }
        for number in range(count)
    ]


async def test_a_plan_of_2000_workouts_is_stored_read_sent_back_and_deleted(ana: Athlete) -> None:
    made = await ana.plan(*workouts(2000), end_date="2027-03-01")
    plan = await ana.get(f"/plans/{made['id']}")
    assert len(plan["workouts"]) == 2000
    assert len({each["id"] for each in plan["workouts"]}) == 2000
    assert [each["date"] for each in plan["workouts"]] == sorted(each["date"] for each in plan["workouts"])
    plan["workouts"][7]["name"] = "Renamed"
    after = await ana.put(f"/plans/{made['id']}", plan)
    assert [each["version"] for each in after["workouts"]].count(2) == 1
    await ana.delete(f"/plans/{made['id']}")
    assert (await ana.get("/workouts"))["items"] == []


async def test_a_plan_of_2001_workouts_is_refused_at_once_and_one_by_one(ana: Athlete) -> None:
    body = {**PLAN, "end_date": "2027-03-01", "workouts": workouts(2001)}
    assert (await ana.refused("POST", "/plans", 422, body))["code"] == "plan.too_many_workouts"
    assert (await ana.get("/plans"))["items"] == []
    full = await ana.plan(*workouts(2000), end_date="2027-03-01")
    path = f"/plans/{full['id']}"
    assert (await ana.refused("POST", f"{path}/workouts", 422, EASY))["code"] == "plan.too_many_workouts"
    assert (await ana.refused("PUT", path, 422, body))["code"] == "plan.too_many_workouts"
    alone = await ana.workout()
    problem = await ana.refused("PATCH", f"/workouts/{alone['id']}", 422, {"plan_id": full["id"]})
    assert problem["code"] == "plan.too_many_workouts"


async def test_a_list_of_nonsense_is_answered_briefly(ana: Athlete) -> None:
    response = await ana.request("POST", "/plans", json={**PLAN, "workouts": [1] * 500_000})
    assert (response.status_code, response.json()["code"]) == (422, "plan.too_many_workouts")
    bad = {**EASY, "steps": [1] * 200}
    response = await ana.request("POST", "/plans", json={**PLAN, "workouts": [bad] * 2000})
    assert (response.status_code, len(response.content) < 100_000) == (422, True)
