import csv
import io
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import made_up
from made_up import START
from sqlalchemy import text

from common.resources import Resources
from strava.activities.listing import ActivityFilter
from strava.exports.table import COLUMNS, ROWS_AT_ONCE, table

Athlete = Any
MANY = text(
    """
    INSERT INTO activities (id, athlete_id, name, sport, start_time, timezone, distance, moving_time, elapsed_time,
                            has_map, source, sources)
    SELECT gen_random_uuid(), :athlete, 'Run ' || n, 'Run', timestamptz '2020-01-01' + n * interval '1 minute',
           'Europe/Rome', n, 600, 600, false, 'file', '{file}'
    FROM generate_series(1, :count) AS n
    """
)


async def rows_of(athlete: Athlete, path: str = "/activities.csv", **params: Any) -> list[dict[str, str]]:
    response = await athlete.request("GET", path, params=params)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert "activities.csv" in response.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(response.content.decode(), newline="")))


async def entered(athlete: Athlete, day: int, **values: Any) -> None:
    start = (START + timedelta(days=day)).isoformat()
    body = {"sport": "Run", "start_time": start, "timezone": "Europe/Rome", "distance": 5000, "moving_time": 1500}
    assert (await athlete.request("POST", "/activities", json={**body, **values})).status_code == 201


async def test_the_table_has_the_activities_of_the_list_and_its_filters(athlete: Athlete) -> None:
    gear = (await athlete.request("POST", "/gear", json={"kind": "shoes", "name": "Grey"})).json()
    await athlete.give(("a.gpx", made_up.run(heartrate=150)))
    await entered(athlete, 1, name='Long, "hard"', description="Two\nlines", gear_id=gear["id"], distance=20_000)
    long, short = await rows_of(athlete)
    listed = (await athlete.get("/activities"))["items"]
    assert [long["id"], short["id"]] == [each["id"] for each in listed]
    assert (long["name"], long["description"], long["gear"]) == ('Long, "hard"', "Two\nlines", "Grey")
    assert long["start_time_local"] == "2026-03-02T08:00:00+01:00"
    assert (float(long["distance"]), short["average_heartrate"], long["average_heartrate"]) == (20_000, "150.0", "")
    assert (short["calories_source"], short["source"]) == ("estimated", "file")
    assert [row["id"] for row in await rows_of(athlete, min_distance=10_000)] == [long["id"]]
    assert [row["id"] for row in await rows_of(athlete, "/strava/export", q="long", gear=gear["id"])] == [long["id"]]
    assert await rows_of(athlete, sport="Ride") == []


async def test_texts_are_no_formulas_and_lines_end_as_the_standard_says(athlete: Athlete) -> None:
    for day, name in enumerate(("=1+1", "+1", "-1", "@sum", "plain")):
        await entered(athlete, day, name=name)
    assert {row["name"] for row in await rows_of(athlete)} == {"'=1+1", "'+1", "'-1", "'@sum", "plain"}
    plain = (await athlete.request("GET", "/activities.csv")).content
    assert plain.count(b"\r\n") == 6
    assert plain.startswith(b"id,name,")
    marked = (await athlete.request("GET", "/activities.csv", params={"bom": "true"})).content
    assert marked == b"\xef\xbb\xbf" + plain


async def test_ten_times_the_rows_take_no_more_memory(resources: Resources) -> None:
    """The most that is held while reading is some batches, whatever the number of rows."""

    async def peak(count: int) -> tuple[int, int]:
        person = uuid4()
        async with resources.database.transaction() as session:
            await session.execute(MANY, {"athlete": person, "count": count})
        lines = 0
        tracemalloc.start()
        async for chunk in table(resources.database, person, ActivityFilter(), mark=False):
            lines += chunk.count(b"\r\n")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return lines - 1, most

    few, some = await peak(2 * ROWS_AT_ONCE)
    many, most = await peak(20 * ROWS_AT_ONCE)
    assert (few, many) == (2 * ROWS_AT_ONCE, 20 * ROWS_AT_ONCE)
    assert most < 1.5 * some


async def test_a_reader_who_stops_holds_nothing(
    new_athlete: Callable[[], Athlete], athlete: Athlete, resources: Resources
) -> None:
    async with resources.database.transaction() as session:
        await session.execute(MANY, {"athlete": athlete.id, "count": 3 * ROWS_AT_ONCE})
    stopped = table(resources.database, athlete.id, ActivityFilter(), mark=False)
    assert (await anext(stopped)).decode().strip() == ",".join(COLUMNS)
    await anext(stopped)
    assert resources.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined] # every queue pool has it
    assert (await new_athlete().get("/activities"))["items"] == []
