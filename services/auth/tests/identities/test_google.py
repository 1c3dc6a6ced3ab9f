"""Sign-in with an OpenID provider: what is believed, and what is not."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import jwt
import pytest
from openid_stand_in import CLIENT_ID, OpenIdStandIn
from sqlalchemy import func, select, text
from travelling import JSON, Traveller, query_of

from auth.models import Audit, Identity, OAuthFlow, User
from common.db import Database

Bearer = Callable[[dict[str, Any]], dict[str, str]]


def code_of(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def count(database: Database, model: Any) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def test_a_newcomer_gets_an_account_with_a_verified_address(
    auth: httpx2.AsyncClient, browser: Traveller, database: Database, bearer: Bearer
) -> None:
    tokens = (await browser.go()).json()
    me = (await auth.get("/api/v1/auth/me", headers=bearer(tokens))).json()
    assert (me["email"], me["display_name"], me["roles"]) == ("ana@example.org", "Ana of Google", ["athlete"])
    async with database.reading() as session:
        [user] = await session.scalars(select(User))
        acts = [row.action for row in await session.scalars(select(Audit).order_by(Audit.id))]
    assert (user.password_hash, user.email_proven_at is not None) == (None, True)
    assert acts == ["user.created", "identity.linked", "login"]


async def test_who_came_before_comes_to_the_same_account_even_with_another_address(
    browser: Traveller, google: OpenIdStandIn, database: Database
) -> None:
    first = (await browser.go()).json()
    google.person |= {"email": "married@example.org", "name": "Somebody Else"}
    second = (await browser.go()).json()
    subjects = {
        jwt.decode(each["access_token"], options={"verify_signature": False})["sub"] for each in (first, second)
    }
    assert (len(subjects), await count(database, User)) == (1, 1)


async def test_a_browser_comes_to_the_application_with_the_cookie_of_a_session(
    auth: httpx2.AsyncClient, browser: Traveller
) -> None:
    redirect = await browser.client.get(f"{browser.home}/api/v1/auth/oauth/google/start")
    assert redirect.status_code == 302
    for part in ("rt_oauth_google=", "HttpOnly", "SameSite=lax", "Path=/api/v1/auth/oauth/google"):
        assert part in redirect.headers["set-cookie"]
    response = await browser.land(await browser.agree(redirect.headers["location"]))
    assert (response.status_code, response.headers["location"]) == (303, f"{browser.home}/?signed_in=google")
    assert "rt_refresh=" in response.headers["set-cookie"]
    assert "SameSite=strict" in response.headers["set-cookie"]
    renewed = await browser.client.post(
        f"{browser.home}/api/v1/auth/refresh", headers={"X-Client": "web", "Origin": browser.home}
    )
    assert renewed.status_code == 200


async def test_the_way_there_carries_pkce_a_nonce_and_the_way_back(browser: Traveller, database: Database) -> None:
    query = query_of(await browser.start())
    assert query["client_id"] == CLIENT_ID
    assert query["redirect_uri"] == f"{browser.home}/api/v1/auth/oauth/google/callback"
    assert query["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= query.keys()
    async with database.reading() as session:
        [flow] = await session.scalars(select(OAuthFlow))
    stored = repr(vars(flow))
    assert not any(query[name] in stored for name in ("state", "nonce", "code_challenge"))


async def test_it_leads_back_only_to_listed_addresses(auth: httpx2.AsyncClient, browser: Traveller) -> None:
    listed = "https://app.example.org/start?from=here"
    response = await browser.land(await browser.agree(await browser.start(return_to=listed)))
    assert response.headers["location"] == f"{listed}&signed_in=google"
    for other in ("https://evil.example", f"{listed}x", "//evil.example", f"{browser.home}.evil.example"):
        refused = await auth.get("/api/v1/auth/oauth/google/start", params={"return_to": other})
        assert code_of(refused) == (422, "auth.return_refused")


async def test_who_denies_is_told_so_and_the_state_is_used_up(browser: Traveller) -> None:
    url = await browser.start()
    callback = await browser.agree(url)
    denied = f"{browser.home}/api/v1/auth/oauth/google/callback?state={query_of(url)['state']}&error=access_denied"
    sent = await browser.land(denied)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{browser.home}/?error=auth.provider_denied")
    assert code_of(await browser.land(callback, **JSON)) == (400, "auth.oauth_state_used")


async def test_a_state_is_good_once(browser: Traveller) -> None:
    callback = await browser.agree(await browser.start())
    assert (await browser.land(callback, **JSON)).status_code == 200
    assert code_of(await browser.land(callback, **JSON)) == (400, "auth.oauth_state_used")


async def test_of_two_that_come_back_with_one_state_one_is_let_in(browser: Traveller) -> None:
    callback = await browser.agree(await browser.start())
    answers = await asyncio.gather(*(browser.land(callback, **JSON) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 400]


async def test_two_first_sign_ins_at_once_make_one_account(browser: Traveller, database: Database) -> None:
    async with Traveller(browser.home) as other:
        answers = await asyncio.gather(browser.go(), other.go())
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await count(database, User), await count(database, Identity)) == (1, 1)


async def test_another_browser_cannot_finish_what_this_one_began(browser: Traveller) -> None:
    callback = await browser.agree(await browser.start())
    async with Traveller(browser.home) as thief:
        assert code_of(await thief.land(callback, **JSON)) == (400, "auth.oauth_cookie_missing")
        await thief.start()
        assert code_of(await thief.land(callback, **JSON)) == (400, "auth.oauth_state_unknown")
    # and it is still good for whom it was given to
    assert (await browser.land(callback, **JSON)).status_code == 200


async def test_a_way_back_that_took_too_long_is_refused(browser: Traveller, database: Database) -> None:
    callback = await browser.agree(await browser.start())
    async with database.transaction() as session:
        await session.execute(text("UPDATE oauth_flows SET expires_at = now() - interval '1 second'"))
    sent = await browser.land(callback)
    assert query_of(sent.headers["location"]) == {"error": "auth.oauth_state_expired"}


@pytest.mark.parametrize("state", ["", "unknown", "\x00", "x" * 4000])
async def test_a_state_that_nobody_gave_is_refused(browser: Traveller, state: str) -> None:
    await browser.start()
    url = f"{browser.home}/api/v1/auth/oauth/google/callback"
    response = await browser.client.get(url, params={"state": state, "code": "x"}, headers=JSON)
    assert code_of(response) == (400, "auth.oauth_state_unknown")


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
async def test_other_good_algorithms_are_believed(browser: Traveller, google: OpenIdStandIn, algorithm: str) -> None:
    google.algorithm = algorithm
    assert (await browser.go()).status_code == 200


async def test_a_key_that_the_provider_changed_is_asked_for_again(browser: Traveller, google: OpenIdStandIn) -> None:
    assert (await browser.go()).status_code == 200
    google.new_keys()
    assert (await browser.go()).status_code == 200


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512"])
async def test_id_tokens_of_other_algorithms_are_refused(
    browser: Traveller, google: OpenIdStandIn, database: Database, algorithm: str
) -> None:
    google.algorithm = algorithm
    assert code_of(await browser.go()) == (403, "auth.id_token_refused")
    assert await count(database, User) == 0


async def test_an_id_token_of_another_key_is_refused(browser: Traveller, google: OpenIdStandIn) -> None:
    google.signed_by_another = True
    assert code_of(await browser.go()) == (403, "auth.id_token_refused")


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"iss": "https://accounts.example"},
        {"aud": "another-application"},
        {"aud": [CLIENT_ID, "another-application"]},
        {"azp": "another-application"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": 5},
    ],
    ids=lambda claims: "-".join(f"{name}={value}" for name, value in claims.items()),
)
async def test_id_tokens_that_do_not_hold_are_refused(
    browser: Traveller, google: OpenIdStandIn, database: Database, claims: dict[str, Any]
) -> None:
    google.claims = claims
    assert code_of(await browser.go()) == (403, "auth.id_token_refused")
    assert await count(database, User) == 0


async def test_several_audiences_are_good_when_the_token_was_made_for_us(
    browser: Traveller, google: OpenIdStandIn
) -> None:
    google.claims = {"aud": [CLIENT_ID, "another-application"], "azp": CLIENT_ID}
    assert (await browser.go()).status_code == 200


@pytest.mark.parametrize("answer", [{}, {"id_token": "not a token"}, {"id_token": 5}, {"id_token": "x" * 20_000}])
async def test_answers_without_an_id_token_let_nobody_in(
    browser: Traveller, google: OpenIdStandIn, answer: dict[str, Any]
) -> None:
    google.token_answer = answer
    assert (await browser.go()).json()["code"] in {"auth.id_token_refused", "auth.provider_unavailable"}


async def test_an_answer_of_another_issuer_is_refused(browser: Traveller) -> None:
    callback = await browser.agree(await browser.start())
    mixed = callback.partition("&iss=")[0] + "&iss=https://accounts.example"
    assert code_of(await browser.land(mixed, **JSON)) == (403, "auth.id_token_refused")


async def test_a_code_that_was_not_given_for_this_way_is_refused(browser: Traveller, google: OpenIdStandIn) -> None:
    """A code stolen from another browser does not fit this one's PKCE verifier."""
    callback = await browser.agree(await browser.start())
    async with Traveller(browser.home) as victim:
        stolen = query_of(await victim.agree(await victim.start()))["code"]
    injected = callback.replace(f"code={query_of(callback)['code']}", f"code={stolen}")
    assert code_of(await browser.land(injected, **JSON)) == (400, "auth.oauth_code_refused")


async def test_while_the_provider_is_down_the_person_is_told(
    auth: httpx2.AsyncClient, browser: Traveller, google: OpenIdStandIn
) -> None:
    google.down = True
    refused = await auth.get("/api/v1/auth/oauth/google/start")
    assert code_of(refused) == (503, "auth.provider_unavailable")
    google.down = False
    callback = await browser.agree(await browser.start())
    google.down = True
    sent = await browser.land(callback)
    assert query_of(sent.headers["location"]) == {"error": "auth.provider_unavailable"}


async def test_a_configuration_of_another_issuer_is_not_used(auth: httpx2.AsyncClient, google: OpenIdStandIn) -> None:
    google.issuer_in_discovery = "https://accounts.example"
    refused = await auth.get("/api/v1/auth/oauth/google/start")
    assert code_of(refused) == (503, "auth.provider_unavailable")


async def test_a_provider_without_credentials_is_off_and_an_unknown_one_is_invalid(auth: httpx2.AsyncClient) -> None:
    assert code_of(await auth.get("/api/v1/auth/oauth/strava/start")) == (404, "auth.provider_off")
    assert code_of(await auth.get("/api/v1/auth/oauth/myspace/start")) == (422, "request.invalid")
