"""Many events, each several times and in any order, while calls to Strava fail."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from emulated import Emulated, Runner
from looking import idle, published
from sqlalchemy import func, select, text

from common.resources import Resources
from common.testing.wait import eventually
from strava.models import Recording, WebhookEvent

EVENTS = int(os.environ.get("RT_WEBHOOK_EVENTS", "60"))
"""1,000 in the long form: ``RT_WEBHOOK_EVENTS=1000``."""


async def happen(runner: Runner, emulated: Emulated) -> dict[int, str]:
    """Let so many things happen at Strava; return what it has in the end, by number."""
    names: dict[int, str] = {}
    now = datetime.now(UTC)
    for number in range(EVENTS):
        newest = list(names)
        if number % 10 < 6:
            start = (now - timedelta(minutes=10 * (number + 1))).isoformat()
            strava_id = await runner.runs(name=f"Run {number}", start_date=start, distance=300, moving_time=90)
            names[strava_id] = f"Run {number}"
        elif number % 10 < 9:
            changed = newest[-(number % 5) - 1]
            names[changed] = f"Renamed {number}"
            await emulated.control("PATCH", f"/activities/{changed}", json={"name": names[changed]})
        else:
            gone = newest[-3]
            await emulated.control("DELETE", f"/activities/{gone}")
            del names[gone]
    return names


async def everything(runner: Runner) -> list[dict[str, Any]]:
    """All activities here."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await runner.here.get(f"/activities?limit=200{cursor}")
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_a_storm_of_events_leaves_exactly_what_strava_has(
    runner: Runner, emulated: Emulated, resources: Resources
) -> None:
    storm = {"webhook_times": 3, "shuffle_webhooks_s": max(1, EVENTS / 50)}
    failing = {"status": 503, "share": 0.05, "paths": ["/activities", "/athlete"]}
    await emulated.control("PUT", "/faults", json=storm | failing)
    expected = await happen(runner, emulated)

    async def settled() -> bool:
        await resources.waker.wake("strava")
        async with resources.database.reading() as session:
            told = await session.scalar(select(func.count()).select_from(WebhookEvent))
            open_ones = await session.scalar(select(func.count()).where(WebhookEvent.outcome.is_(None)))
        if not told or open_ones or not await idle(resources):
            return False
        state = await emulated.control("GET", "/state")
        return bool(state["in_background"] == 0)

    await eventually(settled, within=30 + EVENTS, what="the end of the storm")
    stored = await everything(runner)
    assert {int(each["strava_id"]): each["name"] for each in stored} == expected
    assert len(stored) == len(expected)
    assert {each["version"] > 0 for each in stored} == {True}
    async with resources.database.reading() as session:
        recordings = await session.scalar(select(func.count()).select_from(Recording))
        failed = await session.scalar(text("SELECT count(*) FROM jobs WHERE state IN ('failed', 'dead')"))
    created = [each["activity_id"] for each in await published(resources, "activity.created.v1")]
    deleted = [each["activity_id"] for each in await published(resources, "activity.deleted.v1")]
    assert (recordings, failed) == (len(expected), 0)
    assert len(created) == len(set(created))
    assert set(created) - set(deleted) == {each["id"] for each in stored}
