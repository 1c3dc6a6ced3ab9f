"""Sending activities to the emulated Strava."""

from datetime import UTC, datetime
from typing import Any

import made_up
from emulated import Runner

from common.testing.wait import eventually

START = datetime(2026, 11, 2, 7, tzinfo=UTC)


async def imported(runner: Runner, start: datetime = START, **values: Any) -> str:
    item = (await runner.here.give(("run.gpx", made_up.run(start, **values))))["run.gpx"]
    return str(item["activity_ids"][0])


async def sent(runner: Runner, path: str, **body: Any) -> dict[str, Any]:
    """Send something and wait for what becomes of it."""
    response = await runner.here.request("POST", f"/strava/{path}", json=body)
    assert response.status_code == 202, response.text
    push_id = response.json()["id"]

    async def settled() -> Any:
        push = await runner.here.get(f"/strava/uploads/{push_id}")
        return push if push["state"] not in {"queued", "sending", "processing", "unknown"} else None

    return dict(await eventually(settled, within=30, what="the push"))


async def at_strava(runner: Runner) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await runner.emulated.control("GET", f"/athletes/{runner.strava_id}/activities")
    return found
