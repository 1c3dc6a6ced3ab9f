"""A plan is made, a run is run with a watch, and everything that follows from it follows by itself."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pypdf
import pytest
from PIL import Image
from running_platform import Person, RunningPlatform, Strava, eventually

DAY = "2026-05-04"
MORNING = f"{DAY}T06:00:00+09:30"
STEPS = [
    {"kind": "warmup", "end": {"distance": 2000}},
    {
        "kind": "work",
        "repeat": 4,
        "steps": [
            {"kind": "work", "end": {"distance": 800}, "target": {"pace": [235, 245]}},
            {"kind": "recovery", "end": {"duration": 120}},
        ],
    },
    {"kind": "cooldown", "end": {"distance": 1500}},
]
PLAN = {
    "name": "Spring 10 km",
    "start_date": "2026-04-27",
    "end_date": "2026-05-31",
    "goal": {"distance": 10000, "date": "2026-05-31", "time": 2700},
    "phases": [{"name": "base", "start_date": "2026-04-27", "end_date": "2026-05-31"}],
    "workouts": [
        {"date": DAY, "name": "Hill loop", "kind": "easy", "planned": {"distance": 8000}},
        {"date": "2026-05-05", "name": "4 x 800 m", "kind": "interval", "steps": STEPS},
        {"date": "2026-05-10", "name": "Sunday long", "kind": "long", "planned": {"distance": 16000}},
    ],
}


@pytest.fixture
def connected(platform: RunningPlatform, runner: Person, strava: Strava) -> int:
    """The runner's id at Strava, once both know of each other."""
    athlete = strava.new_athlete()
    answer = strava.connect(runner, athlete)
    assert (answer.status_code, answer.json()["state"]) == (200, "connected")

    def ready() -> bool:
        status = runner.get("/strava/status")
        return bool(status["webhook"]["state"] == "active" and status["sync"]["state"] == "done")

    eventually(ready, within=30, what="the subscription and the first sync")
    return athlete


@pytest.fixture
def plan(runner: Person) -> dict[str, Any]:
    made = runner.http.post("/plans", json=PLAN)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def arrived(person: Person, strava_id: str, within: float = 30) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        items = person.get("/activities", params={"limit": 200})["items"]
        return next((item for item in items if item["strava_id"] == strava_id), None)

    return eventually(look, within=within, what=f"the activity {strava_id}")


def workout(person: Person, plan: dict[str, Any], name: str) -> dict[str, Any]:
    items = person.get(f"/plans/{plan['id']}")["workouts"]
    return next(item for item in items if item["name"] == name)


def completed(person: Person, plan: dict[str, Any], name: str) -> dict[str, Any]:
    return eventually(
        lambda: found if (found := workout(person, plan, name))["status"] == "completed" else None, within=60
    )


def test_a_run_arrives_by_webhook_with_efforts_picture_and_match_and_goes_with_all_of_it(
    platform: RunningPlatform, runner: Person, strava: Strava, connected: int, plan: dict[str, Any]
) -> None:
    strava_id = strava.run(connected, start_date=MORNING, name="Along the river", distance=7900, moving_time=2400)
    activity = arrived(runner, strava_id)
    assert (activity["name"], activity["source"], activity["distance"]) == ("Along the river", "strava", 7900.0)

    done = completed(runner, plan, "Hill loop")
    run = runner.get(f"/runs/{done['run_id']}")
    assert (run["activity_id"], run["date"]) == (activity["id"], DAY)
    assert run["match_reason"].startswith(f"planned for {DAY}, 7.9 km of 8.0 km planned")
    calendar = runner.get("/calendar", params={"from": DAY, "to": DAY})["items"]
    assert sorted(entry["type"] for entry in calendar) == ["run", "workout"]

    best = eventually(lambda: runner.best_efforts()["5k"], within=60, what="efforts")
    assert best[0]["activity_id"] == activity["id"]

    address = eventually(lambda: runner.get(f"/activities/{activity['id']}")["thumbnail_url"], within=60)
    picture = httpx2.get(platform.url + address)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(picture.content)).size == (400, 300)
    again = httpx2.get(platform.url + address, headers={"If-None-Match": picture.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

    removed = strava.http.delete(f"/emulator/activities/{strava_id}")
    assert removed.status_code == 204
    eventually(lambda: runner.http.get(f"/activities/{activity['id']}").status_code == 404, within=30)
    eventually(lambda: workout(runner, plan, "Hill loop")["status"] == "planned", within=60, what="unmatched")
    eventually(lambda: not runner.best_efforts()["5k"], within=60, what="efforts gone")
    eventually(lambda: httpx2.get(platform.url + address).status_code == 404, within=60, what="picture gone")
    assert runner.get("/runs")["items"] == []


@pytest.mark.usefixtures("printing")
def test_a_plan_is_printed_and_read_back(platform: RunningPlatform, runner: Person, plan: dict[str, Any]) -> None:
    direct = runner.http.post(f"/pdf/plans/{plan['id']}", headers={"Accept": "application/pdf"}, timeout=90)
    assert (direct.status_code, direct.headers["content-type"]) == (200, "application/pdf"), direct.text[:300]
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(direct.content)).pages)
    for words in ("Spring 10 km", "Hill loop", "4 x 800 m", "Sunday long", "16"):
        assert words in text

    accepted = runner.http.post(f"/pdf/plans/{plan['id']}")
    assert accepted.status_code == 202, accepted.text
    document = eventually(
        lambda: found if (found := runner.get(f"/pdf/documents/{accepted.json()['id']}"))["state"] == "done" else None,
        within=60,
    )
    stored = httpx2.get(platform.url + document["download_url"])
    assert (stored.status_code, stored.content) == (200, direct.content)
    assert urlsplit(document["download_url"]).path.endswith("/download")


def test_somebody_else_sees_nothing_of_it(
    runner: Person, strava: Strava, connected: int, plan: dict[str, Any], new_person: Callable[[], Person]
) -> None:
    activity = arrived(runner, strava.run(connected, start_date=MORNING))
    run_id = completed(runner, plan, "Hill loop")["run_id"]
    eventually(lambda: runner.get(f"/activities/{activity['id']}")["thumbnail_url"], within=60)
    document = runner.http.post(f"/pdf/plans/{plan['id']}").json()
    stranger = new_person()
    for path in (
        f"/activities/{activity['id']}",
        f"/activities/{activity['id']}/thumbnail",
        f"/plans/{plan['id']}",
        f"/plans/{plan['id']}/workouts",
        f"/workouts/{plan['workouts'][0]['id']}",
        f"/runs/{run_id}",
        f"/pdf/documents/{document['id']}",
        f"/pdf/documents/{document['id']}/download",
    ):
        assert stranger.http.get(path).status_code == 404, path
    assert stranger.http.post(f"/pdf/plans/{plan['id']}").status_code == 404
    for path in ("/activities", "/plans", "/workouts", "/runs", "/pdf/documents"):
        assert stranger.get(path)["items"] == [], path
    assert stranger.get("/strava/status")["state"] == "disconnected"


def test_the_same_run_by_webhook_and_as_a_file_is_one_activity(runner: Person, strava: Strava, connected: int) -> None:
    strava_id = strava.run(connected, start_date=MORNING)
    first = arrived(runner, strava_id)
    streams = runner.get(f"/activities/{first['id']}/streams", params={"keys": "time,latlng"})
    start = datetime.fromisoformat(MORNING)
    points = "".join(
        f'<trkpt lat="{lat}" lon="{lon}"><time>{(start + timedelta(seconds=at)).isoformat()}</time></trkpt>'
        for at, (lat, lon) in zip(streams["time"]["data"], streams["latlng"]["data"], strict=True)
    )
    gpx = f'<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><trk><type>running</type><trkseg>{points}</trkseg></trk></gpx>'
    [item] = runner.import_files([("watch.gpx", gpx.encode())]).values()
    assert (item["state"], item["activity_ids"]) == ("merged", [first["id"]]), item
    both = runner.get(f"/activities/{first['id']}")
    assert both["sources"] == ["file", "strava"]
    assert len(runner.get("/activities")["items"]) == 1


class TestTrouble:
    def test_events_twice_out_of_order_and_of_strangers_end_right(
        self, runner: Person, strava: Strava, connected: int
    ) -> None:
        strava_id = strava.run(connected, start_date=MORNING)
        arrived(runner, strava_id)
        about = {"object_id": int(strava_id), "owner_id": connected}
        for aspect in ("delete", "create", "update", "create"):  # none of them is true, but that it exists is
            strava.fire(**about, aspect_type=aspect, object_type="activity", times=2)
        strava.fire(object_id=7, owner_id=424242, aspect_type="create", object_type="activity")
        marker = arrived(runner, strava.run(connected, start_date="2026-05-06T06:00:00+09:30"))
        items = runner.get("/activities")["items"]
        assert {item["strava_id"] for item in items} == {strava_id, marker["strava_id"]}

    def test_an_event_before_strava_has_the_activity_is_asked_for_again(
        self, runner: Person, strava: Strava, connected: int
    ) -> None:
        strava.faults(not_found_after_create_s=2, streams_late_s=4)
        activity = arrived(runner, strava.run(connected, start_date=MORNING))
        eventually(lambda: runner.get(f"/activities/{activity['id']}")["has_map"], within=30, what="late streams")
        eventually(lambda: runner.best_efforts()["5k"], within=60, what="efforts of late streams")

    def test_a_strava_that_fails_is_waited_for(self, runner: Person, strava: Strava, connected: int) -> None:
        strava.faults(status=503, calls=4)
        arrived(runner, strava.run(connected, start_date=MORNING), within=60)

    @pytest.mark.inside
    def test_a_dead_strava_is_waited_for(
        self, platform: RunningPlatform, runner: Person, strava: Strava, connected: int
    ) -> None:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        strava_id = strava.run(connected, start_date=yesterday.isoformat())
        platform.kill("strava-emulator")
        job = runner.http.post("/strava/sync")
        assert job.status_code == 202, job.text
        arrived(runner, strava_id, within=60)

    def test_an_indoor_run_has_everything_but_a_picture(
        self, runner: Person, strava: Strava, connected: int, plan: dict[str, Any]
    ) -> None:
        activity = arrived(runner, strava.run(connected, start_date=MORNING, indoor=True))
        completed(runner, plan, "Hill loop")
        eventually(lambda: runner.best_efforts()["5k"], within=60)
        assert (activity["has_map"], activity["thumbnail_url"]) == (False, None)
        answer = runner.http.get(f"/activities/{activity['id']}/thumbnail")
        assert (answer.status_code, answer.json()["code"]) == (404, "picture.not_found")

    @pytest.mark.usefixtures("printing")
    @pytest.mark.parametrize("workouts", [0, 2000])
    def test_plans_of_nothing_and_of_far_too_much_are_kept_and_printed(self, runner: Person, workouts: int) -> None:
        first = date(2027, 1, 1)
        days = [(first + timedelta(days=number % 365)).isoformat() for number in range(workouts + 1)]
        body = {"name": "Big", "start_date": "2027-01-01", "end_date": "2027-12-31"}
        each = [{"date": day, "name": f"Run {number}", "kind": "easy"} for number, day in enumerate(days)]
        made = runner.http.post("/plans", json=body | {"workouts": each[:workouts]})
        assert (made.status_code, len(made.json()["workouts"])) == (201, workouts)
        document = runner.http.post(f"/pdf/plans/{made.json()['id']}").json()
        ended = eventually(
            lambda: (
                found
                if (found := runner.get(f"/pdf/documents/{document['id']}"))["state"] not in ("queued", "running")
                else None
            ),
            within=120,
        )
        assert ended["state"] == "done", ended
        pages = pypdf.PdfReader(io.BytesIO(runner.http.get(f"/pdf/documents/{document['id']}/download").content)).pages
        assert len(pages) == ended["pages"]
        if workouts:
            refused = runner.http.post("/plans", json=body | {"workouts": each})
            assert (refused.status_code, refused.json()["code"]) == (422, "plan.too_many_workouts")

    def test_permissions_that_do_not_do_and_states_that_do_not_hold_are_explained(
        self, runner: Person, strava: Strava, new_person: Callable[[], Person]
    ) -> None:
        athlete = strava.new_athlete()
        partial = strava.connect(runner, athlete, scopes="read")
        assert (partial.status_code, partial.json()["code"]) == (403, "strava.scope_missing")
        forged = runner.http.post("/strava/callback", json={"code": "x", "state": "made-up", "scope": "read"})
        assert forged.json()["code"] == "strava.state_unknown"
        assert strava.connect(runner, athlete).status_code == 200
        second = strava.connect(new_person(), athlete)
        assert (second.status_code, second.json()["code"]) == (409, "strava.athlete_taken")

    def test_the_webhook_does_not_exist_without_its_secret(self, platform: RunningPlatform) -> None:
        event = {"aspect_type": "create", "event_time": 1, "object_id": 1, "object_type": "activity", "owner_id": 1}
        for path in ("/api/v1/strava/webhook/guessed", "/api/v1/strava/webhook"):
            assert httpx2.post(platform.url + path, json=event).status_code == 404
