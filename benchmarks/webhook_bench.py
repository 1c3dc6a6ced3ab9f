"""Webhook events at a steady rate, and how soon a run is visible while calls to Strava fail.

``.venv/bin/python -m benchmarks.webhook_bench`` measures these alone.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests/support/src"), str(ROOT)]

import httpx2  # noqa: E402 - with those below, found on the path set above
from running_platform import Person, RunningPlatform, Strava, eventually, temporary_platform  # noqa: E402 - as above

from benchmarks.whole_path import spread  # noqa: E402 - as above

RATE, SECONDS = 100, 10
RUNS = 40
NOBODY = 7_000_000_000
FAULTS = {
    "status": 503,
    "share": 0.05,
    "not_found_after_create_s": 1.5,
    "streams_late_s": 3,
    "webhook_times": 3,
    "shuffle_webhooks_s": 1,
}


async def _steady(url: str, bodies: list[dict[str, Any]]) -> list[float]:
    """Send at the rate whatever the answers; seconds from when each was due to its answer."""
    async with httpx2.AsyncClient(timeout=10, trust_env=False) as http:
        began = time.perf_counter() + 0.1

        async def one(number: int, body: dict[str, Any]) -> float:
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            answer = await http.post(url, json=body)
            assert answer.status_code == httpx2.codes.OK, answer.text
            return time.perf_counter() - due

        return list(await asyncio.gather(*(one(number, body) for number, body in enumerate(bodies))))


def events(strava: Strava, owner: int, activities: list[int]) -> list[dict[str, Any]]:
    subscription = strava.http.get("/emulator/state").json()["subscription"]["id"]
    known = {"object_type": "activity", "aspect_type": "update", "owner_id": owner, "subscription_id": subscription}
    first = int(time.time()) - RATE * SECONDS
    return [
        known | {"object_id": activities[number % len(activities)], "event_time": first + number, "updates": {}}
        for number in range(RATE * SECONDS)
    ]


def connected(running: RunningPlatform, person: Person, scopes: str | None = None) -> tuple[Strava, int]:
    """Connect the person to somebody at Strava, of whom events tell; ``scopes`` are those that stay ticked."""
    strava = running.strava
    athlete = strava.new_athlete()
    assert strava.connect(person, athlete, scopes).status_code == httpx2.codes.OK
    eventually(lambda: person.get("/strava/status")["webhook"]["state"] == "active", within=30)
    eventually(lambda: person.get("/strava/status")["sync"]["state"] == "done", within=30)
    return strava, athlete


def _visible(person: Person, strava: Strava, athlete: int, first: datetime) -> tuple[list[float], list[int]]:
    took, numbers = [], []
    for number in range(RUNS):
        began = time.perf_counter()
        day = first + timedelta(days=number)
        strava_id = strava.run(athlete, start_date=day.isoformat(), timezone="UTC")
        eventually(partial(_is_listed, person, strava_id), within=60)
        took.append(time.perf_counter() - began)
        numbers.append(int(strava_id))
    return took, numbers


def _is_listed(person: Person, strava_id: str) -> bool:
    items = person.get("/activities", params={"limit": 200})["items"]
    return any(item["strava_id"] == strava_id for item in items)


def measure(running: RunningPlatform, person: Person) -> None:
    strava, athlete = connected(running, person)
    took, numbers = _visible(person, strava, athlete, datetime(2023, 1, 1, 6, tzinfo=UTC))
    spread(f"{RUNS} runs at Strava until visible", took)
    strava.faults(**FAULTS)
    took, _ = _visible(person, strava, athlete, datetime(2024, 1, 1, 6, tzinfo=UTC))
    strava.faults()
    spread("the same with 5 % of calls failing, 404 at first, late samples, events three times in any order", took)
    url = f"{running.url}/api/v1/strava/webhook/{running.described.credentials.webhook_path}"
    told = f"{RATE} webhook events a second for {SECONDS} s"
    spread(f"{told}, of nobody here", asyncio.run(_steady(url, events(strava, NOBODY, numbers))))
    spread(f"{told}, each fetched from Strava", asyncio.run(_steady(url, events(strava, athlete, numbers))))


def main() -> None:
    with temporary_platform() as running:
        person = running.person()
        measure(running, person)
        person.close()


if __name__ == "__main__":
    main()
