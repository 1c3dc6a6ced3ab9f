from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from analytics_support import Platform

from contracts.testing.activity_store import run

CALCULATE = "/api/v1/admin/calculate-best-efforts"
CLEAR = "/api/v1/admin/clear-best-efforts"


async def command(platform: Platform, path: str, body: Any = None, **token: Any) -> httpx2.Response:
    headers = platform.mint.headers(**{"roles": ["athlete", "admin"], **token})
    return await platform.client.post(path, json=body, headers=headers)


@pytest.mark.parametrize("path", [CALCULATE, CLEAR])
async def test_commands_need_an_admin(platform: Platform, path: str) -> None:
    assert (await platform.client.post(path)).status_code == 401
    response = await command(platform, path, roles=["athlete", "coach"])
    assert (response.status_code, response.json()["code"]) == (403, "auth.role_required")
    assert await platform.scalar("SELECT count(*) FROM jobs") == 0


@pytest.mark.parametrize("body", [{"athlete_id": "x"}, {"athlete": str(uuid4())}, [], "all"])
async def test_bad_selections_are_refused(platform: Platform, body: Any) -> None:
    response = await command(platform, CLEAR, body)
    assert (response.status_code, response.json()["code"]) == (422, "request.invalid")


async def test_a_command_is_accepted_with_its_job(platform: Platform) -> None:
    response = await command(platform, CALCULATE)
    job = response.json()
    assert response.status_code == 202
    assert job.keys() == {"id", "kind", "state", "progress", "attempts", "reason", "created_at", "updated_at"}
    assert (job["kind"], job["state"], job["progress"]) == ("calculate-best-efforts", "queued", 0)
    await platform.settle()
    assert await platform.scalar(f"SELECT state FROM jobs WHERE id = '{job['id']}'") == "done"


async def test_what_was_cleared_comes_back_by_calculating_and_announces_no_records(
    platform: Platform, ana: UUID
) -> None:
    for speed in (4, 5):
        platform.strava.create(run(ana, speed=speed))
    platform.strava.create(run(ana, sport="Ride"))
    await platform.settle()
    assert await platform.times(ana) == [200.0, 250.0]
    announced = await platform.scalar("SELECT count(*) FROM outbox WHERE type = 'record.set.v1'")
    assert (await command(platform, CLEAR)).status_code == 202
    await platform.settle()
    assert await platform.times(ana) == []
    job = (await command(platform, CALCULATE)).json()
    await platform.settle()
    assert await platform.times(ana) == [200.0, 250.0]
    assert await platform.scalar(f"SELECT progress FROM jobs WHERE id = '{job['id']}'") == 1
    assert await platform.scalar("SELECT count(*) FROM outbox WHERE type = 'record.set.v1'") == announced


async def test_clearing_one_athlete_leaves_the_others(platform: Platform, ana: UUID) -> None:
    bo = uuid4()
    for athlete in (ana, bo):
        platform.strava.create(run(athlete))
    await platform.settle()
    await command(platform, CLEAR, {"athlete_id": str(ana)})
    await platform.settle()
    assert (await platform.times(ana), await platform.times(bo)) == ([], [250.0])


async def test_calculating_repairs_rows_that_went_wrong_and_forgets_what_is_gone(platform: Platform, ana: UUID) -> None:
    gone = platform.strava.create(run(ana, speed=5)).activity
    platform.strava.create(run(ana))
    await platform.settle()
    await platform.execute("UPDATE efforts SET time = 1")
    del platform.strava.activities[gone.id]
    await command(platform, CALCULATE, {"athlete_id": str(ana)})
    await platform.settle()
    assert await platform.times(ana) == [250.0]
