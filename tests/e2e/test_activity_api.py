"""A runner keeps a diary of shoes, hides where home is, and takes it all out again as files."""

import csv
import io
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import httpx2
import pytest
from running_platform import Person, eventually

GPX = "{http://www.topografix.com/GPX/1/1}"
METRES_PER_DEGREE = 111_195.0
RECORDED = "run-with-pauses.fit"
TREADMILL = {
    "name": "Treadmill",
    "sport": "Run",
    "start_time": "2026-05-06T18:30:00",
    "timezone": "Australia/Adelaide",
    "distance": 8000,
    "moving_time": 2400,
}


def made_up() -> bytes:
    """Fifteen minutes to the north, in the middle a pause of a minute, after which it goes on 200 m to the east."""
    halves = ""
    for seconds, east, shift in ((range(0, 450, 3), 0.0, 0), (range(450, 903, 3), 0.0025, 60)):
        points = "".join(
            f'<trkpt lat="{45 + second * 3 / METRES_PER_DEGREE:.7f}" lon="{9 + east}"><ele>100</ele>'
            f"<time>2026-05-04T06:{(second + shift) // 60:02d}:{(second + shift) % 60:02d}Z</time></trkpt>"
            for second in seconds
        )
        halves += f"<trkseg>{points}</trkseg>"
    head = '<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><trk>'
    return f"{head}<type>running</type>{halves}</trk></gpx>".encode()


def posted(person: Person, path: str, body: dict[str, Any], status: int = 201) -> Any:
    answer = person.http.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def points_of(answer: httpx2.Response) -> list[list[ET.Element]]:
    assert answer.status_code == 200, answer.text
    root = ET.fromstring(answer.content)
    return [list(segment) for segment in root.iter(f"{GPX}trkseg")]


@pytest.fixture
def run(runner: Person) -> str:
    return str(runner.import_files([("made-up.gpx", made_up())])["made-up.gpx"]["activity_ids"][0])


def test_shoes_count_what_they_ran_and_say_when_it_is_enough(runner: Person) -> None:
    shoes = posted(
        runner,
        "/gear",
        {"kind": "shoes", "name": "Grey", "default_for": ["Run"], "retire_at": 11_000, "initial_distance": 500},
    )
    item = runner.import_files([("made-up.gpx", made_up())])["made-up.gpx"]
    run = runner.get(f"/activities/{item['activity_ids'][0]}")
    assert run["gear"]["id"] == shoes["id"]
    entry = posted(runner, "/activities", TREADMILL)
    assert entry["start_time_local"] == "2026-05-06T18:30:00+09:30"
    worn = runner.get(f"/gear/{shoes['id']}")
    assert worn["distance"] == pytest.approx(500 + run["distance"] + 8000, abs=0.1)
    assert (worn["activities"], worn["retirement"]["state"]) == (2, "due")
    assert "11 km" in worn["warning"]
    legacy = runner.http.get(runner.http.base_url.join("/api/runs")).json()
    assert {each["id"]: each["distanceKm"] for each in legacy}[entry["id"]] == 8
    listed = runner.get("/activities", params={"gear": shoes["id"], "min_distance": 5000, "source": "manual"})["items"]
    assert [each["id"] for each in listed] == [entry["id"]]


def test_home_is_in_no_file_and_no_picture_for_others(runner: Person, run: str) -> None:
    path = f"/activities/{run}"
    lines = runner.get(f"{path}/map", params={"precision": 6})
    assert len(lines["polylines"]) == 2
    geojson = runner.http.get(f"{path}/map", headers={"Accept": "application/geo+json"})
    assert geojson.json()["geometry"]["type"] == "MultiLineString"
    whole = points_of(runner.http.get(f"{path}/gpx"))
    assert [len(segment) for segment in whole] == [150, 151]
    picture = eventually(lambda: runner.get(path)["thumbnail_url"], within=60, what="the picture")

    posted(runner, "/privacy-zones", {"name": "Home", "lat": 45.0, "lng": 9.0, "radius": 400})
    cut = points_of(runner.http.get(f"{path}/gpx"))
    assert float(cut[0][0].get("lat", "")) > 45 + 399 / METRES_PER_DEGREE
    assert len(cut[1]) == 151
    assert points_of(runner.http.get(f"{path}/gpx", params={"privacy": "full"}))[0][0].get("lat") == "45.0000000"
    assert runner.get(f"{path}/map")["bounds"][0] == 45.0
    assert runner.get(f"{path}/map", params={"privacy": "cut"})["bounds"][0] > 45.003
    eventually(
        lambda: runner.get(path)["thumbnail_url"] not in (None, picture), within=60, what="a picture without home"
    )


def test_everything_comes_out_as_a_table(runner: Person, run: str) -> None:
    entry = posted(runner, "/activities", TREADMILL)
    for path in ("/activities.csv", "/strava/export"):
        answer = runner.http.get(path, params={"from": "2026-05-01T00:00:00Z"})
        assert answer.status_code == 200, answer.text
        rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert [row["id"] for row in rows] == [entry["id"], run]
        assert [row["source"] for row in rows] == ["manual", "file"]


def test_what_was_merged_by_hand_is_separated_by_hand_and_numbers_follow(runner: Person, run: str) -> None:
    eventually(lambda: runner.best_efforts()["1km"], within=60, what="efforts")
    entry = posted(runner, "/activities", TREADMILL)
    merged = posted(runner, f"/activities/{entry['id']}/merge", {"activity_id": run}, 200)
    assert [each["source"] for each in merged["recordings"]] == ["file", "manual"]
    assert (merged["name"], merged["has_map"]) == ("Treadmill", True)
    assert runner.http.get(f"/activities/{run}").status_code == 404
    eventually(
        lambda: [each["activity_id"] for each in runner.best_efforts()["1km"]] == [entry["id"]],
        within=60,
        what="the efforts of the one that stayed",
    )
    made = posted(runner, f"/activities/{entry['id']}/unmerge", {"recording_id": merged["recordings"][0]["id"]})
    assert runner.get(f"/activities/{entry['id']}")["distance"] == 8000
    again = runner.import_files([("made-up.gpx", made_up())])["made-up.gpx"]
    assert (again["state"], again["activity_ids"]) == ("duplicate", [made["id"]])
    eventually(
        lambda: [each["activity_id"] for each in runner.best_efforts()["1km"]] == [made["id"]],
        within=60,
        what="the efforts of the new one",
    )


def test_a_recorded_run_comes_back_as_it_was_given(
    runner: Person, recording: Callable[[str], tuple[str, bytes]]
) -> None:
    name, data = recording(RECORDED)
    path = f"/activities/{runner.import_files([(name, data)])[name]['activity_ids'][0]}"
    original = runner.http.get(f"{path}/original")
    assert (original.content, original.headers["content-type"]) == (data, "application/vnd.ant.fit")
    before = runner.get(path)
    exported = runner.http.get(f"{path}/gpx", params={"privacy": "full", "heartrate": "true"})
    segments = points_of(exported)
    assert len(segments) > 1
    item = runner.import_files([("exported.gpx", exported.content)])["exported.gpx"]
    assert (item["state"], f"/activities/{item['activity_ids'][0]}") == ("merged", path)
    assert runner.get(path)["distance"] == before["distance"]
