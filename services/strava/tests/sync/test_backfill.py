"""A long history under Strava's limits, in hurried time."""

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import Signals
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from emulated import Runner
from hurried import Stand, hurried
from sqlalchemy import text

from common.testing.plugin import Environment
from common.testing.tokens import TokenMint
from common.testing.wait import eventually
from strava.remote.remote import Remote

ACTIVITIES = int(os.environ.get("RT_BACKFILL", "16"))
"""2,000 in the long form, ``RT_BACKFILL=2000``: then under Strava's real limits."""

LONG = ACTIVITIES >= 1_000
LIMITS = {"rate_limit": "[200, 2000]", "read_limit": "[100, 1000]"}
SHORT_LIMITS = {"rate_limit": "[16, 60]", "read_limit": "[8, 30]"}
BACKFILLS_SHARE = {"x-readratelimit-limit": "8,30", "x-readratelimit-usage": "6,22"}
"""An answer that tells of what a backfill may take of the short limits; the rest is kept for news."""

WINDOWS = (2, 24) if LONG else (1, 5)
WITHIN = 60 + ACTIVITIES


@dataclass
class Here:
    """Somebody who uses the store."""

    client: httpx2.AsyncClient
    headers: dict[str, str]
    id: UUID

    async def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **options)

    async def get(self, path: str) -> Any:
        response = await self.request("GET", path)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
async def stand(
    tmp_path: Path,
    strava_environment: Environment,
    admin_database_url: str,
    mint: TokenMint,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Stand]:
    limits = LIMITS if LONG else SHORT_LIMITS
    async with hurried(
        tmp_path, strava_environment, admin_database_url, mint, monkeypatch, windows=WINDOWS, **limits
    ) as running:
        yield running


async def years_of(runner: Runner) -> set[int]:
    """Short runs, one a day, all of them longer ago than what comes first."""
    await runner.emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    now = datetime.now(UTC)
    found = {
        await runner.runs(
            start_date=(now - timedelta(days=100 + number)).isoformat(), distance=300, moving_time=90, name=f"{number}"
        )
        for number in range(ACTIVITIES)
    }
    await runner.emulated.control("PUT", "/faults", json={})
    return found


async def all_numbers(runner: Runner) -> set[int]:
    found: set[int] = set()
    cursor = ""
    while True:
        page = await runner.here.get(f"/activities?limit=200{cursor}")
        found |= {int(each["strava_id"]) for each in page["items"]}
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@dataclass
class Watch:
    """Looks at the history while it comes."""

    stand: Stand
    runner: Runner
    seen: list[dict[str, Any]]

    async def look(self) -> dict[str, Any]:
        await self.stand.resources.waker.wake("strava")
        history: dict[str, Any] = (await self.runner.status())["history"] or {}
        if history:
            self.seen.append(history)
        return history

    async def until(self, enough: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        async def probe() -> dict[str, Any]:
            history = await self.look()
            return history if history and enough(history) else {}

        return await eventually(probe, within=WITHIN, what=what)

    async def until_it_waits(self) -> None:
        """Use its share up until it is seen to wait: a busy machine asks so slowly that it may never have to.

        It is told here, not counted at Strava: calls on their way when others appear there could not but be too many.
        """
        quota = Remote.of(self.stand.resources).quota

        async def probe() -> Any:
            await quota.learn(BACKFILLS_SHARE, datetime.now(UTC))
            return (await self.look()).get("resumes_at")

        await eventually(probe, within=WITHIN, what="a wait for the reset")


async def test_years_come_over_within_the_limits_across_restarts_while_news_overtake_them(
    stand: Stand, mint: TokenMint
) -> None:
    athlete_id = uuid4()
    strava_id = await stand.emulated.new_athlete()
    runner = Runner(Here(stand.client, mint.headers(str(athlete_id)), athlete_id), stand.emulated, strava_id)
    years = await years_of(runner)
    assert (await runner.connect()).status_code == 200
    watch = Watch(stand, runner, [])
    await watch.until(lambda h: 0 < h["fetched"] < h["total"] == ACTIVITIES, "a beginning")
    if not LONG:
        await watch.until_it_waits()

    news = await runner.runs(distance=300, moving_time=90, name="News")
    await runner.sees(news, within=30)
    assert (await watch.look())["to_fetch"] > 0, "what happened just now comes before what was"

    await stand.end_worker(Signals.SIGKILL)
    async with stand.resources.database.transaction() as session:  # the leases of the dead, half a minute on
        await session.execute(text("UPDATE jobs SET lease_until = now() WHERE state = 'running'"))
    stand.start_worker()
    half = await watch.until(lambda h: h["fetched"] >= ACTIVITIES / 2, "half of it")
    assert half["failed"] == 0
    await stand.end_worker(Signals.SIGTERM)
    stand.start_worker()
    done = await watch.until(lambda h: h["state"] == "done", "all of it")

    assert (done["fetched"], done["to_fetch"], done["failed"], done["progress"]) == (ACTIVITIES, 0, 0, 1.0)
    assert await all_numbers(runner) == years | {news}
    fetched = [each["fetched"] for each in watch.seen]
    assert fetched == sorted(fetched)
    waited = [each for each in watch.seen if each["resumes_at"]]
    assert waited, "it waits for resets"
    assert "activities are here" in str([each["reason"] for each in waited])
    limits = (await stand.emulated.control("GET", "/state"))["limits"]
    assert limits["rejected"] == 0
    again = await runner.here.request("POST", "/strava/sync", json={"history": True})
    assert again.json()["kind"] == "strava-history"
    await watch.until(lambda h: h["state"] == "done" and h["total"] == 0, "a second look, which finds nothing new")
