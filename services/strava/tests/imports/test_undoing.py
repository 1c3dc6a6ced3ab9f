from datetime import timedelta
from typing import Any

import made_up
from made_up import START
from sqlalchemy import func, select

from common.db.tables import OutboxEvent
from common.resources import Resources
from common.testing.wait import eventually
from strava.models import ActivityListVersion, Import

Athlete = Any


def runs(count: int, **more: Any) -> list[tuple[str, bytes]]:
    return [(f"{day}.gpx", made_up.run(START + timedelta(days=day), **more)) for day in range(count)]


async def undo(athlete: Athlete, batch: dict[str, Any], query: str = "") -> Any:
    return await athlete.request("DELETE", f"/imports/{batch['id']}{query}")


async def undone(athlete: Athlete, batch: dict[str, Any], query: str = "") -> dict[str, Any]:
    answer = await undo(athlete, batch, query)
    assert answer.status_code == 202, answer.text
    rested: dict[str, Any] = await athlete.rested(batch["id"])
    assert rested["state"] == "undone"
    return rested


async def test_undoing_takes_back_what_an_import_brought_and_only_that(athlete: Athlete) -> None:
    before = await athlete.give(("mine.gpx", made_up.run()))
    [kept] = before["mine.gpx"]["activity_ids"]
    richer = ("watch.gpx", made_up.run(START + timedelta(seconds=20), heartrate=140))
    batch = await athlete.import_files(richer, ("again.gpx", made_up.run()), *runs(30)[1:], ("bad.gpx", b"<gpx>"))
    assert (await athlete.get(f"/activities/{kept}"))["average_heartrate"] == 140
    assert len((await athlete.get("/activities", params={"limit": 100}))["items"]) == 30

    rested = await undone(athlete, batch)
    states = [item["state"] for item in rested["items"]]
    assert (states.count("undone"), states.count("duplicate"), states.count("rejected")) == (30, 1, 1)
    [left] = (await athlete.get("/activities"))["items"]
    assert (left["id"], left["average_heartrate"]) == (kept, None)
    detail = await athlete.get(f"/activities/{kept}")
    assert [each["file_name"] for each in detail["recordings"]] == ["mine.gpx"]


async def test_undoing_twice_changes_nothing_more(athlete: Athlete) -> None:
    batch = await athlete.import_files(*runs(2))
    first = await undone(athlete, batch)
    again = await undo(athlete, batch)
    assert (again.status_code, again.json()["state"]) == (202, "undone")
    assert await athlete.rested(batch["id"]) == first


async def test_what_was_edited_since_is_asked_about(athlete: Athlete) -> None:
    batch = await athlete.import_files(*runs(2))
    [edited] = batch["items"][1]["activity_ids"]
    assert (await athlete.request("PATCH", f"/activities/{edited}", json={"name": "My first marathon"})).is_success
    answer = await undo(athlete, batch)
    assert (answer.status_code, answer.json()["code"]) == (409, "import.edited_since")
    assert edited in answer.json()["detail"]
    assert "My first marathon" in answer.json()["detail"]
    assert len((await athlete.get("/activities"))["items"]) == 2
    await undone(athlete, batch, "?confirm=true")
    assert (await athlete.get("/activities"))["items"] == []


async def test_an_edit_of_before_the_import_is_no_reason_to_ask(athlete: Athlete) -> None:
    [mine] = (await athlete.give(("mine.gpx", made_up.run())))["mine.gpx"]["activity_ids"]
    assert (await athlete.request("PATCH", f"/activities/{mine}", json={"name": "Named"})).is_success
    batch = await athlete.import_files(("watch.gpx", made_up.run(START + timedelta(seconds=9), heartrate=120)))
    await undone(athlete, batch)
    assert (await athlete.get(f"/activities/{mine}"))["name"] == "Named"


async def test_what_was_taken_back_can_be_imported_again(athlete: Athlete) -> None:
    files = runs(2)
    await undone(athlete, await athlete.import_files(*files))
    again = await athlete.give(*files)
    assert {item["state"] for item in again.values()} == {"imported"}
    assert len((await athlete.get("/activities"))["items"]) == 2


async def test_importing_again_makes_duplicates_and_writes_nothing(athlete: Athlete, resources: Resources) -> None:
    files = runs(3)
    first = await athlete.give(*files)

    async def traces() -> list[Any]:
        async with resources.database.reading() as session:
            events = select(func.count()).where(OutboxEvent.type.like("activity.%"))
            return [await session.scalar(events), await session.scalar(select(ActivityListVersion.version))]

    before = await traces()
    again = await athlete.give(*files)
    assert {item["state"] for item in again.values()} == {"duplicate"}
    assert await traces() == before
    [activity_id] = first["0.gpx"]["activity_ids"]
    assert (await athlete.get(f"/activities/{activity_id}"))["version"] == 1
    history = await athlete.get(f"/activities/{activity_id}/history")
    assert [each["action"] for each in history["items"]] == ["created", "skipped"]


async def test_an_import_that_still_runs_is_stopped_and_taken_back(athlete: Athlete, resources: Resources) -> None:
    files = [("files", file) for file in runs(40, seconds=1200, every=1)]
    batch = (await athlete.request("POST", "/imports", files=files)).json()
    rested = await undone(athlete, batch)
    assert {item["state"] for item in rested["items"]} == {"undone"}
    assert (await athlete.get("/activities"))["items"] == []
    async with resources.database.reading() as session:
        assert await session.scalar(select(Import.state)) == "undone"


async def test_a_list_of_imports_tells_their_states(athlete: Athlete) -> None:
    one, two = await athlete.import_files(*runs(1)), await athlete.import_files(*runs(1), query="?dry_run=true")
    await undone(athlete, one)

    async def states() -> list[str]:
        return [each["state"] for each in (await athlete.get("/imports"))["items"]]

    assert await eventually(states, within=5) == ["preview", "undone"]
    assert two["dry_run"]
