import asyncio
import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import made_up
import pytest
from fit_files import START as BEGUN
from fit_files import FitFile
from made_up import START

from strava.imports.schemas import ImportOut

Athlete = Any


async def activity_of(athlete: Athlete, item: dict[str, Any]) -> dict[str, Any]:
    [activity_id] = item["activity_ids"]
    found: dict[str, Any] = await athlete.get(f"/activities/{activity_id}")
    return found


async def test_a_file_becomes_an_activity(athlete: Athlete) -> None:
    item = (await athlete.give(("a.gpx", made_up.run(seconds=1200, name="Along the river"))))["a.gpx"]
    assert (item["state"], item["reason"]) == ("imported", None)
    activity = await activity_of(athlete, item)
    assert (activity["name"], activity["sport"], activity["timezone"]) == ("Along the river", "Run", "Europe/Rome")
    assert activity["start_time_local"] == "2026-03-01T08:00:00+01:00"
    assert activity["distance"] == pytest.approx(3600, rel=0.005)
    assert (activity["elapsed_time"], activity["source"], activity["version"]) == (1200, "file", 1)
    assert activity["fastest_pace"] == pytest.approx(1000 / 3, rel=0.01)


async def test_the_athletes_own_zone_is_used_where_there_is_no_position(athlete: Athlete) -> None:
    activity = await activity_of(athlete, (await athlete.give(("a.tcx", made_up.indoor())))["a.tcx"])
    assert activity["timezone"] == "Australia/Sydney"
    assert activity["start_time_local"] == "2026-03-01T18:00:00+11:00"
    assert (activity["name"], activity["has_map"]) == ("Evening Run", False)


async def test_the_same_content_is_a_duplicate_whatever_its_name_and_wrapping(athlete: Athlete) -> None:
    data = made_up.run()
    first = (await athlete.give(("a.gpx", data)))["a.gpx"]
    again = await athlete.give(("b.gpx", data), ("c.gpx.gz", gzip.compress(data)))
    assert {item["state"] for item in again.values()} == {"duplicate"}
    assert {tuple(item["activity_ids"]) for item in again.values()} == {tuple(first["activity_ids"])}
    assert (await activity_of(athlete, first))["version"] == 1


async def test_a_second_recording_of_a_run_is_merged_and_the_richer_one_leads(athlete: Athlete) -> None:
    poor = (await athlete.give(("poor.gpx", made_up.run())))["poor.gpx"]
    rich_file = made_up.run(START + timedelta(seconds=40), heartrate=150)
    rich = (await athlete.give(("rich.gpx", rich_file)))["rich.gpx"]
    assert (rich["state"], rich["activity_ids"]) == ("merged", poor["activity_ids"])
    assert "starts 40 s apart" in rich["reason"]
    activity = await activity_of(athlete, rich)
    assert [each["file_name"] for each in activity["recordings"]] == ["rich.gpx", "poor.gpx"]
    assert (activity["average_heartrate"], activity["version"]) == (150, 2)
    poorer = (await athlete.give(("poorer.gpx", made_up.run(START + timedelta(seconds=20)))))["poorer.gpx"]
    assert poorer["state"] == "merged"
    assert (await activity_of(athlete, poorer))["average_heartrate"] == 150


@pytest.mark.parametrize(
    "other",
    [
        {"start": START + timedelta(seconds=200)},
        {"seconds": 900},
        {"kind": "cycling"},
    ],
)
async def test_what_differs_too_much_is_another_activity(athlete: Athlete, other: dict[str, Any]) -> None:
    items = await athlete.give(("a.gpx", made_up.run()), ("b.gpx", made_up.run(**{"heartrate": 120, **other})))
    assert {item["state"] for item in items.values()} == {"imported"}


async def test_what_was_measured_leads_a_file_that_only_sums_up(athlete: Athlete) -> None:
    summed, measured = FitFile(), FitFile()
    for file in (summed, measured):
        file.session(BEGUN, 1800, 5000)
    for second in range(1801):
        measured.record(BEGUN + second, distance=5000 * second / 1800)
    first = (await athlete.give(("entered.fit", bytes(summed))))["entered.fit"]
    second = (await athlete.give(("watch.fit", bytes(measured))))["watch.fit"]
    assert (second["state"], second["activity_ids"]) == ("merged", first["activity_ids"])
    detail = await athlete.get(f"/activities/{first['activity_ids'][0]}")
    assert [each["file_name"] for each in detail["recordings"]] == ["watch.fit", "entered.fit"]


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
@pytest.mark.parametrize(("apart", "outcomes"), [(100, ["imported"] * 3), (0, ["imported", "merged", "merged"])])
async def test_short_tracks_of_one_file_that_follow_one_another_are_activities_of_their_own(
    athlete: Athlete, apart: int, outcomes: list[str], query: str
) -> None:
    runs = [made_up.run(START + timedelta(seconds=apart * number), seconds=60).decode() for number in range(3)]
    tracks = "".join(run[run.index("<trk>") : run.index("</gpx>")] for run in runs)
    data = f"{runs[0][: runs[0].index('<trk>')]}{tracks}</gpx>".encode()
    [item] = (await athlete.import_files(("laps.gpx", data), query=query))["items"]
    assert [each["outcome"] for each in item["activities"]] == outcomes


async def test_recordings_of_one_run_given_at_once_make_one_activity(athlete: Athlete) -> None:
    files = [(f"{number}.gpx", made_up.run(START + timedelta(seconds=number))) for number in range(8)]
    items = await athlete.give(*files)
    states = sorted(item["state"] for item in items.values())
    assert states == ["imported"] + ["merged"] * 7
    assert len((await athlete.get("/activities"))["items"]) == 1


async def test_two_people_may_have_the_same_file(new_athlete: Callable[[], Athlete]) -> None:
    one, other = new_athlete(), new_athlete()
    data = made_up.run()
    first = (await one.give(("a.gpx", data)))["a.gpx"]
    second = (await other.give(("a.gpx", data)))["a.gpx"]
    assert {first["state"], second["state"]} == {"imported"}
    assert (await other.request("GET", f"/activities/{first['activity_ids'][0]}")).status_code == 404


async def test_an_archive_is_worked_through_file_by_file(athlete: Athlete) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for day in range(3):
            archive.writestr(f"activities/{day}.gpx", made_up.run(START + timedelta(days=day)))
        archive.writestr("activities/packed.gpx.gz", gzip.compress(made_up.run(START + timedelta(days=9))))
        archive.writestr("activities/bad.gpx", b"<gpx>")
    items = await athlete.give(("archive.zip", content.getvalue()))
    assert {name: item["state"] for name, item in items.items()} == {
        "activities/0.gpx": "imported",
        "activities/1.gpx": "imported",
        "activities/2.gpx": "imported",
        "activities/packed.gpx": "imported",
        "activities/bad.gpx": "rejected",
    }


async def test_one_bad_file_does_not_stop_the_rest(athlete: Athlete) -> None:
    items = await athlete.give(("empty.fit", b""), ("text.fit", b"hello " * 50), ("good.gpx", made_up.run()))
    assert {name: item["state"] for name, item in items.items()} == {
        "empty.fit": "rejected",
        "text.fit": "rejected",
        "good.gpx": "imported",
    }
    assert items["empty.fit"]["reason"] == "The file is empty."


async def test_a_repeated_request_with_a_key_makes_one_batch(athlete: Athlete) -> None:
    data = made_up.run()
    requests = [
        athlete.request("POST", "/imports", files={"files": ("a.gpx", data)}, headers={"Idempotency-Key": "k"})
        for _ in range(5)
    ]
    answers = await asyncio.gather(*requests)
    assert {answer.status_code for answer in answers} <= {202, 409}
    later = await athlete.request(
        "POST", "/imports", files={"files": ("a.gpx", data)}, headers={"Idempotency-Key": "k"}
    )
    assert later.headers["idempotency-replayed"] == "true"
    assert len((await athlete.get("/imports"))["items"]) == 1


async def test_items_are_paged(athlete: Athlete) -> None:
    files = [(f"{day}.gpx", made_up.run(START + timedelta(days=day), seconds=60)) for day in range(5)]
    await athlete.give(*files)
    [batch] = (await athlete.get("/imports"))["items"]
    assert (batch["state"], batch["total"], batch["done"], batch["dry_run"]) == ("done", 5, 5, False)
    first = await athlete.get(f"/imports/{batch['id']}/items", params={"limit": 3})
    second = await athlete.get(f"/imports/{batch['id']}/items", params={"cursor": first["next_cursor"]})
    assert [item["name"] for item in first["items"] + second["items"]] == [name for name, _ in files]
    assert second["next_cursor"] is None


async def test_what_is_shown_is_what_is_described(athlete: Athlete) -> None:
    await athlete.give(("a.gpx", made_up.run()), ("a.txt", b"no recording"), ("b.gpx", made_up.run()))
    [batch] = (await athlete.get("/imports"))["items"]
    answer = await athlete.request("GET", f"/imports/{batch['id']}")
    assert answer.json() == ImportOut.model_validate_json(answer.content).model_dump(mode="json")
    paged = await athlete.get(f"/imports/{batch['id']}/items")
    assert (answer.json()["items"], len(paged["items"])) == (paged["items"], 3)


async def test_a_thousand_files_are_taken_and_one_more_is_refused_with_what_to_do(athlete: Athlete) -> None:
    files = [("files", (f"{number}.gpx", b"x")) for number in range(1001)]
    refused = await athlete.request("POST", "/imports", files=files)
    assert (refused.status_code, refused.json()["code"]) == (400, "request.too_many_files")
    assert ".zip" in refused.json()["next_steps"]
    taken = await athlete.request("POST", "/imports", files=files[1:])
    assert (taken.status_code, taken.json()["total"], len(taken.json()["items"])) == (202, 1000, 200)


async def test_a_request_without_files_is_refused(athlete: Athlete) -> None:
    response: httpx2.Response = await athlete.request("POST", "/imports", data={"files": "text"})
    assert response.status_code == 422
    assert response.json()["next_steps"]
