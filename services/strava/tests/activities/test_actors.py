"""Who did it: the history of an activity and the audit log name the same one, and the right one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import made_up
import pytest
from emulated import Runner
from looking import make_due, published
from sqlalchemy import select, update

from common.resources import Resources
from common.testing.wait import eventually
from strava.models import ActivityAudit, Recording
from strava.purging.service import expire
from strava.settings import StravaSettings

SERVICE = "strava"


async def told(resources: Resources, activity_id: str) -> list[tuple[str, str]]:
    """(action, actor) of all that was done to an activity; audit log and history say the same."""
    events = [each for each in await published(resources, "audit.recorded.v1") if each["target"] == activity_id]
    log = [(each["action"].removeprefix("activity."), each["actor"]) for each in events]
    kept = select(ActivityAudit).where(ActivityAudit.activity_id == activity_id).order_by(ActivityAudit.id)
    async with resources.database.reading() as session:
        history = [(row.action, row.actor) for row in await session.scalars(kept)]
    assert sorted(log) == sorted(history)
    return history


async def test_what_an_athlete_does_is_theirs(athlete: Any, resources: Resources) -> None:
    run = ("run.gpx", made_up.run())
    [item] = (await athlete.give(run)).values()
    [activity_id] = item["activity_ids"]
    await athlete.give(run)
    await athlete.request("PATCH", f"/activities/{activity_id}", json={"name": "Mine"})
    assert (await athlete.request("DELETE", f"/activities/{activity_id}")).status_code == 204
    actions = ["created", "skipped", "updated", "deleted"]
    assert await told(resources, activity_id) == [(action, str(athlete.id)) for action in actions]


async def test_what_comes_from_strava_and_goes_there_is_the_services(runner: Runner, resources: Resources) -> None:
    strava_id = await runner.runs(name="A")
    activity_id = (await runner.sees(strava_id))["id"]
    await runner.emulated.control("PATCH", f"/activities/{strava_id}", json={"name": "B"})
    await runner.sees(strava_id, name="B")
    await runner.emulated.control("DELETE", f"/activities/{strava_id}")
    await gone(runner, strava_id)
    history = await told(resources, activity_id)
    assert {actor for _, actor in history} == {SERVICE}
    assert [action for action, _ in history if action != "skipped"] == ["created", "updated", "deleted"]


async def test_a_purge_is_the_services(runner: Runner, resources: Resources) -> None:
    strava_id = await runner.runs()
    activity_id = (await runner.sees(strava_id))["id"]
    await runner.here.request("DELETE", "/strava/disconnect")
    await make_due(resources)
    await gone(runner, strava_id)
    assert (await told(resources, activity_id))[-1] == ("deleted", SERVICE)


async def test_the_end_of_the_operators_time_is_the_services(
    runner: Runner, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    strava_id = await runner.runs()
    activity_id = (await runner.sees(strava_id))["id"]
    async with resources.database.transaction() as session:
        await session.execute(update(Recording).values(created_at=datetime.now(UTC) - timedelta(days=8)))
    monkeypatch.setenv("STRAVA_RETENTION_DAYS", "7")
    async with Resources.open("strava", StravaSettings.from_environment()) as limited:
        await expire(limited)
    assert (await told(resources, activity_id))[-1] == ("deleted", SERVICE)


async def gone(runner: Runner, strava_id: int) -> None:
    async def left() -> bool:
        return await runner.stored(strava_id) is None

    await eventually(left, within=15, what=f"the end of activity {strava_id}")
