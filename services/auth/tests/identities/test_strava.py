"""Sign-in with Strava, against its emulator."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import jwt
import pytest
from emulated import SCOPES, Emulated
from sqlalchemy import func, select
from store_stand_in import StoreStandIn
from travelling import JSON, Traveller, query_of

from auth.models import User
from common.db import Database
from common.testing.plugin import Environment
from common.testing.ports import free_port

Bearer = Callable[[dict[str, Any]], dict[str, str]]


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    emulated = Emulated(free_port(), tmp_path_factory.mktemp("emulator"))
    yield emulated
    emulated.stop()


@pytest.fixture
async def provider_environment(
    provider_environment: Environment, emulated: Emulated, monkeypatch: pytest.MonkeyPatch
) -> Environment:
    await emulated.start()
    await emulated.reset()
    strava = {
        "STRAVA_CLIENT_ID": "1",
        "STRAVA_CLIENT_SECRET": "emulator-secret",
        "STRAVA_OAUTH_BASE": emulated.url,
    }
    for name, value in strava.items():
        monkeypatch.setenv(name, value)
    return provider_environment | strava


@pytest.fixture
async def athlete(emulated: Emulated, provider_environment: Environment) -> int:
    assert provider_environment
    return await emulated.new_athlete(firstname="New", lastname="Runner")


async def code(emulated: Emulated, athlete: int) -> str:
    return str((await emulated.control("POST", f"/athletes/{athlete}/authorize", json={}))["code"])


async def go(
    browser: Traveller, emulated: Emulated, athlete: int, *, scope: str = SCOPES, **start: Any
) -> httpx2.Response:
    """To Strava and back."""
    state = query_of(await browser.start("strava", **start))["state"]
    answer = {"state": state, "code": await code(emulated, athlete), "scope": scope}
    url = f"{browser.home}/api/v1/auth/oauth/strava/callback"
    return await browser.client.get(url, params=answer, headers=JSON)


async def test_an_athlete_gets_an_account_without_an_address_and_is_connected(
    auth: httpx2.AsyncClient, browser: Traveller, emulated: Emulated, athlete: int, store: StoreStandIn, bearer: Bearer
) -> None:
    answer = await go(browser, emulated, athlete)
    assert answer.status_code == 200, answer.text
    me = (await auth.get("/api/v1/auth/me", headers=bearer(answer.json()))).json()
    assert (me["email"], me["display_name"]) == (None, "New Runner")
    [grant] = store.grants
    assert (grant["athlete_id"], grant["strava_athlete_id"]) == (me["id"], athlete)
    assert set(grant["scopes"]) == set(SCOPES.split(","))
    assert grant["access_token"]
    assert grant["refresh_token"]
    claims = jwt.decode(store.tokens[0].removeprefix("Bearer "), options={"verify_signature": False})
    assert claims["sub"] == "service:auth"
    again = await go(browser, emulated, athlete)
    assert (await auth.get("/api/v1/auth/me", headers=bearer(again.json()))).json()["id"] == me["id"]


async def test_the_way_to_strava_asks_for_what_the_activity_store_needs(
    browser: Traveller, emulated: Emulated, athlete: int
) -> None:
    assert athlete
    url = await browser.start("strava")
    assert url.startswith(f"{emulated.url}/oauth/authorize?")
    query = query_of(url)
    assert (query["scope"], query["client_id"]) == (SCOPES, "1")
    assert query["redirect_uri"] == f"{browser.home}/api/v1/auth/oauth/strava/callback"


async def test_without_leave_to_read_activities_the_sign_in_works_and_nothing_is_connected(
    browser: Traveller, emulated: Emulated, athlete: int, store: StoreStandIn
) -> None:
    assert (await go(browser, emulated, athlete, scope="read")).status_code == 200
    assert store.grants == []


async def test_who_was_here_before_signs_in_while_the_activity_store_is_down(
    browser: Traveller, emulated: Emulated, athlete: int, store: StoreStandIn
) -> None:
    assert (await go(browser, emulated, athlete)).status_code == 200
    store.answers = 503
    assert (await go(browser, emulated, athlete)).status_code == 200


async def test_an_athlete_whose_runs_are_in_another_account_gets_no_second_one(
    browser: Traveller, emulated: Emulated, athlete: int, store: StoreStandIn, database: Database
) -> None:
    store.connected[str(athlete)] = "01a1fc49-bdf4-7fea-864c-c1139c7e0bde"
    answer = await go(browser, emulated, athlete)
    assert (answer.status_code, answer.json()["code"]) == (409, "auth.link_needed")
    store.answers = 503
    assert (await go(browser, emulated, athlete)).status_code == 503
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 0


async def test_linking_strava_connects_it_too(
    browser: Traveller,
    emulated: Emulated,
    athlete: int,
    store: StoreStandIn,
    ana: dict[str, Any],
    tokens: dict[str, Any],
    bearer: Bearer,
) -> None:
    answer = await go(browser, emulated, athlete, headers=bearer(tokens), link="true")
    assert answer.json() == {"provider": "strava", "linked": True}
    assert [grant["athlete_id"] for grant in store.grants] == [ana["id"]]


async def test_a_code_of_another_provider_is_of_no_use(browser: Traveller, emulated: Emulated, athlete: int) -> None:
    state = query_of(await browser.start("google"))["state"]
    await browser.start("strava")
    url = f"{browser.home}/api/v1/auth/oauth/strava/callback"
    mixed = {"state": state, "code": await code(emulated, athlete), "scope": SCOPES}
    answer = await browser.client.get(url, params=mixed, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "auth.oauth_state_unknown")


@pytest.mark.parametrize("wrong", ["", "not-a-code", "\x00"])
async def test_a_code_that_strava_did_not_give_is_refused(browser: Traveller, athlete: int, wrong: str) -> None:
    assert athlete
    state = query_of(await browser.start("strava"))["state"]
    url = f"{browser.home}/api/v1/auth/oauth/strava/callback"
    answer = await browser.client.get(url, params={"state": state, "code": wrong, "scope": SCOPES}, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "auth.oauth_code_refused")


async def test_logout_ends_a_session_made_through_strava_and_leads_home(
    auth: httpx2.AsyncClient, browser: Traveller, emulated: Emulated, athlete: int, bearer: Bearer
) -> None:
    mine = (await go(browser, emulated, athlete)).json()
    ended = await auth.post("/api/v1/strava/logout", headers=bearer(mine))
    assert (ended.status_code, ended.headers["location"]) == (303, f"{browser.home}/")
    renewed = await auth.post("/api/v1/auth/refresh", json={"refresh_token": mine["refresh_token"]})
    assert renewed.status_code == 401


async def test_logout_leaves_sessions_made_otherwise_alone(
    auth: httpx2.AsyncClient, athlete: int, tokens: dict[str, Any], bearer: Bearer
) -> None:
    assert athlete
    refused = await auth.post("/api/v1/strava/logout", headers=bearer(tokens))
    assert (refused.status_code, refused.json()["code"]) == (409, "auth.not_through_provider")
    assert (await auth.post("/api/v1/strava/logout")).status_code == 401
    assert (await auth.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).status_code == 200
