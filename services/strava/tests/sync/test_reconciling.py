from datetime import UTC, datetime, timedelta

import pytest
from emulated import Emulated, Runner
from looking import Woken, idle, jobs_of, published
from sqlalchemy import text

from common.resources import Resources
from strava.sync.reconciling import reconcile_at_night


@pytest.fixture
async def unheard(runner: Runner, emulated: Emulated) -> Runner:
    """Somebody of whose activities no event tells from now on; three are here."""
    now = datetime.now(UTC)
    for day in (3, 4, 5):
        start = (now - timedelta(days=day)).isoformat()
        await runner.sees(await runner.runs(name=f"Run {day}", start_date=start, distance=500, moving_time=150))
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    return runner


async def last_night(resources: Resources) -> None:
    """The comparison is a day ago."""
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE strava_tokens SET reconciled_at = now() - interval '25 hours'"))


async def test_the_night_finds_what_events_missed(
    unheard: Runner, resources: Resources, woken: Woken, emulated: Emulated
) -> None:
    kept, renamed, gone = [int(each["strava_id"]) for each in (await unheard.here.get("/activities"))["items"]]
    await emulated.control("PATCH", f"/activities/{renamed}", json={"name": "Renamed unheard"})
    await emulated.control("DELETE", f"/activities/{gone}")
    start = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    missed = await unheard.runs(name="Missed", start_date=start, distance=500, moving_time=150)
    before = (await emulated.control("GET", "/state"))["limits"]["overall_usage"][1]
    await last_night(resources)
    await reconcile_at_night(resources)
    await reconcile_at_night(resources)
    assert len(await jobs_of(resources, "strava-reconcile")) == 1

    async def done() -> bool:
        return bool(await unheard.stored(missed) and await idle(resources))

    await woken(done, "what was missed")
    found = {int(each["strava_id"]): each["name"] for each in (await unheard.here.get("/activities"))["items"]}
    assert found == {kept: "Run 3", renamed: "Renamed unheard", missed: "Missed"}
    usage = (await emulated.control("GET", "/state"))["limits"]["overall_usage"][1]
    assert usage - before <= 2 + 1 + 2 + 2  # the list to its end, the one that is gone, two with their samples
    audits = [each for each in await published(resources, "audit.recorded.v1") if "reconciled" in each["action"]]
    assert [each["details"] for each in audits] == [{"missing": 1, "gone": 1, "changed": 1}]


async def test_what_was_cropped_at_strava_is_fetched_again_once(
    unheard: Runner, resources: Resources, woken: Woken, emulated: Emulated
) -> None:
    """Strava tells of a new name, sport or privacy only."""
    cropped, *_ = [int(each["strava_id"]) for each in (await unheard.here.get("/activities"))["items"]]
    await emulated.control("PATCH", f"/activities/{cropped}", json={"distance": 300, "moving_time": 90})
    for _ in range(2):
        await last_night(resources)
        await reconcile_at_night(resources)
        await woken(lambda: idle(resources), "the comparison")
    seen = await unheard.stored(cropped)
    assert seen
    assert seen["distance"] == pytest.approx(300, abs=1)
    audits = [each for each in await published(resources, "audit.recorded.v1") if "reconciled" in each["action"]]
    assert [each["details"]["changed"] for each in audits] == [1, 0]


async def test_nobody_is_compared_twice_in_a_night(unheard: Runner, resources: Resources) -> None:
    await reconcile_at_night(resources)
    assert await jobs_of(resources, "strava-reconcile") == []  # connected today
