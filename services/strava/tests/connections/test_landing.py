"""Every word that a browser can come back from Strava with."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest
from emulated import SCOPES, Emulated, Runner
from landing import begin, land
from sqlalchemy import text

from common.resources import Resources
from common.testing.plugin import serving
from common.testing.tokens import TokenMint
from strava.main import create

NewRunner = Callable[[], Awaitable[Runner]]


@pytest.mark.parametrize("scope", ["", "read", "read,profile:read_all", "activity:write"])
async def test_who_unticks_the_activities_is_told_what_is_missing(
    new_runner: NewRunner, strava: httpx2.AsyncClient, scope: str
) -> None:
    runner = await new_runner()
    state, cookie = await begin(runner, strava)
    code = await runner.code()
    assert await land(strava, cookie, state=state, code=code, scope=scope) == "scope_missing"
    assert (await runner.status())["state"] == "disconnected"
    assert await land(strava, cookie, state=state, code=code, scope=SCOPES) == "state_used"


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ({"error": "access_denied"}, "denied"),
        ({"error": "something_new"}, "denied"),
        ({"code": "made-up", "scope": SCOPES}, "code_invalid"),
        ({"scope": SCOPES}, "code_invalid"),
        ({"state": "made-up", "code": "c", "scope": SCOPES}, "state_unknown"),
        ({"state": "", "code": "c", "scope": SCOPES}, "state_unknown"),
    ],
)
async def test_each_wrong_way_back_has_its_word(
    new_runner: NewRunner, strava: httpx2.AsyncClient, answer: dict[str, str], word: str
) -> None:
    runner = await new_runner()
    state, cookie = await begin(runner, strava)
    assert await land(strava, cookie, **({"state": state} | answer)) == word
    assert (await runner.status())["state"] == "disconnected"


async def test_a_code_works_once(new_runner: NewRunner, strava: httpx2.AsyncClient) -> None:
    runner = await new_runner()
    code = await runner.code()
    for word in ("connected", "code_invalid"):
        state, cookie = await begin(runner, strava)
        assert await land(strava, cookie, state=state, code=code, scope=SCOPES) == word
    assert (await runner.status())["state"] == "connected"


async def test_who_stays_at_strava_for_too_long_starts_again(
    new_runner: NewRunner, strava: httpx2.AsyncClient, resources: Resources
) -> None:
    runner = await new_runner()
    state, cookie = await begin(runner, strava)
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE oauth_states SET expires_at = expires_at - interval '601 seconds'"))
    assert await land(strava, cookie, state=state, code=await runner.code(), scope=SCOPES) == "state_expired"
    assert (await runner.status())["state"] == "disconnected"


async def test_somebody_elses_athlete_is_taken(
    new_runner: NewRunner, strava: httpx2.AsyncClient, emulated: Emulated
) -> None:
    first, second = await new_runner(), await new_runner()
    assert (await first.connect()).status_code == 200
    thief = Runner(second.here, emulated, first.strava_id)
    state, cookie = await begin(thief, strava)
    assert await land(strava, cookie, state=state, code=await thief.code(), scope=SCOPES) == "athlete_taken"
    assert (await first.status())["state"] == "connected"
    assert (await second.status())["state"] == "disconnected"


@pytest.mark.parametrize("setting", ["STRAVA_CLIENT_ID", "STRAVA_CLIENT_SECRET"])
async def test_an_application_with_wrong_credentials_is_refused(
    new_runner: NewRunner,
    strava: httpx2.AsyncClient,
    mint: TokenMint,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
) -> None:
    runner = await new_runner()
    state, cookie = await begin(runner, strava)
    code = await runner.code()
    monkeypatch.setenv(setting, "999")
    async with serving(create(), mint) as client:
        assert await land(client, cookie, state=state, code=code, scope=SCOPES) == "application_refused"
    assert (await runner.status())["state"] == "disconnected"
