from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import fit_files
import httpx2
import made_up
import pytest
from made_up import START

from common.testing.tokens import TokenMint
from contracts.strava.streams import decode

Athlete = Any


async def give_days(athlete: Athlete, *days: int, **options: Any) -> list[str]:
    """Import a run on each day; return the activities' ids in that order."""
    files = [(f"{day}.gpx", made_up.run(START + timedelta(days=day), **options)) for day in days]
    items = await athlete.give(*files)
    return [items[name]["activity_ids"][0] for name, _ in files]


async def ids(athlete: Athlete, **filters: Any) -> list[str]:
    return [item["id"] for item in (await athlete.get("/activities", params=filters))["items"]]


async def test_the_list_is_newest_first_and_pages_do_not_overlap(athlete: Athlete) -> None:
    given = await give_days(athlete, 0, 1, 2, 3, 4, seconds=60)
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = await athlete.get("/activities", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == given[::-1]
    assert cursor is None


async def test_filters_narrow_the_list(athlete: Athlete) -> None:
    [short] = await give_days(athlete, 0, seconds=300, name="100% easy_run")
    [long] = await give_days(athlete, 1, seconds=1200, name="Long one")
    [ride] = await give_days(athlete, 2, seconds=600, kind="cycling", name="Easy ride")
    assert await ids(athlete, sport="Run") == [long, short]
    assert await ids(athlete, q="easy") == [ride, short]
    assert await ids(athlete, q="100%") == [short]
    assert await ids(athlete, q="_") == [short]
    assert await ids(athlete, min_distance=2000) == [long]
    assert await ids(athlete, max_distance=1000) == [short]
    assert await ids(athlete, **{"from": (START + timedelta(days=1)).isoformat()}) == [ride, long]
    assert await ids(athlete, to=(START + timedelta(days=1)).isoformat()) == [short]
    assert await ids(athlete, source="file") == [ride, long, short]
    assert await ids(athlete, source="strava") == []
    unknown = await athlete.request("GET", "/activities", params={"source": "zzz"})
    [error] = unknown.json()["errors"]
    assert (unknown.status_code, error["pointer"]) == (422, "/query/source")
    assert error["message"] == "Input should be 'file', 'strava' or 'manual'"


async def test_lists_and_details_answer_304_until_something_changes(athlete: Athlete) -> None:
    [activity_id] = await give_days(athlete, 0)
    paths = [
        "/activities",
        *(f"/activities/{activity_id}{part}" for part in ("", "/map", "/splits", "/laps", "/streams")),
    ]
    for path in paths:
        etag = (await athlete.request("GET", path)).headers["etag"]
        again = await athlete.request("GET", path, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b""), path
    etag = (await athlete.request("GET", "/activities")).headers["etag"]
    await athlete.request("PATCH", f"/activities/{activity_id}", json={"name": "New"})
    changed = await athlete.request("GET", "/activities", headers={"If-None-Match": etag})
    assert changed.status_code == 200


async def test_a_change_counts_the_version_up_and_a_stale_one_is_refused(athlete: Athlete) -> None:
    [activity_id] = await give_days(athlete, 0)
    path = f"/activities/{activity_id}"
    changed = await athlete.request(
        "PATCH", path, json={"name": "Evening loop", "sport": "TrailRun"}, headers={"If-Match": '"1"'}
    )
    assert changed.status_code == 200
    assert changed.headers["etag"].startswith('"2-')
    assert changed.json()["edited"] == ["name", "sport"]
    stale = await athlete.request("PATCH", path, json={"name": "Late"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "request.stale")
    same = await athlete.request("PATCH", path, json={"name": "Evening loop"})
    assert same.headers["etag"].startswith('"2-')
    history = (await athlete.get(f"{path}/history"))["items"]
    assert [entry["action"] for entry in history] == ["created", "updated"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"sport": "Jogging"},
        {"source": "x"},
        {"name": None},
        {"timezone": None},
        {"description": "\x00"},
    ],
)
async def test_bad_changes_are_refused(athlete: Athlete, change: dict[str, Any]) -> None:
    [activity_id] = await give_days(athlete, 0)
    response: httpx2.Response = await athlete.request("PATCH", f"/activities/{activity_id}", json=change)
    assert (response.status_code, response.json()["code"]) == (422, "request.invalid")


async def test_the_local_start_is_right_on_both_sides_of_the_change_of_clocks(athlete: Athlete) -> None:
    summer = datetime(2026, 3, 29, 6, tzinfo=UTC)  # the clocks of Rome went forward at one
    [winter_id, summer_id] = [
        (await athlete.give((f"{start:%d}.gpx", made_up.run(start))))[f"{start:%d}.gpx"]["activity_ids"][0]
        for start in (summer - timedelta(days=1), summer)
    ]
    local = [(await athlete.get(f"/activities/{each}"))["start_time_local"] for each in (winter_id, summer_id)]
    assert local == ["2026-03-28T07:00:00+01:00", "2026-03-29T08:00:00+02:00"]
    moved = await athlete.request("PATCH", f"/activities/{summer_id}", json={"timezone": "Australia/Adelaide"})
    assert moved.json()["start_time_local"] == "2026-03-29T16:30:00+10:30"
    assert moved.json()["edited"] == ["timezone"]


async def test_calories_that_no_device_counted_are_estimated_and_marked_so(athlete: Athlete) -> None:
    [activity_id] = await give_days(athlete, 0, seconds=1200)
    shown = await athlete.get(f"/activities/{activity_id}")
    assert (shown["calories_source"], shown["calories_estimated"]) == ("estimated", True)
    assert shown["calories"] == pytest.approx(70 * (3.6 * 3600 / 4184 + 1 / 3), rel=0.02)


async def test_another_sport_changes_what_follows_from_it_and_back_again(athlete: Athlete) -> None:
    [activity_id] = (await athlete.give(("run.fit", fit_files.run(1200))))["run.fit"]["activity_ids"]
    path = f"/activities/{activity_id}"

    async def figures() -> dict[str, Any]:
        detail, splits = await athlete.get(path), (await athlete.get(f"{path}/splits"))["items"]
        return {
            "cadence": detail["average_cadence"],
            "laps": [lap["average_cadence"] for lap in (await athlete.get(f"{path}/laps"))["items"]],
            "stream": set((await athlete.get(f"{path}/streams?keys=cadence"))["cadence"]["data"]),
            "calories": (detail["calories"], detail["calories_estimated"]),
            "adjusted": splits[0]["grade_adjusted_speed"],
            "kept": (detail["distance"], detail["moving_time"], splits[0]["elapsed_time"]),
        }

    run = await figures()
    assert (run["cadence"], run["laps"], run["stream"], run["adjusted"]) == (170, [170], {170}, 3.0)
    changed = await athlete.request("PATCH", path, json={"sport": "Ride"})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    ride = await figures()
    assert (ride["cadence"], ride["laps"], ride["stream"], ride["adjusted"]) == (85, [85], {85}, None)
    assert ride["calories"][0] < run["calories"][0]
    assert ride["kept"] == run["kept"]
    assert (await athlete.request("PATCH", path, json={"sport": "Run"})).json()["version"] == 3
    assert await figures() == run


async def test_splits_cover_the_whole_run(athlete: Athlete) -> None:
    [activity_id] = await give_days(athlete, 0, seconds=1200)
    kilometres = await athlete.get(f"/activities/{activity_id}/splits")
    assert [split["partial"] for split in kilometres["items"]] == [False, False, False, True]
    assert sum(split["elapsed_time"] for split in kilometres["items"]) == pytest.approx(1200, abs=0.01)
    miles = await athlete.get(f"/activities/{activity_id}/splits", params={"unit": "mi"})
    assert [round(split["distance"]) for split in miles["items"][:-1]] == [1609, 1609]
    laps = await athlete.get(f"/activities/{activity_id}/splits", params={"unit": "lap"})
    assert sum(lap["distance"] for lap in laps["items"]) == pytest.approx(3600, rel=0.01)


async def test_streams_come_as_asked(athlete: Athlete) -> None:
    [activity_id] = await give_days(athlete, 0, heartrate=140)
    path = f"/activities/{activity_id}/streams"
    everything = await athlete.get(path)
    assert "heartrate" not in everything
    assert {"time", "distance", "latlng", "altitude", "velocity", "moving"} <= everything.keys()
    assert {len(stream["data"]) for stream in everything.values()} == {301}
    chosen = await athlete.get(path, params={"keys": "time,heartrate,power", "resolution": "low"})
    assert {name: (stream["unit"], len(stream["data"])) for name, stream in chosen.items()} == {
        "time": ("s", 100),
        "heartrate": ("bpm", 100),
    }
    unknown = await athlete.request("GET", path, params={"keys": "time,pulse"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "streams.unknown_key")


async def test_the_map_is_a_polyline_or_geojson(athlete: Athlete) -> None:
    [activity_id] = await give_days(athlete, 0)
    path = f"/activities/{activity_id}/map"
    track = await athlete.get(path)
    assert track["polyline"]
    assert track["bounds"][1] == pytest.approx(9.0, abs=1e-4)
    response = await athlete.request("GET", path, headers={"Accept": "application/geo+json"})
    assert response.headers["content-type"] == "application/geo+json"
    assert response.headers["vary"] == "Accept"
    longitude, latitude, _ = response.json()["geometry"]["coordinates"][0]
    assert (longitude, latitude) == pytest.approx((9.0, 45.0), abs=1e-4)


async def test_an_indoor_run_has_neither_map_nor_positions(athlete: Athlete) -> None:
    item = (await athlete.give(("a.tcx", made_up.indoor())))["a.tcx"]
    [activity_id] = item["activity_ids"]
    assert (await athlete.get(f"/activities/{activity_id}/map")) == {
        "polyline": None,
        "polylines": [],
        "precision": 5,
        "summary_polyline": None,
        "bounds": None,
    }
    assert "latlng" not in await athlete.get(f"/activities/{activity_id}/streams")
    response = await athlete.request(
        "GET", f"/activities/{activity_id}/map", headers={"Accept": "application/geo+json"}
    )
    assert response.json()["geometry"] is None


async def test_a_deletion_takes_everything_along_and_the_file_may_come_again(athlete: Athlete) -> None:
    data = made_up.run()
    [activity_id] = (await athlete.give(("a.gpx", data)))["a.gpx"]["activity_ids"]
    stale = await athlete.request("DELETE", f"/activities/{activity_id}", headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    assert (await athlete.request("DELETE", f"/activities/{activity_id}")).status_code == 204
    assert (await athlete.request("DELETE", f"/activities/{activity_id}")).status_code == 404
    assert (await athlete.get("/activities"))["items"] == []
    again = (await athlete.give(("a.gpx", data)))["a.gpx"]
    assert again["state"] == "imported"
    original = await athlete.request("GET", f"/activities/{again['activity_ids'][0]}/original")
    assert original.content == data


async def test_everything_of_somebody_else_is_not_found(athlete: Athlete, new_athlete: Callable[[], Athlete]) -> None:
    [activity_id] = await give_days(athlete, 0)
    stranger = new_athlete()
    for part in ("", "/map", "/splits", "/laps", "/streams", "/history", "/original"):
        response = await stranger.request("GET", f"/activities/{activity_id}{part}")
        assert (response.status_code, response.json()["code"]) == (404, "activity.not_found"), part


async def test_services_read_streams_in_binary(strava: httpx2.AsyncClient, athlete: Athlete, mint: TokenMint) -> None:
    [activity_id] = await give_days(athlete, 0)
    service = {"Authorization": f"Bearer {mint.service_token('analytics')}"}
    path = f"/internal/activities/{activity_id}/streams"
    body = decode((await strava.get(path, headers=service)).content)
    assert (str(body.activity.id), body.activity.athlete_id) == (activity_id, athlete.id)
    served = await athlete.get(f"/activities/{activity_id}/streams", params={"keys": "distance"})
    assert body.columns["distance"].tolist() == served["distance"]["data"]
    assert (await strava.get(f"/internal/activities/{uuid4()}/streams", headers=service)).status_code == 404
    assert (await strava.get(path, headers=mint.headers(str(athlete.id)))).status_code == 403
