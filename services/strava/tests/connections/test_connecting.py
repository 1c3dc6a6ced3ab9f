from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from emulated import SCOPES, Emulated, Runner
from landing import COOKIE, begin, land
from looking import idle, jobs_of, make_due
from sqlalchemy import func, select, text

from common.db.tables import Job, OutboxEvent
from common.resources import Resources
from common.testing.plugin import Environment, serving
from common.testing.tokens import TokenMint
from common.testing.wait import eventually
from strava.main import create
from strava.models import Connection
from strava.sync.queueing import enqueue_activity

NewRunner = Callable[[], Awaitable[Runner]]


async def test_somebody_connects_and_sees_it(new_runner: NewRunner) -> None:
    runner = await new_runner()
    assert (await runner.status())["state"] == "disconnected"
    response = await runner.connect()
    assert response.status_code == 200
    status = await runner.status()
    assert (status["state"], status["configured"], status["reason"]) == ("connected", True, None)
    assert status["athlete"] == {"id": str(runner.strava_id), "name": "New Runner"}
    assert status["scopes"] == sorted(SCOPES.split(","))


async def test_the_way_to_strava_names_the_scopes_and_the_way_back(
    new_runner: NewRunner, strava_environment: Environment
) -> None:
    runner = await new_runner()
    redirect = await runner.here.request("GET", "/strava/auth")
    assert redirect.status_code == 302
    query = parse_qs(urlsplit(redirect.headers["location"]).query)
    assert query["redirect_uri"] == [f"{strava_environment['PUBLIC_URL']}/api/v1/strava/callback"]
    assert query["scope"] == ["read,activity:read_all,profile:read_all"]
    cookie = redirect.headers["set-cookie"]
    assert all(part in cookie for part in (COOKIE, "HttpOnly", "SameSite=lax", "Path=/api"))


async def test_the_way_to_strava_needs_a_sign_in(strava: httpx2.AsyncClient) -> None:
    assert (await strava.get("/api/v1/strava/auth")).status_code == 401


async def test_a_browser_lands_without_a_token_and_is_known_by_state_and_cookie(
    new_runner: NewRunner, strava: httpx2.AsyncClient
) -> None:
    runner = await new_runner()
    state, cookie = await begin(runner, strava)
    assert await land(strava, cookie, state=state, code=await runner.code(), scope=SCOPES) == "connected"
    assert (await runner.status())["state"] == "connected"


async def test_another_browser_cannot_finish_what_this_one_began(
    new_runner: NewRunner, strava: httpx2.AsyncClient
) -> None:
    victim, attacker = await new_runner(), await new_runner()
    state, cookie = await begin(victim, strava)
    stolen = {"state": state, "code": await attacker.code(), "scope": SCOPES}
    assert await land(strava, None, **stolen) == "state_unknown"
    assert await land(strava, "A" * 43, **stolen) == "state_unknown"
    response = await attacker.here.request("POST", "/strava/callback", json=stolen)
    assert (response.status_code, response.json()["code"]) == (400, "strava.state_unknown")
    # and the state is still good for whom it was given to
    assert await land(strava, cookie, state=state, code=await victim.code(), scope=SCOPES) == "connected"


async def test_who_denies_is_told_so_and_the_state_is_used_up(
    new_runner: NewRunner, strava: httpx2.AsyncClient
) -> None:
    runner = await new_runner()
    state, cookie = await begin(runner, strava)
    assert await land(strava, cookie, state=state, error="access_denied") == "denied"
    assert await land(strava, cookie, state=state, code=await runner.code(), scope=SCOPES) == "state_used"
    assert (await runner.status())["state"] == "disconnected"


@pytest.mark.parametrize("scope", ["", "read", "read,profile:read_all", "activity:write"])
async def test_without_leave_to_read_activities_no_connection_is_made(new_runner: NewRunner, scope: str) -> None:
    runner = await new_runner()
    response = await runner.connect(scope=scope)
    assert (response.status_code, response.json()["code"]) == (403, "strava.scope_missing")
    assert "ticked" in response.json()["next_steps"]
    assert (await runner.status())["state"] == "disconnected"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"state": "made-up"}, 400, "strava.state_unknown"),
        ({"state": "\x00"}, 400, "strava.state_unknown"),
        ({"state": "s" * 3000}, 422, "request.invalid"),
        ({"code": "made-up"}, 400, "strava.code_invalid"),
        ({"code": ""}, 400, "strava.code_invalid"),
        ({"code": None}, 422, "request.invalid"),
        ({"error": "access_denied"}, 403, "strava.denied"),
    ],
)
async def test_each_wrong_answer_has_its_own_outcome(
    new_runner: NewRunner, change: dict[str, Any], status: int, code: str
) -> None:
    runner = await new_runner()
    answer = {"state": await runner.begin(), "code": "c", "scope": SCOPES} | change
    response = await runner.here.request("POST", "/strava/callback", json=answer)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_a_state_is_good_for_ten_minutes(new_runner: NewRunner, resources: Resources) -> None:
    runner = await new_runner()
    state = await runner.begin()
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE oauth_states SET expires_at = expires_at - interval '601 seconds'"))
    answer = {"state": state, "code": await runner.code(), "scope": SCOPES}
    response = await runner.here.request("POST", "/strava/callback", json=answer)
    assert (response.status_code, response.json()["code"]) == (400, "strava.state_expired")


async def test_a_strava_athlete_belongs_to_one_account(
    new_runner: NewRunner, emulated: Emulated, resources: Resources
) -> None:
    first, second = await new_runner(), await new_runner()
    await first.connect()
    response = await Runner(second.here, emulated, first.strava_id).connect()
    assert (response.status_code, response.json()["code"]) == (409, "strava.athlete_taken")
    assert (await first.status())["state"] == "connected"


async def test_tokens_are_sealed_in_the_database(runner: Runner, resources: Resources) -> None:
    async with resources.database.transaction() as session:
        connection = (await session.scalars(select(Connection))).one()
        told = await session.scalar(select(func.string_agg(text("payload::text"), "")).select_from(OutboxEvent))
    assert connection.access_token.startswith(b"\x01\x02k1")
    assert len(connection.access_token) > 40
    assert "token_refreshed" not in str(told)
    assert "strava.connected" in str(told)


async def test_connecting_again_repairs_and_asks_for_the_gap(runner: Runner, resources: Resources) -> None:
    last = (await runner.status())["last_sync_at"]
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE strava_tokens SET state = 'degraded', reason = 'x'"))
    assert (await runner.connect()).status_code == 200
    status = await runner.status()
    assert (status["state"], status["reason"]) == ("connected", None)
    async with resources.database.transaction() as session:
        job = (await session.scalars(select(Job).where(Job.kind == "strava-sync").order_by(Job.id.desc()))).first()
    assert job is not None
    assert job.payload["after"] < last


async def test_disconnecting_deletes_the_tokens_and_takes_the_grant_back(
    runner: Runner, emulated: Emulated, resources: Resources
) -> None:
    assert (await runner.here.request("DELETE", "/strava/disconnect")).status_code == 204
    assert (await runner.status())["state"] == "disconnected"

    async def revoked() -> bool:
        people = await emulated.control("GET", "/athletes")
        return not next(each["authorized"] for each in people if each["id"] == runner.strava_id)

    await eventually(revoked, within=15, what="the revocation at Strava")
    async with resources.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Connection)) == 0
    assert (await runner.here.request("DELETE", "/strava/disconnect")).status_code == 204
    response = await runner.here.request("POST", "/strava/sync")
    assert (response.status_code, response.json()["code"]) == (409, "strava.not_connected")


@pytest.mark.parametrize("gone_already", [False, True])
async def test_where_strava_has_no_revoke_yet_the_grant_is_taken_back_as_before(
    runner: Runner, emulated: Emulated, resources: Resources, gone_already: bool
) -> None:
    before = await deauthorised(emulated)
    no_revoke = {"status": 404, "paths": ["/oauth/revoke"], "revoke_tokens": gone_already}
    await emulated.control("PUT", "/faults", json=no_revoke)
    await runner.here.request("DELETE", "/strava/disconnect")

    async def done() -> bool:
        return [each.state for each in await jobs_of(resources, "strava-revoke")] == ["done"]

    await eventually(done, within=15, what="the end of the job")
    assert await deauthorised(emulated) == before + 1
    people = {each["id"]: each["authorized"] for each in await emulated.control("GET", "/athletes")}
    assert people[runner.strava_id] is gone_already  # whose token is gone, of whom nothing is to be taken


async def deauthorised(emulated: Emulated) -> int:
    """How often the older way to take a grant back was gone."""
    return int((await emulated.control("GET", "/state"))["calls"].get("POST /oauth/deauthorize", 0))


async def test_the_athlete_is_shown_as_strava_has_them(runner: Runner) -> None:
    athlete = await runner.here.get("/strava/athlete")
    assert (athlete["profile"]["id"], athlete["profile"]["firstname"]) == (str(runner.strava_id), "New")
    assert "all_run_totals" in athlete["totals"]
    assert athlete["zones"]["heart_rate"]["zones"]


async def test_a_person_may_use_what_the_backfill_leaves_of_the_limit(runner: Runner, emulated: Emulated) -> None:
    limits = {"read": [100, 1000], "read_usage": [80, 80]}
    await emulated.control("PUT", "/limits", json=limits)
    for _ in range(2):  # the first answer tells how little is left
        assert (await runner.here.get("/strava/athlete"))["profile"]["id"] == str(runner.strava_id)


async def test_an_inactive_application_is_named_to_the_operator(runner: Runner, emulated: Emulated) -> None:
    await emulated.control("PUT", "/faults", json={"inactive_application": True})
    response = await runner.here.request("GET", "/strava/athlete")
    assert (response.status_code, response.json()["code"]) == (503, "strava.application_inactive")
    assert "subscription" in response.json()["next_steps"]


async def test_a_strava_that_is_down_is_a_503_and_uses_the_state_up(new_runner: NewRunner, emulated: Emulated) -> None:
    runner = await new_runner()
    answer = {"state": await runner.begin(), "code": await runner.code(), "scope": SCOPES}
    await emulated.control("PUT", "/faults", json={"status": 503, "paths": ["/oauth/token"]})
    response = await runner.here.request("POST", "/strava/callback", json=answer)
    assert response.status_code == 503
    assert (await runner.status())["state"] == "disconnected"


async def test_without_an_application_strava_is_not_set_up(
    strava_environment: Environment, mint: TokenMint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in strava_environment.items():
        monkeypatch.setenv(name, "" if name.startswith("STRAVA_") and "RETRY" not in name else value)
    async with serving(create(), mint) as client:
        headers = mint.headers()
        for method, path in (("GET", "auth"), ("GET", "athlete"), ("POST", "sync")):
            response = await client.request(method, f"/api/v1/strava/{path}", headers=headers)
            assert (response.status_code, response.json()["code"]) == (409, "strava.not_configured")
        status = await client.get("/api/v1/strava/status", headers=headers)
        assert (status.json()["configured"], status.json()["state"]) == (False, "disconnected")
        assert (await client.get("/api/v1/strava/webhook/x")).status_code == 404
        assert (await client.post("/api/v1/strava/webhook/", json={})).status_code == 404


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"most_athletes": 0}, 409, "at_capacity"),
        ({"inactive_application": True}, 503, "application_inactive"),
        ({"status": 503, "paths": ["/oauth/token"]}, 503, "failed"),
    ],
)
async def test_what_strava_says_of_the_application_is_told_in_a_browser_and_in_an_app(
    new_runner: NewRunner,
    strava: httpx2.AsyncClient,
    emulated: Emulated,
    fault: dict[str, Any],
    status: int,
    code: str,
) -> None:
    runner = await new_runner()
    answer = {"state": await runner.begin(), "code": await runner.code(), "scope": SCOPES}
    state, cookie = await begin(runner, strava)
    second = await runner.code()
    await emulated.control("PUT", "/faults", json=fault)
    response = await runner.here.request("POST", "/strava/callback", json=answer)
    assert response.status_code == status, response.text
    if code != "failed":
        assert response.json()["code"] == f"strava.{code}"
        assert "operator" in response.json()["next_steps"]
    assert await land(strava, cookie, state=state, code=second, scope=SCOPES) == code
    assert (await runner.status())["state"] == "disconnected"


async def test_leave_to_write_is_asked_for_only_when_it_is_wanted(new_runner: NewRunner) -> None:
    runner = await new_runner()
    redirect = await runner.here.request("GET", "/strava/auth", params={"write": "true"})
    query = parse_qs(urlsplit(redirect.headers["location"]).query)
    assert query["scope"] == ["read,activity:read_all,profile:read_all,activity:write"]


async def test_a_browser_that_comes_again_is_told_that_it_was_here(
    new_runner: NewRunner, strava: httpx2.AsyncClient
) -> None:
    runner = await new_runner()
    state, cookie = await begin(runner, strava)
    answer = {"state": state, "code": await runner.code(), "scope": SCOPES}
    assert await land(strava, cookie, **answer) == "connected"
    assert await land(strava, None, **answer) == "state_used"  # reloaded: the cookie went with the first answer


async def test_the_holder_of_an_athlete_goes_on_when_another_account_tries_to_connect_it(
    new_runner: NewRunner, emulated: Emulated, resources: Resources
) -> None:
    """Other scopes make Strava give out another pair, and end the one that the holder has."""
    first, second = await new_runner(), await new_runner()
    await first.connect()
    fewer = "read,activity:read_all"
    assert (await Runner(second.here, emulated, first.strava_id).connect(scope=fewer)).status_code == 409
    await emulated.control("PUT", f"/athletes/{first.strava_id}/tokens", json={"expires_in": -1})
    assert (await first.here.get("/strava/athlete"))["profile"]["id"] == str(first.strava_id)
    status = await first.status()
    assert (status["state"], status["scopes"]) == ("connected", sorted(fewer.split(",")))
    assert (await second.status())["state"] == "disconnected"


async def test_connecting_another_athlete_takes_leave_of_the_former(
    runner: Runner, new_runner: NewRunner, emulated: Emulated, resources: Resources
) -> None:
    await runner.sees(await runner.runs())
    async with resources.database.transaction() as session:
        enqueue_activity(session, runner.here.id, 1, urgent=False, delay=3600)
    other = Runner(runner.here, emulated, (await new_runner()).strava_id)
    connected = (await other.connect()).json()
    assert connected["athlete"]["id"] == str(other.strava_id)
    assert connected["purge"]["activities"] == 1

    async def revoked() -> bool:
        people = {each["id"]: each["authorized"] for each in await emulated.control("GET", "/athletes")}
        return (people[runner.strava_id], people[other.strava_id]) == (False, True)

    await eventually(revoked, within=15, what="the end of the former grant")
    assert [each.state for each in await jobs_of(resources, "strava-activity")] == []


async def test_who_connects_again_at_once_keeps_the_connection(
    runner: Runner, emulated: Emulated, resources: Resources
) -> None:
    """The grant that a disconnect is still to take back at Strava is the one of the new connection."""
    await emulated.control("PUT", "/faults", json={"status": 503, "paths": ["/oauth/revoke"]})
    await runner.here.request("DELETE", "/strava/disconnect")

    async def tried() -> bool:
        return any(each.reason for each in await jobs_of(resources, "strava-revoke"))

    await eventually(tried, within=15, what="a try to take it back")
    await emulated.control("PUT", "/faults", json={})
    assert (await runner.connect()).status_code == 200

    async def over() -> bool:
        await make_due(resources)
        await resources.waker.wake("strava")
        return await idle(resources)

    await eventually(over, within=20, what="all jobs")
    assert (await runner.here.get("/strava/athlete"))["profile"]["id"] == str(runner.strava_id)
    assert (await runner.status())["state"] == "connected"
