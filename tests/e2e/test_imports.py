"""A history comes in through the gateway: looked at first, followed, taken back, brought again."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from archives import LANGUAGES, activities_csv, zipped
from running_platform import Person, eventually

FIRST = datetime(2025, 3, 1, 7, tzinfo=UTC)
COUNT = 12


def gpx(start: datetime) -> bytes:
    points = "".join(
        f'<trkpt lat="{45 + second * 3 / 111_195:.6f}" lon="9.0"><ele>100</ele>'
        f"<time>{start + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}</time></trkpt>"
        for second in range(0, 900, 5)
    )
    head = '<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
    return f"{head}{points}</trkseg></trk></gpx>".encode()


def archive() -> bytes:
    """An account archive of Strava: a run a week, one of them entered by hand."""
    rows = ["Activity ID,Activity Date,Activity Name,Activity Type,Elapsed Time,Distance,Activity Gear,Filename"]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for week in range(COUNT):
            start = FIRST + timedelta(weeks=week)
            name = "" if week == 0 else f"activities/{week}.gpx"
            date = f"{start:%b} {start.day}, {start:%Y}, {start.hour}:{start:%M:%S} AM"
            rows.append(f'{700 + week},"{date}",Week {week},Run,900,2.7,Pegasus,{name}')
            if name:
                target.writestr(name, gpx(start))
        target.writestr("activities.csv", "\n".join(rows))
        target.writestr("media/a.jpg", b"\xff\xd8")
    return content.getvalue()


@pytest.fixture
def person(new_person: Callable[[], Person]) -> Iterator[Person]:
    made = new_person()
    yield made
    made.close()


def at_rest(person: Person, import_id: str) -> dict[str, Any]:
    def rested() -> Any:
        batch = person.get(f"/imports/{import_id}")
        return batch if batch["state"] not in ("pending", "running") else None

    found: dict[str, Any] = eventually(rested, within=60, what="an import at rest")
    return found


def followed(person: Person, import_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Events of the import until it rests, read as they come."""
    told, name = [], ""
    with person.http.stream("GET", f"/imports/{import_id}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                told.append((name, json.loads(line.removeprefix("data: "))))
    return told


def test_an_archive_is_previewed_committed_followed_and_taken_back(person: Person) -> None:
    files = [("files", ("export.zip", archive(), "application/zip"))]
    answer = person.http.post("/imports", params={"dry_run": "true"}, files=files)
    assert answer.status_code == 202, answer.text
    batch = at_rest(person, answer.json()["id"])
    assert (batch["state"], batch["total"], batch["left_out"][0]["count"]) == ("preview", COUNT, 1)
    assert {item["state"] for item in batch["items"]} == {"imported"}
    assert {each["name"] for item in batch["items"] for each in item["activities"]} == {
        f"Week {week}" for week in range(COUNT)
    }
    assert person.get("/activities")["items"] == []

    committed = person.http.post(f"/imports/{batch['id']}/commit", headers={"Idempotency-Key": "now"})
    assert committed.status_code == 202, committed.text
    told = followed(person, batch["id"])
    assert told[-1][0] == "end"
    assert (told[-1][1]["state"], told[-1][1]["done"]) == ("done", COUNT)
    activities = person.get("/activities", params={"limit": 50})["items"]
    assert {each["name"] for each in activities} == {f"Week {week}" for week in range(COUNT)}
    assert sum(each["source"] == "manual" for each in activities) == 1
    [gear] = person.get("/gear")["items"]
    assert gear["name"] == "Pegasus"

    edited = person.http.patch(f"/activities/{activities[0]['id']}", json={"name": "Mine"})
    assert edited.status_code == 200, edited.text
    refused = person.http.delete(f"/imports/{batch['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "import.edited_since")
    assert person.http.delete(f"/imports/{batch['id']}", params={"confirm": "true"}).status_code == 202
    assert at_rest(person, batch["id"])["state"] == "undone"
    assert person.get("/activities")["items"] == []

    again = person.start_import([("export.zip", archive())])
    assert {item["state"] for item in at_rest(person, again["id"])["items"]} == {"imported"}
    assert len(person.get("/activities", params={"limit": 50})["items"]) == COUNT


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_archive_in_any_language_brings_names_words_gear_and_what_was_entered_by_hand(
    person: Person, language: str
) -> None:
    row = {"description": "Windy", "gear": "Pegasus", **LANGUAGES[language]}
    recorded = {"id": "700", "name": "Round the lake", "file": "activities/1.gpx", **row}
    entered = {"id": "701", "name": "On the treadmill", **row}
    rows = activities_csv([recorded, entered], language)
    batch = person.start_import([("export.zip", zipped({"activities.csv": rows, "activities/1.gpx": gpx(FIRST)}))])
    assert {item["state"] for item in at_rest(person, batch["id"])["items"]} == {"imported"}
    ids = {each["name"]: each["id"] for each in person.get("/activities")["items"]}
    assert set(ids) == {"Round the lake", "On the treadmill"}
    lake, treadmill = (person.get(f"/activities/{ids[name]}") for name in ("Round the lake", "On the treadmill"))
    assert [(each["description"], each["gear"]["name"], each["sport"]) for each in (lake, treadmill)] == [
        ("Windy", "Pegasus", "Run")
    ] * 2
    assert datetime.fromisoformat(lake["start_time"]) == FIRST
    assert datetime.fromisoformat(treadmill["start_time"]) == datetime(2020, 10, 7, 14, 43, 11, tzinfo=UTC)
    assert (treadmill["distance"], treadmill["moving_time"], treadmill["elapsed_time"]) == (10_520.5, 3600, 3725)
