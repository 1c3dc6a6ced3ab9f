import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import made_up
import pytest
from looking import somebody_waits
from made_up import START

from common.resources import Resources
from common.testing.wait import eventually
from strava.activities.repository import count_list_version_up, lock_athlete
from strava.gear import service
from strava.gear.schemas import retirement_of
from strava.models import Activity, Gear

Athlete = Any
SHOES = {"kind": "shoes", "name": "Grey ones"}
RUN = {"sport": "Run", "distance": 10_000, "moving_time": 3000}


async def made(athlete: Athlete, **values: Any) -> Any:
    response = await athlete.request("POST", "/gear", json={**SHOES, **values})
    assert response.status_code == 201, response.text
    return response.json()


async def ran(athlete: Athlete, day: int = 0, **values: Any) -> Any:
    body = {**RUN, "start_time": (START + timedelta(days=day)).isoformat(), **values}
    response = await athlete.request("POST", "/activities", json=body)
    assert response.status_code == 201, response.text
    return response.json()


async def distance_of(athlete: Athlete, gear: Any) -> float:
    return float((await athlete.get(f"/gear/{gear['id']}"))["distance"])


async def test_gear_is_made_read_changed_and_deleted(athlete: Athlete) -> None:
    grey = await made(athlete, brand="Saucony", model="Ride 17", initial_distance=1000, retire_at=700_000)
    assert (grey["distance"], grey["activities"], grey["version"]) == (1000, 0, 1)
    assert grey["retirement"] == {"retire_at": 700_000, "remaining": 699_000, "state": "ok"}
    path = f"/gear/{grey['id']}"
    etag = (await athlete.request("GET", path)).headers["etag"]
    assert (await athlete.request("GET", path, headers={"If-None-Match": etag})).status_code == 304
    changed = await athlete.request("PATCH", path, json={"name": "Old ones", "brand": None}, headers={"If-Match": etag})
    assert (changed.json()["name"], changed.json()["brand"], changed.json()["version"]) == ("Old ones", None, 2)
    stale = await athlete.request("PATCH", path, json={"name": "New"}, headers={"If-Match": etag})
    assert stale.status_code == 412
    assert (await athlete.request("GET", path, headers={"If-None-Match": etag})).status_code == 200
    bike = await made(athlete, kind="bike", name="Gravel")
    assert [each["id"] for each in (await athlete.get("/gear"))["items"]] == [bike["id"], grey["id"]]
    assert (await athlete.request("DELETE", path)).status_code == 204
    assert (await athlete.request("GET", path)).json()["code"] == "gear.not_found"


async def test_distance_follows_every_activity(athlete: Athlete) -> None:
    old, new = await made(athlete, initial_distance=500), await made(athlete, name="New")
    first = await ran(athlete, 0, gear_id=old["id"])
    second = await ran(athlete, 1, gear_id=old["id"])
    assert first["gear"] == {"id": old["id"], "kind": "shoes", "name": "Grey ones"}
    assert await distance_of(athlete, old) == 20_500
    etag = (await athlete.request("GET", f"/gear/{old['id']}")).headers["etag"]
    await athlete.request("PATCH", f"/activities/{second['id']}", json={"distance": 12_000})
    again = await athlete.request("GET", f"/gear/{old['id']}", headers={"If-None-Match": etag})
    assert (again.status_code, again.json()["distance"], again.json()["activities"]) == (200, 22_500, 2)
    await athlete.request("PATCH", f"/activities/{first['id']}", json={"gear_id": new["id"]})
    assert (await distance_of(athlete, old), await distance_of(athlete, new)) == (12_500, 10_000)
    listed = (await athlete.get("/activities", params={"gear": new["id"]}))["items"]
    assert [each["id"] for each in listed] == [first["id"]]
    await athlete.request("POST", f"/activities/{first['id']}/merge", json={"activity_id": second["id"]})
    assert (await distance_of(athlete, old), await distance_of(athlete, new)) == (500, 10_000)
    await athlete.request("PATCH", f"/activities/{first['id']}", json={"gear_id": None})
    assert await distance_of(athlete, new) == 0
    await athlete.request("PATCH", f"/activities/{first['id']}", json={"gear_id": old["id"]})
    assert (await athlete.request("DELETE", f"/activities/{first['id']}")).status_code == 204
    assert await distance_of(athlete, old) == 500


async def test_new_activities_have_the_default_of_their_sport_and_retired_gear_is_no_default(athlete: Athlete) -> None:
    grey = await made(athlete, default_for=["Run", "TrailRun", "Run"])
    assert grey["default_for"] == ["Run", "TrailRun"]
    blue = await made(athlete, name="Blue", default_for=["TrailRun"])
    assert (await athlete.get(f"/gear/{grey['id']}"))["default_for"] == ["Run"]
    item = (await athlete.give(("a.gpx", made_up.run())))["a.gpx"]
    imported = await athlete.get(f"/activities/{item['activity_ids'][0]}")
    assert imported["gear"]["id"] == grey["id"]
    assert (await ran(athlete, 1, sport="TrailRun"))["gear"]["id"] == blue["id"]
    assert (await ran(athlete, 2, sport="Ride"))["gear"] is None
    path = f"/gear/{grey['id']}"
    retired = (await athlete.request("PATCH", path, json={"retired_on": "2026-03-02"})).json()
    assert (retired["retired_on"], retired["default_for"]) == ("2026-03-02", [])
    assert (await ran(athlete, 3))["gear"] is None
    assert (await athlete.get(f"/activities/{imported['id']}"))["gear"]["id"] == grey["id"]
    kept = await athlete.request("PATCH", path, json={"default_for": ["Run"]})
    assert kept.json()["default_for"] == []
    back = await athlete.request("PATCH", path, json={"retired_on": None, "default_for": ["Run"]})
    assert back.json()["default_for"] == ["Run"]


async def test_gear_in_use_is_deleted_only_when_asked_to_take_it_off(athlete: Athlete) -> None:
    grey = await made(athlete)
    activity = await ran(athlete, gear_id=grey["id"])
    refused = await athlete.request("DELETE", f"/gear/{grey['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "gear.in_use")
    assert (await athlete.request("DELETE", f"/gear/{grey['id']}?unlink=true")).status_code == 204
    after = await athlete.get(f"/activities/{activity['id']}")
    assert (after["gear"], after["version"]) == (None, activity["version"] + 1)


@pytest.mark.parametrize(
    ("distance", "state", "remaining"),
    [(0, "ok", 500_000), (449_999, "ok", 50_001), (450_000, "near", 50_000), (500_000, "due", 0), (9e5, "due", 0)],
)
def test_its_end_is_near_within_a_tenth_and_due_past_it(distance: float, state: str, remaining: float) -> None:
    retirement = retirement_of(Gear(retire_at=500_000.0, retired_on=None), distance)
    assert retirement is not None
    assert (retirement.state, retirement.remaining) == (state, remaining)


async def test_the_answer_warns_of_what_should_be_replaced(athlete: Athlete) -> None:
    grey = await made(athlete, retire_at=20_000, initial_distance=9_000)
    assert grey["warning"] is None
    await ran(athlete, 0, gear_id=grey["id"])
    near = await athlete.get(f"/gear/{grey['id']}")
    assert near["warning"] == "Grey ones has 1 km left of the 20 km after which it should be replaced."
    await ran(athlete, 1, gear_id=grey["id"])
    [due] = (await athlete.get("/gear"))["items"]
    assert due["retirement"]["state"] == "due"
    assert "went further than the 20 km" in due["warning"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "hat"},
        {"name": " "},
        {"name": None},
        {"retire_at": -1},
        {"retire_at": 1e300},
        {"initial_distance": "NaN"},
        {"default_for": ["Jogging"]},
        {"default_for": None},
        {"brand": "\x00"},
        {"retired_on": "2026-01-01"},
    ],
)
async def test_impossible_gear_is_refused(athlete: Athlete, wrong: dict[str, Any]) -> None:
    response = await athlete.request("POST", "/gear", json={**SHOES, **wrong})
    assert (response.status_code, response.json()["code"]) == (422, "request.invalid")


async def test_somebody_elses_gear_does_not_exist(athlete: Athlete, new_athlete: Callable[[], Athlete]) -> None:
    grey, other = await made(athlete), new_athlete()
    path = f"/gear/{grey['id']}"
    for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        assert (await other.request(method, path, json=body)).status_code == 404
    assert (await other.get("/gear"))["items"] == []
    assert (await other.get("/activities", params={"gear": grey["id"]}))["items"] == []
    activity = await ran(other)
    refused = await other.request("PATCH", f"/activities/{activity['id']}", json={"gear_id": grey["id"]})
    assert (refused.status_code, refused.json()["code"]) == (404, "gear.not_found")


async def test_gear_that_strava_or_an_archive_tells_of_is_made_once(athlete: Athlete, resources: Resources) -> None:
    async def told(number: str, name: str | None) -> UUID:
        async with resources.database.transaction() as session:
            return await service.for_strava(session, athlete.id, number, name)

    async def named(name: str) -> UUID:
        async with resources.database.transaction() as session:
            return await service.named(session, athlete.id, name, "shoes")

    shoes = await named("Saucony Ride")
    assert await named("saucony ride ") == shoes
    assert await told("g12", "Saucony Ride") == shoes
    assert await told("g12", "Renamed") == shoes
    twin = await told("g13", "Saucony Ride")
    bike = await told("b7", None)
    assert len({shoes, twin, bike}) == 3
    found = {each["id"]: each for each in (await athlete.get("/gear"))["items"]}
    assert (found[str(bike)]["kind"], found[str(bike)]["name"]) == ("bike", "Bike b7")
    assert found[str(shoes)]["strava_gear_id"] == "g12"


async def test_who_reads_an_activity_again_sees_how_its_gear_is_called_now(athlete: Athlete) -> None:
    grey = await made(athlete)
    path = f"/activities/{(await ran(athlete, gear_id=grey['id']))['id']}"
    known = {"If-None-Match": (await athlete.request("GET", path)).headers["etag"]}
    assert (await athlete.request("GET", path, headers=known)).status_code == 304
    await athlete.request("PATCH", f"/gear/{grey['id']}", json={"name": "Blue ones"})
    again = await athlete.request("GET", path, headers=known)
    assert (again.status_code, again.json()["gear"]["name"]) == (200, "Blue ones")
    changed = await athlete.request("PATCH", path, json={"name": "Tempo"}, headers={"If-Match": again.headers["etag"]})
    assert changed.status_code == 200


async def test_gear_is_not_changed_in_the_middle_of_what_an_import_writes(
    athlete: Athlete, resources: Resources
) -> None:
    grey = await made(athlete)
    run = await ran(athlete)
    async with resources.database.transaction() as session:
        await lock_athlete(session, athlete.id)
        await count_list_version_up(session, athlete.id)
        changing = asyncio.create_task(athlete.request("PATCH", f"/gear/{grey['id']}", json={"name": "Old ones"}))
        await eventually(lambda: somebody_waits(resources), within=10)
        activity = await session.get_one(Activity, UUID(run["id"]))
        activity.gear_id = UUID(grey["id"])
        await session.flush()
    assert (await changing).status_code == 200
    assert (await athlete.get(f"/activities/{run['id']}"))["gear"]["name"] == "Old ones"
