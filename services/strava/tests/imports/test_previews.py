import io
import zipfile
from datetime import timedelta
from typing import Any

import made_up
import pytest
from made_up import START
from sqlalchemy import func, select, update

from common.resources import Resources
from strava.imports.sweeping import sweep_orphans
from strava.imports.tasks import forget_previews
from strava.models import Activity, ActivityAudit, ActivityListVersion, Import, ImportPreview, Recording

Athlete = Any

DRY = "?dry_run=true"
WRITTEN = (Activity, Recording, ActivityAudit, ActivityListVersion)


async def rows(resources: Resources, *models: Any) -> list[int]:
    async with resources.database.reading() as session:
        return [await session.scalar(select(func.count()).select_from(model)) or 0 for model in models]


def by_name(batch: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in batch["items"]}


async def commit(athlete: Athlete, batch: dict[str, Any], **options: Any) -> Any:
    return await athlete.request("POST", f"/imports/{batch['id']}/commit", **options)


async def test_a_preview_says_what_would_become_of_each_file_and_writes_nothing(
    athlete: Athlete, resources: Resources
) -> None:
    known = made_up.run()
    there = (await athlete.give(("known.gpx", known)))["known.gpx"]["activity_ids"]
    before = await rows(resources, *WRITTEN)
    batch = await athlete.import_files(
        ("again.gpx", known),
        ("watch.gpx", made_up.run(START + timedelta(seconds=30), heartrate=140)),
        ("new.gpx", made_up.run(START + timedelta(days=1), seconds=1200, name="By the sea")),
        ("bad.gpx", b"<gpx>"),
        ("route.gpx", made_up.run().replace(b"<time>", b"<was>").replace(b"</time>", b"</was>")),
        query=DRY,
    )
    assert (batch["state"], batch["dry_run"], batch["total"], batch["done"]) == ("preview", True, 5, 5)
    items = by_name(batch)
    assert {name: item["state"] for name, item in items.items()} == {
        "again.gpx": "duplicate",
        "watch.gpx": "merged",
        "new.gpx": "imported",
        "bad.gpx": "rejected",
        "route.gpx": "route",
    }
    assert items["watch.gpx"]["activity_ids"] == items["again.gpx"]["activity_ids"] == there
    [coming] = items["new.gpx"]["activities"]
    assert (coming["outcome"], coming["activity_id"], coming["name"]) == ("imported", None, "By the sea")
    assert (coming["sport"], coming["timezone"], coming["elapsed_time"]) == ("Run", "Europe/Rome", 1200)
    assert coming["start_time"] == "2026-03-02T07:00:00Z"
    assert coming["distance"] == pytest.approx(3600, rel=0.005)
    assert await rows(resources, *WRITTEN) == before


async def test_a_preview_compares_its_files_with_each_other(athlete: Athlete) -> None:
    one = made_up.run()
    files = [("a.gpx", one), ("b.gpx", one), ("c.gpx", made_up.run(START + timedelta(seconds=50), heartrate=150))]
    items = by_name(await athlete.import_files(*files, query=DRY))
    assert sorted(item["state"] for item in items.values()) == ["duplicate", "imported", "merged"]
    reasons = " ".join(item["reason"] or "" for item in items.values())
    assert "of this import" in reasons or "in this import" in reasons
    assert all(item["activity_ids"] == [] for item in items.values())


async def test_a_committed_preview_does_what_it_said_once(athlete: Athlete, resources: Resources) -> None:
    files = [(f"{day}.gpx", made_up.run(START + timedelta(days=day))) for day in range(3)]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    batch = await athlete.import_files(("all.zip", content.getvalue()), ("bad.gpx", b"<gpx>"), query=DRY)
    assert [item["state"] for item in batch["items"]].count("imported") == 3

    key = {"Idempotency-Key": "commit-it"}
    answers = [await commit(athlete, batch, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["state"] in ("pending", "running")
    done = await athlete.rested(batch["id"])
    assert (done["state"], done["dry_run"], done["total"]) == ("done", False, 4)
    assert {name: item["state"] for name, item in by_name(done).items()} == {
        **{name: "imported" for name, _ in files},
        "bad.gpx": "rejected",
    }
    assert len((await athlete.get("/activities"))["items"]) == 3
    assert await rows(resources, ImportPreview) == [0]
    again = await commit(athlete, batch)
    assert (again.status_code, again.json()["code"]) == (409, "import.not_a_preview")


async def test_what_was_a_duplicate_is_imported_when_its_activity_was_deleted_before_the_commit(
    athlete: Athlete,
) -> None:
    run = ("run.gpx", made_up.run())
    [there] = (await athlete.give(run))["run.gpx"]["activity_ids"]
    batch = await athlete.import_files(run, query=DRY)
    assert by_name(batch)["run.gpx"]["state"] == "duplicate"
    assert (await athlete.request("DELETE", f"/activities/{there}")).status_code == 204
    assert (await commit(athlete, batch)).status_code == 202
    item = by_name(await athlete.rested(batch["id"]))["run.gpx"]
    assert item["state"] == "imported"
    original = await athlete.request("GET", f"/activities/{item['activity_ids'][0]}/original")
    assert original.content == run[1]


async def test_only_ones_own_preview_can_be_committed(new_athlete: Any) -> None:
    owner, stranger = new_athlete(), new_athlete()
    preview = await owner.import_files(("a.gpx", made_up.run()), query=DRY)
    assert (await commit(stranger, preview)).status_code == 404
    assert (await stranger.request("DELETE", f"/imports/{preview['id']}")).status_code == 404
    assert (await stranger.request("GET", f"/imports/{preview['id']}/events")).status_code == 404
    plain = await owner.import_files(("b.gpx", made_up.run(START + timedelta(days=2))))
    assert (await commit(owner, plain)).json()["code"] == "import.not_a_preview"


async def test_a_preview_that_is_taken_back_can_not_be_committed(athlete: Athlete) -> None:
    preview = await athlete.import_files(("a.gpx", made_up.run()), query=DRY)
    assert (await athlete.request("DELETE", f"/imports/{preview['id']}")).status_code == 202
    assert (await athlete.rested(preview["id"]))["state"] == "undone"
    assert (await commit(athlete, preview)).status_code == 409


async def test_a_preview_keeps_its_files_for_a_week_and_is_then_forgotten(
    athlete: Athlete, resources: Resources
) -> None:
    preview = await athlete.import_files(("a.gpx", made_up.run()), query=DRY)
    await forget_previews(resources)
    await sweep_orphans(resources, grace=timedelta(seconds=-1))
    assert (await athlete.get(f"/imports/{preview['id']}"))["state"] == "preview"
    assert await stored(resources, athlete) == 1
    async with resources.database.transaction() as session:
        await session.execute(update(Import).values(created_at=Import.created_at - timedelta(days=7, minutes=1)))
    await forget_previews(resources)
    await sweep_orphans(resources, grace=timedelta(seconds=-1))
    assert (await athlete.request("GET", f"/imports/{preview['id']}")).status_code == 404
    assert await stored(resources, athlete) == 0


async def stored(resources: Resources, athlete: Athlete) -> int:
    return len([each async for each in resources.objects.list(f"originals/{athlete.id}")])
