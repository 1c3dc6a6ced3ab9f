"""A new user gives real recordings and gets the activities a runner would expect."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from operations import operations_of
from running_platform import Person, RunningPlatform, eventually

Reader = Callable[[str], tuple[str, bytes]]

GOOD = [
    "run-10k-hr-11-laps.fit",
    "race-10k.fit",
    "race-10k.tcx",
    "run-three-segments.gpx",
    "run-23-laps.tcx",
    "triathlon-multisport.fit",
    "several-activities.tcx",
]
FAULTY = [
    "fault-first-point-empty.tcx",
    "fault-invalid-altitude-empty-record.fit",
    "fault-one-second-backwards.fit",
    "fault-route-without-times.gpx",
    "fault-time-jump.fit",
]
GOLDEN = {
    "race-10k.fit": {"400m": 81.5, "800m": 166.3, "1km": 210.0, "1mi": 347.8, "5k": 1096.2, "10k": 2221.3},
    "run-with-pauses.fit": {"1km": 248.1, "5k": 1388.2, "10k": 2890.5},
    "run-10k-hr-11-laps.fit": {"400m": 86.9, "1km": 235.9, "5k": 1298.9, "10k": 2716.0},
}


def the_activity(person: Person, item: dict[str, Any]) -> dict[str, Any]:
    [activity_id] = item["activity_ids"]
    found: dict[str, Any] = person.get(f"/activities/{activity_id}")
    return found


@pytest.fixture(scope="module")
def giver(platform: RunningPlatform) -> Iterator[Person]:
    """Whoever gives everything, and only looks at it then."""
    person = platform.person()
    yield person
    person.close()


@pytest.fixture(scope="module")
def everything(giver: Person, recording: Reader) -> dict[str, dict[str, Any]]:
    """All recordings given at once, with what became of each."""
    return giver.import_files([recording(name) for name in (*GOOD, *FAULTY)])


def test_every_recording_has_the_outcome_a_runner_would_call_right(
    giver: Person, everything: dict[str, dict[str, Any]]
) -> None:
    states = {name: item["state"] for name, item in everything.items()}
    assert sorted([states.pop("race-10k.fit"), states.pop("race-10k.tcx")]) == ["imported", "merged"]
    assert states.pop("fault-route-without-times.gpx") == "route"
    assert set(states.values()) == {"imported"}

    legs = [giver.get(f"/activities/{each}") for each in everything["triathlon-multisport.fit"]["activity_ids"]]
    assert [leg["sport"] for leg in legs if leg["sport"] != "Workout"] == ["Swim", "Ride", "Run"]
    for name in GOOD[:1] + GOOD[3:5]:
        assert len(everything[name]["activity_ids"]) == 1, name
    listed = giver.get("/activities", params={"limit": 200})["items"]
    owned = {activity_id for item in everything.values() for activity_id in item["activity_ids"]}
    assert {activity["id"] for activity in listed} == owned
    assert "is a route" in everything["fault-route-without-times.gpx"]["reason"]
    assert everything["fault-time-jump.fit"]["quality"][0]["notes"]


def test_a_file_of_several_activities_gives_each_of_them(giver: Person, everything: dict[str, dict[str, Any]]) -> None:
    ids = everything["several-activities.tcx"]["activity_ids"]
    found = sorted((giver.get(f"/activities/{each}") for each in ids), key=lambda each: str(each["start_time"]))
    assert [each["start_time"][:16] for each in found] == ["2012-01-19T10:30", "2012-01-20T09:21", "2012-01-22T14:10"]
    # The device's; the last began with its receiver jumping at 18 m/s, which is left out here.
    assert [each["distance"] for each in found] == pytest.approx([9197.7, 7236.5, 11_501.8], rel=0.02)
    assert [len(giver.get(f"/activities/{each['id']}/laps")["items"]) for each in found] == [1, 3, 1]


def test_the_laps_are_those_the_runner_pressed(giver: Person, everything: dict[str, dict[str, Any]]) -> None:
    run = the_activity(giver, everything["run-23-laps.tcx"])
    laps = giver.get(f"/activities/{run['id']}/laps")["items"]
    assert len(laps) == 23
    assert sum(lap["distance"] for lap in laps) == pytest.approx(run["distance"], rel=0.01)


def test_the_same_race_from_two_files_is_one_activity_with_two_recordings(
    giver: Person, everything: dict[str, dict[str, Any]]
) -> None:
    race = the_activity(giver, everything["race-10k.fit"])
    assert race["id"] == the_activity(giver, everything["race-10k.tcx"])["id"]
    assert sorted(each["format"] for each in race["recordings"]) == ["fit", "tcx"]
    assert [each["primary"] for each in race["recordings"]] == [True, False]
    merged = next(each for each in race["recordings"] if "Same activity" in each["reason"])
    assert "starts" in merged["reason"]


def test_figures_splits_laps_map_and_streams_are_those_of_the_device(
    giver: Person, everything: dict[str, dict[str, Any]]
) -> None:
    run = the_activity(giver, everything["run-10k-hr-11-laps.fit"])
    assert run["moving_time"] <= run["elapsed_time"]
    assert run["average_speed"] == pytest.approx(run["distance"] / run["moving_time"], rel=0.001)
    splits = giver.get(f"/activities/{run['id']}/splits")["items"]
    assert sum(split["distance"] for split in splits) == pytest.approx(run["distance"], abs=1)
    assert sum(split["elapsed_time"] for split in splits) == pytest.approx(run["elapsed_time"], abs=2)
    assert all(split["distance"] == pytest.approx(1000, abs=0.02) for split in splits[:-1])
    assert run["fastest_pace"] == pytest.approx(min(s["elapsed_time"] for s in splits if not s["partial"]), abs=0.5)
    assert len(giver.get(f"/activities/{run['id']}/laps")["items"]) == 11
    track = giver.get(f"/activities/{run['id']}/map")
    assert track["polyline"]
    assert len(track["bounds"]) == 4
    streams = giver.get(f"/activities/{run['id']}/streams", params={"keys": "time,distance,heartrate"})
    assert len({len(stream["data"]) for stream in streams.values()}) == 1
    assert streams["distance"]["data"][-1] == pytest.approx(run["distance"], abs=0.01)
    assert "heartrate" not in giver.get(f"/activities/{run['id']}/streams")
    thin = giver.get(f"/activities/{run['id']}/streams", params={"resolution": "low"})
    assert len(thin["time"]["data"]) == 100


@pytest.mark.parametrize("name", GOLDEN)
def test_best_efforts_are_exact(runner: Person, recording: Reader, name: str) -> None:
    item = runner.import_files([recording(name)])[name]
    [activity_id] = item["activity_ids"]
    expected = GOLDEN[name]

    def found() -> dict[str, list[dict[str, Any]]] | None:
        efforts = runner.best_efforts()
        return efforts if efforts["400m"] else None

    efforts = eventually(found, within=60, what="best efforts")
    times = {label: efforts[label][0]["time"] for label in expected}
    assert times == pytest.approx(expected, abs=0.1)
    assert {efforts[label][0]["activity_id"] for label in expected} == {activity_id}
    best = efforts["1km"][0]
    explained = runner.get(f"/analytics/best-efforts/{best['effort_id']}/explain")
    start, end = explained["start"], explained["end"]
    assert end["time"] - start["time"] == pytest.approx(best["time"], abs=0.002)
    assert end["distance"] - start["distance"] == pytest.approx(1000, abs=0.02)
    assert explained["formula"]["version"]


def test_best_efforts_follow_a_deletion_and_a_second_import(runner: Person, recording: Reader) -> None:
    name = "race-10k.fit"
    item = runner.import_files([recording(name)])[name]
    eventually(lambda: runner.best_efforts()["10k"], within=60)
    assert runner.import_files([recording(name)])[name]["state"] == "duplicate"
    [activity_id] = item["activity_ids"]
    assert runner.http.delete(f"/activities/{activity_id}").status_code == 204
    assert runner.http.get(f"/activities/{activity_id}").status_code == 404
    eventually(lambda: not runner.best_efforts()["10k"], within=60)
    again = runner.import_files([recording(name)])[name]
    assert (again["state"], again["activity_ids"] != item["activity_ids"]) == ("imported", True)
    eventually(lambda: runner.best_efforts()["10k"], within=60)


def test_an_edit_is_kept_when_a_richer_recording_comes(runner: Person, recording: Reader) -> None:
    poorer = runner.import_files([recording("race-10k.tcx")])["race-10k.tcx"]
    activity = the_activity(runner, poorer)
    answer = runner.http.patch(
        f"/activities/{activity['id']}", json={"name": "Club race"}, headers={"If-Match": f'"{activity["version"]}"'}
    )
    assert (answer.status_code, answer.json()["edited"]) == (200, ["name"])
    runner.import_files([recording("race-10k.fit")])
    now = runner.get(f"/activities/{activity['id']}")
    assert (now["name"], len(now["recordings"])) == ("Club race", 2)
    actions = [entry["action"] for entry in runner.get(f"/activities/{activity['id']}/history")["items"]]
    assert actions == ["created", "updated", "merged"]


def test_the_original_comes_back_byte_for_byte(runner: Person, recording: Reader) -> None:
    name, data = recording("run-5k-hr.fit")
    activity = the_activity(runner, runner.import_files([(name, data)])[name])
    answer = runner.http.get(f"/activities/{activity['id']}/original")
    assert (answer.status_code, answer.content) == (200, data)
    assert name in answer.headers["content-disposition"]


PARTS = ("", "/map", "/splits", "/laps", "/streams", "/history", "/original")


def test_nobody_else_sees_anything_of_it(
    platform: RunningPlatform, runner: Person, new_person: Callable[[], Person], recording: Reader
) -> None:
    batch = runner.start_import([recording("run-5k-hr.fit")])
    [activity_id] = runner.finished_import(batch["id"])["run-5k-hr.fit"]["activity_ids"]
    eventually(lambda: runner.best_efforts()["1km"], within=60)
    effort_id = runner.best_efforts()["1km"][0]["effort_id"]
    paths = [f"/activities/{activity_id}{part}" for part in PARTS]
    paths += [
        f"/imports/{batch['id']}",
        f"/imports/{batch['id']}/items",
        f"/analytics/best-efforts/{effort_id}/explain",
    ]
    assert all(runner.http.get(path).status_code == 200 for path in paths)
    admin = platform.admin()
    for stranger in (new_person(), admin):
        answers = {path: stranger.http.get(path) for path in paths}
        assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(paths, 404)
        assert all(answer.json()["next_steps"] for answer in answers.values())
        assert stranger.http.delete(f"/activities/{activity_id}").status_code == 404
        assert stranger.http.patch(f"/activities/{activity_id}", json={"name": "x"}).status_code == 404
        assert stranger.get("/activities")["items"] == []
        assert not any(stranger.best_efforts().values())
    admin.close()
    assert runner.get(f"/activities/{activity_id}")["name"] != "x"


def test_nothing_of_any_activity_is_there_for_a_stranger_or_an_administrator(
    platform: RunningPlatform,
    giver: Person,
    new_person: Callable[[], Person],
    everything: dict[str, dict[str, Any]],
) -> None:
    ids = {activity_id for item in everything.values() for activity_id in item["activity_ids"]}
    reading = [
        each for each in operations_of(platform.url) if each.method == "GET" and each.parameters == ["activity_id"]
    ]
    assert {f"/api/v1/activities/{{activity_id}}{part}" for part in PARTS} <= {each.path for each in reading}
    paths = [each.filled({"activity_id": activity_id}) for each in reading for activity_id in ids]
    admin = platform.admin()
    for somebody in (new_person(), admin):
        answers = {path: somebody.http.get(platform.url + path).status_code for path in paths}
        assert answers == dict.fromkeys(paths, 404)
    admin.close()
    assert all(giver.http.get(f"/activities/{activity_id}").is_success for activity_id in ids)
