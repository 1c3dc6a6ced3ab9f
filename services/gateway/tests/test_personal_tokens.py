import jwt
import pytest
from gateway_doubles import AuthDouble, Builder, Echo, Platform

from common.testing.wait import eventually

PERSONAL = {"Authorization": "Bearer rt_pat_for-tests"}
USER = "7a0f7e0c-8a3f-4d3e-9c53-0c4f6c0f5b11"


def auth_with(**claims: object) -> AuthDouble:
    return AuthDouble(personal={"rt_pat_for-tests": {"subject": USER, "sid": "token-1"} | claims})


@pytest.fixture
async def with_token(builder: Builder, strava: Echo) -> Platform:
    return await builder.gateway(strava=strava, auth=auth_with(scope="activities:read"))


async def test_a_service_gets_an_access_token_in_place_of_a_personal_one(with_token: Platform, strava: Echo) -> None:
    for _ in range(3):
        assert (await with_token.client.get("/api/v1/activities", headers=PERSONAL)).status_code == 200
    got = [seen.header("authorization") or "" for seen in strava.seen]
    claims = jwt.decode(got[0].removeprefix("Bearer "), options={"verify_signature": False})
    assert (claims["sub"], claims["sid"], claims["scope"]) == (USER, "token-1", "activities:read")
    assert not any("rt_pat_" in header for header in got)
    assert with_token.auth.exchanged == [{"token": "rt_pat_for-tests", "address": "127.0.0.1"}]


async def test_an_unknown_personal_token_is_refused_and_guessing_ends_at_the_limit(builder: Builder) -> None:
    strava = Echo()
    platform = await builder.gateway(strava=strava, auth=auth_with(), rate_address=4)
    assert (await platform.client.get("/api/v1/activities", headers=PERSONAL)).status_code == 200
    statuses = []
    for number in range(8):
        guess = {"Authorization": f"Bearer rt_pat_guess-{number}"}
        answer = await platform.client.get("/api/v1/activities", headers=guess)
        statuses.append(answer.status_code)
    assert statuses == [401] * 4 + [429] * 4
    assert len(platform.auth.exchanged) <= 1 + 5, "auth is left alone once the limit is spent"
    assert (await platform.client.get("/api/v1/activities", headers=PERSONAL)).status_code == 200, "a known one passes"
    assert len(strava.seen) == 2


async def test_a_revoked_personal_token_ends_at_once(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, auth=auth_with(), revocation_poll_seconds=0.1)

    async def status() -> int:
        return (await platform.client.get("/api/v1/activities", headers=PERSONAL)).status_code

    assert await status() == 200
    platform.auth.revoke("sid", "token-1")

    async def refused() -> bool:
        return await status() == 401

    await eventually(refused, within=3)


async def test_a_token_may_have_a_limit_of_its_own(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, auth=auth_with(rpm=12))
    answers = [await platform.client.get("/api/v1/activities", headers=PERSONAL) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert answers[0].headers["ratelimit-policy"] == '"token";q=12;w=60'
    session = platform.auth.mint.headers(USER)
    assert (await platform.client.get("/api/v1/activities", headers=session)).status_code == 200


async def test_a_personal_token_counts_for_its_person_too(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, auth=auth_with(rpm=6000), rate_user=60, rate_user_burst=3)
    statuses = [(await platform.client.get("/api/v1/activities", headers=PERSONAL)).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]


async def test_while_auth_is_away_personal_tokens_are_a_503_and_sessions_work(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, auth=auth_with())
    assert (await platform.get("/api/v1/activities")).status_code == 200
    await builder.servers.stop(str(platform.gateway._settings.auth_url))
    assert (await platform.get("/api/v1/activities")).status_code == 200
    answer = await platform.client.get("/api/v1/activities", headers={"Authorization": "Bearer rt_pat_other"})
    assert answer.status_code in {502, 503}
    assert answer.json()["retryable"]
