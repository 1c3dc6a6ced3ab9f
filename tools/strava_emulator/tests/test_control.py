from typing import Any

import pytest
from emulator_support import App, Callback, eventually, gpx


async def test_athletes_are_the_same_every_time_and_more_can_be_added(app: App) -> None:
    listed = await app.control("GET", "/athletes")
    assert [athlete["name"] for athlete in listed] == ["Ada Runner", "Ben Strider", "Cleo Pacer"]
    body = {"firstname": "Eve", "timezone": "Asia/Tokyo", "latitude": 35.0, "longitude": 139.0, "history_months": 2}
    made = await app.control("POST", "/athletes", body)
    await app.sign_in(athlete_id=made["id"])
    runs = await app.get("/athlete/activities", per_page=200)
    assert len(runs) > 20
    assert {run["timezone"] for run in runs} == {"(GMT+09:00) Asia/Tokyo"}
    assert made["id"] > 2**31


async def test_a_file_becomes_an_activity(app: App) -> None:
    path = f"/emulator/athletes/{app.athlete_id}/activities"
    answer = await app.http.post(path, files={"file": ("run.gpx", gpx())}, data={"name": "By file"})
    assert answer.status_code == 201
    assert (answer.json()["name"], answer.json()["elapsed_time"]) == ("By file", 59)
    assert answer.json()["start_latlng"] == [-35.8, 137.25]
    refused = await app.http.post(path, files={"file": ("run.gpx", b"no")})
    assert (refused.status_code, refused.json()) == (422, {"detail": "The file is malformed."})


async def test_the_page_adds_an_activity_and_fires_a_webhook(app: App, callback: Callback) -> None:
    await app.subscribe(callback.url)
    await app.sign_in()
    form = {
        "action": "add",
        "athlete_id": str(app.athlete_id),
        "name": "<b>By page",
        "kilometres": "5",
        "minutes": "30",
    }
    assert (await app.http.post("/", data=form)).status_code == 303
    await eventually(lambda: callback.events)
    page = (await app.http.get("/")).text
    assert "&lt;b&gt;By page, Run, 5.0 km" in page
    assert "<b>By page" not in page
    made = callback.events[0]["object_id"]
    event = {"action": "fire", "athlete_id": str(app.athlete_id), "activity_id": str(made), "aspect_type": "delete"}
    assert (await app.http.post("/", data=event)).status_code == 303
    await eventually(lambda: len(callback.events) == 2)
    assert callback.events[1]["aspect_type"] == "delete"
    assert (await app.get(f"/activities/{made}"))["id"] == made
    assert (await app.http.post("/", data={"action": "add"})).status_code == 422


async def test_the_page_authorises_the_app(app: App) -> None:
    form = {"action": "authorise", "athlete_id": str(app.athlete_id), "scope": ["activity:read", "nonsense"]}
    page = (await app.http.post("/", data=form)).text
    code = page.split("The code for /oauth/token: ")[1].split("<")[0]
    assert (await app.token(code=code, grant_type="authorization_code")).status_code == 200
    assert "activity:read, read" in (await app.http.get("/")).text


async def test_a_history_can_have_thousands_of_activities_the_same_each_time(app: App) -> None:
    ids = []
    for _ in range(2):
        made = await app.control("POST", "/athletes", {"history_months": 120})
        listed = await app.control("GET", f"/athletes/{made['id']}/activities")
        assert len(listed) == 200
        await app.sign_in(athlete_id=made["id"])
        last = await app.get("/athlete/activities", per_page=1, page=1900)
        ids.append(last[0]["id"] % 10_000)
    assert len(set(ids)) == 2  # another person has another history
    again = await app.get("/athlete/activities", per_page=1, page=1900)
    assert again == last


async def test_health_answers(app: App) -> None:
    assert (await app.http.get("/health")).json() == {"status": "ok"}


async def test_the_api_describes_itself_without_the_internet(app: App) -> None:
    page = (await app.http.get("/docs")).text
    assert "https://" not in page.replace("https://www.w3.org", "")
    assert "/emulator/faults" in (await app.http.get("/openapi.json")).json()["paths"]


@pytest.mark.parametrize(
    "body",
    [
        {"distance": 0},
        {"distance": 1e300},
        {"moving_time": 10**30},
        {"start_date": "0001-01-01T00:00:00Z"},
        {"start_date": "9999-12-31T23:59:59-12:00"},
        {"sport_type": "Flying"},
        {"timezone": "../../etc/passwd"},
        {"timezone": "Nowhere/Land"},
        {"surprise": 1},
        {"streams": {"time": [0, 1], "distance": [0]}},
        {"streams": {"time": [0], "distance": [0]}},
        {"streams": {"time": [0, 1], "distance": [0, -1]}},
        {"streams": {"time": [0, 1], "distance": [0, 1], "heartrate": [10**30, 1]}},
        {"streams": {"time": [0, 1], "distance": [0, 1], "latlng": [[91, 0], [0, 0]]}},
        {"moving_time": 100, "elapsed_time": 50},
        [],
    ],
)
async def test_an_activity_that_cannot_be_is_422(app: App, body: Any) -> None:
    answer = await app.http.post(f"/emulator/athletes/{app.athlete_id}/activities", json=body)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", "/emulator/athletes/3000000001/activities", b'{"distance": NaN}'),
        ("POST", "/emulator/athletes/3000000001/activities", b'{"name": "\\ud800"}'),
        ("POST", "/emulator/athletes/3000000001/activities", b"\x00"),
        ("POST", "/emulator/athletes/99999999999999999999999/activities", b"{}"),
        ("POST", "/emulator/webhooks", b'{"object_id": 99999999999999999999, "owner_id": 1}'),
        ("PUT", "/emulator/limits", b'{"overall": [99999999999999999999, 1]}'),
        ("PUT", "/emulator/faults", b'{"delay_s": 1e999}'),
        ("POST", "/emulator/athletes", b'{"firstname": "\\ud800"}'),
        ("POST", "/emulator/athletes", b"[" * 100_000),
        ("PUT", "/api/v3/activities/1", b"[" * 100_000),
        ("PUT", "/api/v3/activities/99999999999999999999999", b"{}"),
        ("GET", "/api/v3/activities/" + "9" * 5000, b""),
        ("GET", "/api/v3/athlete/activities?before=1e400&after=nan&page=99999999999999999999", b""),
        ("POST", "/oauth/token", b'{"client_id": "\\ud800"}'),
    ],
)
async def test_nonsense_is_never_a_fault_of_ours(app: App, method: str, path: str, content: bytes) -> None:
    await app.sign_in()
    answer = await app.http.request(method, path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code < 500


async def test_a_name_that_is_no_text_is_refused(app: App) -> None:
    await app.sign_in()
    made = await app.add()
    for content in (b'{"name": "\\ud800"}', b'{"description": "\\udfff"}'):
        answer = await app.http.put(
            f"/activities/{made['id']}", content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400
