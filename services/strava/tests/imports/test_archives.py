import gzip
from datetime import timedelta
from typing import Any

import archives
import fit_files
import made_up
import pytest
from made_up import START
from sqlalchemy import select

from common.resources import Resources
from strava.models import Tombstone

Athlete = Any

DAY = timedelta(days=1)


def row(number: int, name: str, file: str = "", **more: str) -> dict[str, str]:
    date = archives.in_english(START + number * DAY)
    return {"id": f"90000000{number}", "date": date, "type": "Run", "name": name, "file": file, **more}


def strava_archive() -> bytes:
    rows = [
        row(0, "Round the lake", "activities/1.gpx", description="Windy.", gear="Pegasus"),
        row(1, "Commute", "activities/2.gpx.gz", type="Ride", gear="Brompton"),
        row(2, "Treadmill", elapsed="1800.0", moving="1750.0", distance="5000.0", heartrate="140", gear="pegasus"),
        row(3, "Gone", "activities/missing.fit.gz"),
    ]
    return archives.zipped(
        {
            "media/picture.jpg": b"\xff\xd8picture",
            "activities/1.gpx": made_up.run(START, name="Morning Run"),
            "activities/2.gpx.gz": gzip.compress(made_up.run(START + DAY, kind="9", speed=6.0)),
            "activities/4.gpx": made_up.run(START + 4 * DAY),
            "activities/empty.gpx": b"",
            "routes/1.gpx": made_up.run(),
            "activities.csv": archives.activities_csv(rows),
        }
    )


async def activities_of(athlete: Athlete) -> dict[str, dict[str, Any]]:
    listed = (await athlete.get("/activities", params={"limit": 200}))["items"]
    details = [await athlete.get(f"/activities/{each['id']}") for each in listed]
    return {each["name"]: each for each in details}


async def test_an_archive_of_strava_comes_with_names_gear_and_manual_entries(athlete: Athlete) -> None:
    batch = await athlete.import_files(("export.zip", strava_archive()))
    states = {item["name"]: item["state"] for item in batch["items"]}
    assert states == {
        "activities/1.gpx": "imported",
        "activities/2.gpx": "imported",
        "activities/4.gpx": "imported",
        "activities/empty.gpx": "rejected",
        "activities.csv: Treadmill": "imported",
    }
    assert {each["reason"]: each["count"] for each in batch["left_out"]} == {
        "Pictures and videos are not imported.": 1,
        "Planned routes are no activities.": 1,
        "The archive names their files and does not have them.": 1,
    }
    found = await activities_of(athlete)
    lake, commute, treadmill = (found[name] for name in ("Round the lake", "Commute", "Treadmill"))
    assert (lake["description"], lake["sport"], lake["source"]) == ("Windy.", "Run", "file")
    assert commute["sport"] == "Ride"
    assert lake["gear"]["id"] == treadmill["gear"]["id"] != commute["gear"]["id"]
    assert [each["kind"] for each in (lake["gear"], commute["gear"])] == ["shoes", "bike"]
    assert (treadmill["source"], treadmill["distance"], treadmill["elapsed_time"]) == ("manual", 5000.0, 1800.0)
    assert (treadmill["moving_time"], treadmill["average_heartrate"], treadmill["has_map"]) == (1750.0, 140.0, False)
    assert treadmill["start_time"] == "2026-03-03T07:00:00Z"
    assert treadmill["timezone"] == "Australia/Sydney"  # the athlete's own


async def test_a_later_archive_brings_what_is_new_and_writes_nothing_else(athlete: Athlete) -> None:
    await athlete.import_files(("export.zip", strava_archive()))
    before = await activities_of(athlete)
    again = await athlete.import_files(("later.zip", strava_archive()))
    states = {item["state"] for item in again["items"]}
    assert states == {"duplicate", "rejected"}
    assert {each["version"] for each in (await activities_of(athlete)).values()} == {1}
    assert set(await activities_of(athlete)) == set(before)


async def test_what_an_archive_brought_and_its_athlete_deleted_does_not_come_from_strava_either(
    athlete: Athlete, resources: Resources
) -> None:
    await athlete.import_files(("export.zip", strava_archive()))
    lake = (await activities_of(athlete))["Round the lake"]
    assert (await athlete.request("DELETE", f"/activities/{lake['id']}")).status_code == 204
    async with resources.database.reading() as session:
        rows = await session.execute(select(Tombstone.strava_id, Tombstone.fetch_number))
        assert [tuple(each) for each in rows] == [(900000000, None)]


async def test_an_archive_is_previewed_and_taken_back_as_any_import(athlete: Athlete) -> None:
    preview = await athlete.import_files(("export.zip", strava_archive()), query="?dry_run=true")
    coming = {each["name"] for item in preview["items"] for each in item["activities"]}
    assert {"Round the lake", "Commute", "Treadmill"} <= coming
    assert (await athlete.get("/gear"))["items"] == []
    assert (await athlete.request("POST", f"/imports/{preview['id']}/commit")).status_code == 202
    assert (await athlete.rested(preview["id"]))["state"] == "done"
    assert len(await activities_of(athlete)) == 4
    assert (await athlete.request("DELETE", f"/imports/{preview['id']}")).status_code == 202
    assert (await athlete.rested(preview["id"]))["state"] == "undone"
    assert await activities_of(athlete) == {}


async def test_the_same_number_at_strava_is_the_same_activity_though_it_was_cut_there(athlete: Athlete) -> None:
    """What was cut at Strava starts at another time than its original file."""
    manual = archives.zipped({"activities.csv": archives.activities_csv([row(0, "Cut", elapsed="300", moving="300")])})
    [item] = (await athlete.import_files(("one.zip", manual)))["items"]
    whole = {
        "activities.csv": archives.activities_csv([row(0, "Whole", "activities/1.gpx")]),
        "activities/1.gpx": made_up.run(START - timedelta(minutes=20), seconds=1800),
    }
    [other] = (await athlete.import_files(("two.zip", archives.zipped(whole))))["items"]
    assert (item["state"], other["state"]) == ("imported", "merged")
    assert other["activity_ids"] == item["activity_ids"]
    assert "number at Strava" in other["reason"]


async def test_an_archive_of_garmin_comes_with_names_and_without_daily_monitoring(athlete: Athlete) -> None:
    inner = archives.zipped(
        {
            "me_1.fit": bytes(fit_files.run(300)),
            "me_2.fit": bytes(fit_files.run(10, kind=15)),
            "me_3.fit": bytes(fit_files.run(10, kind=2)),
        }
    )
    data = archives.zipped(
        {
            "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part1.zip": inner,
            "DI_CONNECT/DI-Connect-Fitness/me_summarizedActivities.json": archives.summaries(
                {"name": "Cesano Running", "beginTimestamp": fit_files.START * 1000}
            ),
            "DI_CONNECT/DI-Connect-Wellness/sleep.json": b"{}",
        }
    )
    batch = await athlete.import_files(("garmin.zip", data))
    assert [(item["name"], item["state"]) for item in batch["items"]] == [("me_1.fit", "imported")]
    assert sum(each["count"] for each in batch["left_out"]) == 3
    assert set(await activities_of(athlete)) == {"Cesano Running"}


async def test_an_archive_without_activities_says_so(athlete: Athlete) -> None:
    data = archives.zipped({"activities.csv": archives.activities_csv([]), "media/a.jpg": b"a"})
    [item] = (await athlete.import_files(("empty.zip", data)))["items"]
    assert (item["state"], item["reason"]) == ("rejected", "The archive holds no activities.")


async def test_a_list_that_cannot_be_read_costs_the_names_and_nothing_else(athlete: Athlete) -> None:
    data = archives.zipped({"activities.csv": b"what, is, this\n1,2,3", "activities/1.gpx": made_up.run()})
    batch = await athlete.import_files(("export.zip", data))
    assert [item["state"] for item in batch["items"]] == ["imported"]
    assert "names are not used" in batch["left_out"][0]["reason"]


@pytest.mark.parametrize("count", [220])
async def test_a_large_archive_is_worked_through_and_paged(athlete: Athlete, resources: Resources, count: int) -> None:
    files = {f"activities/{day}.gpx": made_up.run(START + day * DAY, seconds=60) for day in range(count)}
    rows = [row(0, f"Run {day}", f"activities/{day}.gpx", id=f"{day + 1}") for day in range(count)]
    data = archives.zipped({**files, "activities.csv": archives.activities_csv(rows)})
    batch = await athlete.import_files(("large.zip", data))
    assert (batch["total"], batch["done"], len(batch["items"])) == (count, count, 200)
    names: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await athlete.get(f"/imports/{batch['id']}/items", params={"limit": 200, "cursor": cursor or None})
        names += [item["activities"][0]["name"] for item in page["items"] if item["state"] == "imported"]
        cursor = page["next_cursor"]
    assert sorted(names) == sorted(f"Run {day}" for day in range(count))
