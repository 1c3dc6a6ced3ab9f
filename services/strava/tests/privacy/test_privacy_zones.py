from collections.abc import Callable
from typing import Any
from uuid import UUID

import made_up
import numpy as np
import pytest
from sqlalchemy import func, select

from common.db.tables import OutboxEvent
from common.resources import Resources
from common.testing.tokens import TokenMint
from contracts.strava.events import PrivacyZonesChanged
from contracts.strava.streams import decode
from strava.kernels import polyline

Athlete = Any
HOME = {"name": "Home", "lat": 45.0, "lng": 9.0, "radius": 302}


async def made(athlete: Athlete, **values: Any) -> Any:
    response = await athlete.request("POST", "/privacy-zones", json={**HOME, **values})
    assert response.status_code == 201, response.text
    return response.json()


async def test_zones_are_made_read_changed_and_deleted(athlete: Athlete) -> None:
    home = await made(athlete)
    assert {name: home[name] for name in HOME} == HOME
    path = f"/privacy-zones/{home['id']}"
    etag = (await athlete.request("GET", path)).headers["etag"]
    assert (await athlete.request("GET", path, headers={"If-None-Match": etag})).status_code == 304
    changed = await athlete.request("PATCH", path, json={"radius": 500}, headers={"If-Match": etag})
    assert (changed.json()["radius"], changed.json()["version"]) == (500, 2)
    stale = await athlete.request("DELETE", path, headers={"If-Match": etag})
    assert stale.status_code == 412
    assert [each["id"] for each in (await athlete.get("/privacy-zones"))["items"]] == [home["id"]]
    assert (await athlete.request("DELETE", path)).status_code == 204
    assert (await athlete.request("GET", path)).json()["code"] == "zone.not_found"


async def test_others_see_the_track_from_the_edge_on_and_the_owner_all_of_it(
    athlete: Athlete, mint: TokenMint, strava: Any
) -> None:
    [activity_id] = (await athlete.give(("a.gpx", made_up.run())))["a.gpx"]["activity_ids"]
    path = f"/activities/{activity_id}"
    before = await athlete.get(f"{path}/map")
    assert await athlete.get(f"{path}/map", params={"privacy": "cut"}) == before
    await made(athlete)
    assert await athlete.get(f"{path}/map") == before
    edge = 45 + 302 / made_up.METRES_PER_DEGREE
    cut = await athlete.get(f"{path}/map", params={"privacy": "cut"})
    for encoded in (cut["polyline"], cut["summary_polyline"], *cut["polylines"]):
        assert polyline.decode(encoded)[0, 0] == pytest.approx(edge, abs=1e-4)
        assert (polyline.decode(encoded)[:, 0] >= edge - 1e-5).all()
    assert cut["bounds"][0] == pytest.approx(edge, abs=1e-4)
    geojson = await athlete.request("GET", f"{path}/map?privacy=cut", headers={"Accept": "application/geo+json"})
    assert geojson.json()["geometry"]["coordinates"][0][1] == pytest.approx(edge, abs=1e-4)
    streams = await athlete.get(f"{path}/streams", params={"keys": "time,latlng", "privacy": "cut"})
    hidden = [position[0] is None for position in streams["latlng"]["data"]]
    assert hidden == [second * 3 <= 302 for second in range(0, 601, 2)]
    assert streams["time"]["data"][0] == 0
    service = {"Authorization": f"Bearer {mint.service_token('thumbnails')}"}
    for cut_too in (False, True):
        answer = await strava.get(
            f"/internal{path}/streams", params={"keys": "latlng", "cut": cut_too}, headers=service
        )
        assert bool(np.isnan(decode(answer.content).columns["latlng"][0, 0])) is cut_too


async def test_a_run_inside_its_zone_is_not_shown_at_all(athlete: Athlete) -> None:
    [activity_id] = (await athlete.give(("a.gpx", made_up.run())))["a.gpx"]["activity_ids"]
    await made(athlete, radius=5000)
    path = f"/activities/{activity_id}"
    assert (await athlete.get(f"{path}/map", params={"privacy": "cut"}))["polylines"] == []
    refused = await athlete.request("GET", f"{path}/gpx")
    assert (refused.status_code, refused.json()["code"]) == (404, "activity.no_track")
    assert (await athlete.request("GET", f"{path}/gpx?privacy=full")).status_code == 200


async def test_those_who_draw_hear_of_every_change_of_a_circle(athlete: Athlete, resources: Resources) -> None:
    async def told() -> int:
        async with resources.database.reading() as session:
            query = select(func.count()).where(
                OutboxEvent.type == PrivacyZonesChanged.event_type(),
                OutboxEvent.payload["athlete_id"].astext == str(athlete.id),
            )
            return await session.scalar(query) or 0

    home = await made(athlete)
    path = f"/privacy-zones/{home['id']}"
    assert await told() == 1
    await athlete.request("PATCH", path, json={"name": "House"})
    await athlete.request("PATCH", path, json={"radius": 302})
    assert await told() == 1
    await athlete.request("PATCH", path, json={"lat": 45.001})
    await athlete.request("DELETE", path)
    assert await told() == 3


async def test_the_audit_log_holds_no_place(athlete: Athlete, resources: Resources) -> None:
    home = await made(athlete, lat=12.345678)
    async with resources.database.reading() as session:
        events = (await session.scalars(select(OutboxEvent.payload))).all()
    assert any(event.get("action") == "privacy_zone.created" and event["target"] == home["id"] for event in events)
    assert not any("12.345678" in str(event) or "Home" in str(event) for event in events)


async def test_an_athlete_has_at_most_twenty(athlete: Athlete) -> None:
    for number in range(20):
        await made(athlete, name=f"Place {number}")
    refused = await athlete.request("POST", "/privacy-zones", json=HOME)
    assert (refused.status_code, refused.json()["code"]) == (409, "zone.too_many")


@pytest.mark.parametrize(
    "wrong",
    [{"lat": 91}, {"lng": -181}, {"lat": "NaN"}, {"radius": 49}, {"radius": 5001}, {"radius": None}, {"name": ""}],
)
async def test_impossible_zones_are_refused(athlete: Athlete, wrong: dict[str, Any]) -> None:
    response = await athlete.request("POST", "/privacy-zones", json={**HOME, **wrong})
    assert (response.status_code, response.json()["code"]) == (422, "request.invalid")
    home = await made(athlete)
    response = await athlete.request("PATCH", f"/privacy-zones/{home['id']}", json=wrong)
    assert response.status_code == 422


async def test_somebody_elses_zone_does_not_exist(athlete: Athlete, new_athlete: Callable[[], Athlete]) -> None:
    home, other = await made(athlete), new_athlete()
    path = f"/privacy-zones/{UUID(home['id'])}"
    for method, body in (("GET", None), ("PATCH", {"radius": 100}), ("DELETE", None)):
        assert (await other.request(method, path, json=body)).status_code == 404
    assert (await other.get("/privacy-zones"))["items"] == []
