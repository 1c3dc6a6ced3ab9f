"""What auth hands over when somebody signs in with Strava."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from emulated import SCOPES, Emulated, Runner
from sqlalchemy import select

from common.db.tables import Job
from common.resources import Resources
from common.testing.plugin import Environment
from common.testing.tokens import TokenMint

NewRunner = Callable[[], Awaitable[Runner]]
PATH = "/internal/connections"


@pytest.fixture
def auth_service(mint: TokenMint) -> dict[str, str]:
    return {"Authorization": f"Bearer {mint.service_token('auth')}"}


async def grant_of(runner: Runner, emulated: Emulated, scope: str = SCOPES) -> dict[str, Any]:
    """What auth learns in exchange for a code."""
    form = {"client_id": "1", "client_secret": "emulator-secret", "code": await runner.code()}
    async with httpx2.AsyncClient(base_url=emulated.url, trust_env=False) as client:
        told = (await client.post("/oauth/token", data={**form, "grant_type": "authorization_code"})).json()
    return {
        "athlete_id": str(runner.here.id),
        "strava_athlete_id": runner.strava_id,
        "name": "New Runner",
        "scopes": scope.split(","),
        **{name: told[name] for name in ("access_token", "refresh_token", "expires_at")},
    }


async def test_a_sign_in_connects_and_once_more_does_no_harm(
    strava: httpx2.AsyncClient,
    new_runner: NewRunner,
    emulated: Emulated,
    resources: Resources,
    auth_service: dict[str, str],
) -> None:
    runner = await new_runner()
    grant = await grant_of(runner, emulated)
    for _ in range(2):
        assert (await strava.post(PATH, json=grant, headers=auth_service)).status_code == 204
    status = await runner.status()
    assert (status["state"], status["athlete"]) == ("connected", {"id": str(runner.strava_id), "name": "New Runner"})
    found = await strava.get(f"{PATH}/{runner.strava_id}", headers=auth_service)
    assert found.json() == {"athlete_id": str(runner.here.id)}
    async with resources.database.reading() as session:
        assert (await session.scalars(select(Job).where(Job.kind == "strava-sync"))).first() is not None
    assert (await runner.here.request("GET", "/strava/athlete")).status_code == 200


async def test_an_athlete_of_another_account_or_without_leave_is_not_connected(
    strava: httpx2.AsyncClient, new_runner: NewRunner, emulated: Emulated, auth_service: dict[str, str]
) -> None:
    first, second = await new_runner(), await new_runner()
    await first.connect()
    grant = await grant_of(first, emulated) | {"athlete_id": str(second.here.id)}
    taken = await strava.post(PATH, json=grant, headers=auth_service)
    assert (taken.status_code, taken.json()["code"]) == (409, "strava.athlete_taken")
    narrow = await strava.post(PATH, json=await grant_of(second, emulated, "read"), headers=auth_service)
    assert (narrow.status_code, narrow.json()["code"]) == (403, "strava.scope_missing")


async def test_people_cannot_ask_or_connect(
    strava: httpx2.AsyncClient, strava_environment: Environment, mint: TokenMint, auth_service: dict[str, str]
) -> None:
    assert strava_environment
    for headers in ({}, mint.headers()):
        assert (await strava.get(f"{PATH}/1", headers=headers)).status_code in {401, 403}
        assert (await strava.post(PATH, json={}, headers=headers)).status_code in {401, 403}
    assert (await strava.get(f"{PATH}/1", headers=auth_service)).status_code == 404
    for wrong in ("-1", "x", str(1 << 63)):
        assert (await strava.get(f"{PATH}/{wrong}", headers=auth_service)).status_code == 422
    assert (await strava.post(PATH, json={}, headers=auth_service)).status_code == 422
