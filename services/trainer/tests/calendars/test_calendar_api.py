import pytest
from sqlalchemy import text
from trainer_support import DAY, NEXT_DAY, Athlete, pointers

from common.db import Database


async def test_planned_and_done_stand_in_one_list_by_date(ana: Athlete, bo: Athlete) -> None:
    await bo.workout()
    late = await ana.workout(date=NEXT_DAY)
    run = await ana.run()
    workout = await ana.workout()
    await ana.run(date="2026-05-06")
    run, workout = await ana.get(f"/runs/{run['id']}"), await ana.get(f"/workouts/{workout['id']}")
    items = (await ana.get("/calendar", **{"from": DAY, "to": NEXT_DAY}))["items"]
    assert items == [{"type": "workout", **workout}, {"type": "run", **run}, {"type": "workout", **late}]
    assert (items[0]["run_id"], items[1]["workout_id"]) == (run["id"], workout["id"])


async def test_what_the_client_has_is_not_sent_again_until_it_changes(ana: Athlete) -> None:
    path = f"/calendar?from={DAY}&to={NEXT_DAY}"
    empty = await ana.request("GET", path)
    assert empty.json() == {"items": []}
    known = {"If-None-Match": empty.headers["etag"]}
    assert (await ana.request("GET", path, headers=known)).status_code == 304
    await ana.workout()
    assert (await ana.request("GET", path, headers=known)).status_code == 200


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "/query/from"),
        (f"from={DAY}", "/query/to"),
        (f"from={NEXT_DAY}&to={DAY}", "/query/to"),
        ("from=2026-01-01&to=2027-01-02", "/query/to"),
        ("from=0001-01-01&to=0001-01-02", "/query/from"),
        ("from=1900-01-01&to=9999-12-31", "/query/to"),
        ("from=x&to=y", "/query/from"),
    ],
)
async def test_days_that_make_no_calendar_are_refused(ana: Athlete, query: str, pointer: str) -> None:
    assert pointer in pointers(await ana.refused("GET", f"/calendar?{query}", 422))


@pytest.mark.parametrize(
    ("since", "until"), [("2024-01-01", "2024-12-31"), ("1900-01-01", "1900-01-01"), ("2200-12-31", "2200-12-31")]
)
async def test_a_leap_year_and_the_ends_of_time_are_calendars(ana: Athlete, since: str, until: str) -> None:
    assert await ana.get("/calendar", **{"from": since, "to": until}) == {"items": []}


async def test_a_calendar_that_would_be_endless_is_refused(ana: Athlete, database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO runs (id, athlete_id, date, name, sport, distance, duration, elapsed_time, notes) SELECT"
                " gen_random_uuid(), :athlete, '2026-05-04', 'Run', 'Run', 1, 1, 1, '' FROM generate_series(1, 5001)"
            ),
            {"athlete": ana.id},
        )
    problem = await ana.refused("GET", f"/calendar?from={DAY}&to={DAY}", 422)
    assert problem["code"] == "calendar.too_many_items"
