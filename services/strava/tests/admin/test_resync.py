from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_up
import pytest
from emulated import Runner
from looking import idle, jobs_of, published
from sqlalchemy import select, update

from common.resources import Resources
from common.testing.wait import eventually
from strava.models import Activity, Recording, Split


async def resynced(operator: Any, **wanted: Any) -> None:
    job = (await operator.request("POST", "/resync", 202, json=wanted)).json()

    async def done() -> bool:
        listed = (await operator.request("GET", "/activity-jobs?kind=resync")).json()["items"]
        return bool(next(each for each in listed if each["id"] == job["id"])["state"] == "done")

    await eventually(done, within=20, what="the resync")


async def test_a_wrong_figure_is_computed_again_and_others_stay(
    athlete: Any, operator: Any, resources: Resources
) -> None:
    [item] = (await athlete.give(("run.gpx", made_up.run(seconds=900)))).values()
    [activity_id] = item["activity_ids"]
    before = await athlete.get(f"/activities/{activity_id}")
    async with resources.database.transaction() as session:
        [recording] = (await session.scalars(select(Recording))).all()
        recording.summary = {**recording.summary, "fastest_pace": 1.0, "max_speed": 99.0}
        await session.execute(update(Activity).values(fastest_pace=1.0, max_speed=99.0))
    await resynced(operator, fields=["fastest_pace"])
    after = await athlete.get(f"/activities/{activity_id}")
    assert (after["fastest_pace"], after["max_speed"]) == (before["fastest_pace"], 99.0)
    assert after["version"] > before["version"]
    last = (await athlete.get(f"/activities/{activity_id}/history"))["items"][-1]
    assert (last["reason"], last["actor"]) == ("Computed again from the samples: fastest_pace.", operator.id)
    told = [each for each in await published(resources, "audit.recorded.v1") if each["actor"] == operator.id]
    assert [(each["action"], each["target"], each["details"]) for each in told] == [
        ("activity.resync_requested", "everybody", {"fields": ["fastest_pace"], "refetch": False}),
        ("activity.updated", activity_id, {}),
    ]


async def test_lost_splits_come_back(athlete: Any, operator: Any, resources: Resources) -> None:
    [item] = (await athlete.give(("run.gpx", made_up.run(seconds=900)))).values()
    [activity_id] = item["activity_ids"]
    before = await athlete.get(f"/activities/{activity_id}/splits")
    async with resources.database.transaction() as session:
        for split in await session.scalars(select(Split)):
            split.elapsed_time = 1.0
    await resynced(operator, athlete_id=str(athlete.id))
    assert await athlete.get(f"/activities/{activity_id}/splits") == before


async def test_what_the_athlete_set_stays(athlete: Any, operator: Any, resources: Resources) -> None:
    [item] = (await athlete.give(("run.gpx", made_up.run()))).values()
    [activity_id] = item["activity_ids"]
    changed = await athlete.request("PATCH", f"/activities/{activity_id}", json={"sport": "TrailRun"})
    assert changed.status_code == 200
    await resynced(operator)
    assert (await athlete.get(f"/activities/{activity_id}"))["sport"] == "TrailRun"


async def test_real_recordings_keep_every_figure(
    athlete: Any, operator: Any, recordings_dir: Path, recording_names: Callable[[], list[str]]
) -> None:
    files = [(name, (recordings_dir / name).read_bytes()) for name in recording_names()]
    await athlete.give(*files)
    before = (await athlete.get("/activities?limit=200"))["items"]
    assert len(before) > len(files) / 2
    await resynced(operator)
    after = (await athlete.get("/activities?limit=200"))["items"]
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [{name: (old[name], new[name]) for name in old if old[name] != new[name]} for old, new in changed] == []


@pytest.fixture
def recording_names(recordings_dir: Path) -> Callable[[], list[str]]:
    return lambda: sorted(path.name for path in recordings_dir.iterdir() if path.suffix in {".fit", ".gpx", ".tcx"})


async def test_what_strava_has_is_asked_for_again(runner: Runner, operator: Any, resources: Resources) -> None:
    fetched = await runner.runs(name="As it was")
    kept = await runner.sees(fetched)
    await runner.emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    await runner.emulated.control("PATCH", f"/activities/{fetched}", json={"name": "As it is"})
    await runner.here.give(("own.gpx", made_up.run()))
    await resynced(operator, athlete_id=str(runner.here.id))
    assert (await runner.stored(fetched) or {})["name"] == "As it was"  # nobody asked Strava
    await eventually(lambda: idle(resources), within=15, what="rest")
    before = len(await jobs_of(resources, "strava-activity"))
    await resynced(operator, refetch=True)
    assert (await runner.sees(fetched, name="As it is"))["id"] == kept["id"]
    again = (await jobs_of(resources, "strava-activity"))[before:]
    assert [(each.payload["strava_id"], each.payload["urgent"]) for each in again] == [(str(fetched), False)]


async def test_nobody_is_asked_about_again_who_is_not_connected(
    runner: Runner, operator: Any, resources: Resources
) -> None:
    await runner.sees(await runner.runs())
    await runner.here.request("DELETE", "/strava/disconnect")
    before = len(await jobs_of(resources, "strava-activity"))
    await resynced(operator, refetch=True)
    assert len(await jobs_of(resources, "strava-activity")) == before


async def test_an_unknown_figure_is_refused(operator: Any) -> None:
    await operator.request("POST", "/resync", 422, json={"fields": ["beauty"]})
