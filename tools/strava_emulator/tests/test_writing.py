import asyncio
import gzip
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from emulator_support import App, Callback, errors, eventually, gpx


async def upload(app: App, data: bytes, data_type: str = "gpx", **fields: str) -> httpx2.Response:
    files = {"file": (f"run.{data_type}", data)}
    return await app.http.post("/api/v3/uploads", files=files, data={"data_type": data_type, **fields})


async def finished(app: App, upload_id: int) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found: dict[str, Any] = await app.get(f"/uploads/{upload_id}")
        if found["error"] or found["activity_id"]:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("the upload is never finished")


@pytest.fixture
async def signed_in(app: App) -> App:
    await app.sign_in()
    return app


async def test_an_upload_is_processed_after_a_while_and_told(signed_in: App, callback: Callback) -> None:
    await signed_in.subscribe(callback.url)
    answer = await upload(signed_in, gpx(), name="From a file", external_id="mine")
    assert answer.status_code == 201
    taken = answer.json()
    assert set(taken) == {"id", "id_str", "external_id", "error", "status", "activity_id"}
    assert (taken["status"], taken["activity_id"]) == ("Your activity is still being processed.", None)
    assert taken["external_id"] == "mine.gpx"
    done = await finished(signed_in, taken["id"])
    assert (done["status"], done["error"]) == ("Your activity is ready.", None)
    activity = await signed_in.get(f"/activities/{done['activity_id']}")
    assert (activity["name"], activity["sport_type"], activity["external_id"]) == ("From a file", "Run", "mine.gpx")
    assert activity["upload_id"] == taken["id"]
    assert activity["distance"] == pytest.approx(59 * 3.336, rel=0.01)
    await eventually(lambda: callback.events)
    assert callback.events[0]["object_id"] == done["activity_id"]


async def test_fields_may_come_in_the_query(signed_in: App) -> None:
    query = {"data_type": "gpx.gz", "name": "Asked", "trainer": "1", "activity_type": "trailrun"}
    answer = await signed_in.http.post("/uploads", params=query, files={"file": ("x", gzip.compress(gpx()))})
    done = await finished(signed_in, answer.json()["id"])
    activity = await signed_in.get(f"/activities/{done['activity_id']}")
    assert (activity["name"], activity["trainer"], activity["sport_type"]) == ("Asked", True, "TrailRun")


async def test_the_same_file_again_is_a_duplicate(signed_in: App) -> None:
    first = await finished(signed_in, (await upload(signed_in, gpx())).json()["id"])
    again = await upload(signed_in, gpx(), external_id="other")
    assert again.status_code == 201
    refused = await finished(signed_in, again.json()["id"])
    assert refused["error"] == f"other.gpx duplicate of activity {first['activity_id']}"
    assert (refused["status"], refused["activity_id"]) == ("There was an error processing your activity.", None)
    await signed_in.control("PUT", "/faults", {"html_upload_errors": True})
    linked = await finished(signed_in, (await upload(signed_in, gpx())).json()["id"])
    assert f"duplicate of activity <a href='/activities/{first['activity_id']}'" in linked["error"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a file",
        b"<gpx/>",
        gpx(1),
        gpx(60, "0001-01-01T00"),
        gpx().replace(b"137.25", b"NaN")[:-9],
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + gpx(),
    ],
)
async def test_a_bad_file_is_an_error_of_the_upload(signed_in: App, data: bytes) -> None:
    answer = await upload(signed_in, data)
    done = await finished(signed_in, answer.json()["id"])
    assert bool(done["error"]) == (not data.startswith(b"<!DOCTYPE"))


@pytest.mark.parametrize("name", ["run-5k-hr.fit", "race-10k.tcx", "run-strava-export-hr.gpx"])
async def test_real_recordings_are_read(signed_in: App, recordings_dir: Path, name: str) -> None:
    path = recordings_dir / name
    done = await finished(signed_in, (await upload(signed_in, path.read_bytes(), path.suffix[1:])).json()["id"])
    assert done["error"] is None
    activity = await signed_in.get(f"/activities/{done['activity_id']}")
    assert activity["distance"] > 1_000
    assert activity["has_heartrate"] == ("-hr" in name)


async def test_uploads_need_scope_type_and_file(app: App) -> None:
    await app.sign_in("read,activity:read_all")
    assert errors(await upload(app, gpx())) == (
        401,
        "Authorization Error",
        [("AccessToken", "activity:write_permission", "missing")],
    )
    await app.sign_in()
    assert errors(await upload(app, gpx(), "doc"))[2] == [("Upload", "data_type", "invalid")]
    without = await app.http.post("/uploads", data={"data_type": "gpx"})
    assert errors(without)[2] == [("Upload", "file", "missing")]
    assert (await app.http.get("/uploads/1")).status_code == 404


MANUAL = {
    "name": "Stairs",
    "sport_type": "StairStepper",
    "start_date_local": "2026-11-18T07:00:00Z",
    "elapsed_time": "1800",
}


async def test_an_activity_by_hand_has_local_time_and_no_streams(signed_in: App) -> None:
    answer = await signed_in.http.post("/api/v3/activities", data=MANUAL)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["manual"], made["start_date_local"]) == (True, "2026-11-18T07:00:00Z")
    assert made["start_date"] == "2026-11-17T20:30:00Z"
    assert (await signed_in.http.get(f"/activities/{made['id']}/streams?keys=time")).status_code == 404


async def test_an_overlap_is_a_conflict(signed_in: App) -> None:
    await signed_in.http.post("/activities", data=MANUAL)
    second = {**MANUAL, "start_date_local": "2026-11-18T07:29:59Z"}
    answer = await signed_in.http.post("/activities", data=second)
    assert (answer.status_code, answer.json()["message"]) == (409, "Conflict")
    after = {**MANUAL, "start_date_local": "2026-11-18T07:30:00Z"}
    assert (await signed_in.http.post("/activities", data=after)).status_code == 201


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"start_date_local": "2030-01-01T00:00:00Z"}, "start_date_local"),
        ({"start_date_local": "0001-01-01T00:00:00Z"}, "start_date_local"),
        ({"start_date_local": "9999-12-31T23:59:59Z"}, "start_date_local"),
        ({"start_date_local": "soon"}, "start_date_local"),
        ({"elapsed_time": "1e400"}, "elapsed_time"),
        ({"elapsed_time": "nan"}, "elapsed_time"),
        ({"elapsed_time": "0"}, "elapsed_time"),
        ({"distance": "-1"}, "distance"),
        ({"sport_type": "Flying"}, "sport_type"),
    ],
)
async def test_an_activity_that_cannot_be_is_refused(signed_in: App, changed: dict[str, str], field: str) -> None:
    answer = await signed_in.http.post("/activities", data={**MANUAL, **changed})
    status, message, ((_, found, _),) = errors(answer)
    assert (status, message, found) == (400, "Bad Request", field)


async def test_changes_take_booleans_as_clients_write_them(signed_in: App) -> None:
    made = await signed_in.add()
    path = f"/activities/{made['id']}"
    body = {"name": "Renamed", "trainer": True, "description": "", "gear_id": "none", "sport_type": "TrailRun"}
    changed = (await signed_in.http.put(path, json=body)).json()
    assert (changed["name"], changed["trainer"], changed["gear_id"]) == ("Renamed", True, None)
    assert (changed["sport_type"], changed["type"]) == ("TrailRun", "Run")
    assert changed["map"] == (await signed_in.get(path))["map"]
    assert changed["start_latlng"]
    changed = (await signed_in.http.put(path, params={"commute": "True", "trainer": "0"})).json()
    assert (changed["commute"], changed["trainer"]) == (True, False)
    changed = (await signed_in.http.put(path, data={"hide_from_home": "1"})).json()
    assert (changed["hide_from_home"], changed["name"]) == (True, "Renamed")
    refused = await signed_in.http.put(path, json={"gear_id": "g1"})
    assert errors(refused)[2] == [("Activity", "gear_id", "invalid")]
