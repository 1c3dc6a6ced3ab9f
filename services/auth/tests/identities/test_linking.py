"""One person, one account, and nobody else's."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from openid_stand_in import OpenIdStandIn
from sqlalchemy import select, text
from travelling import JSON, Traveller, query_of

from auth.models import Audit, Identity, User
from common.db import Database
from common.testing.wait import eventually

Bearer = Callable[[dict[str, Any]], dict[str, str]]
OAUTH = "/api/v1/auth/oauth"
PASSWORD = "a long enough password"


def code_of(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def execute(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(statement))


async def linked(auth: httpx2.AsyncClient, headers: dict[str, str]) -> list[str]:
    response = await auth.get(OAUTH, headers=headers)
    assert response.status_code == 200, response.text
    return [each["provider"] for each in response.json()["items"] if each["linked_at"]]


async def test_a_proven_address_links_by_itself_and_the_log_says_so(
    auth: httpx2.AsyncClient,
    browser: Traveller,
    database: Database,
    ana: dict[str, Any],
    tokens: dict[str, Any],
    bearer: Bearer,
) -> None:
    await execute(database, "UPDATE users SET email_proven_at = now()")
    mine = (await browser.go()).json()
    assert (await auth.get("/api/v1/auth/me", headers=bearer(mine))).json()["id"] == ana["id"]
    assert await linked(auth, bearer(tokens)) == ["google"]
    async with database.reading() as session:
        [row] = await session.scalars(select(Audit).where(Audit.action == "identity.linked"))
    assert (row.actor, row.details) == (ana["id"], {"provider": "google", "by": "address"})


@pytest.mark.parametrize(
    ("proven", "verified"), [(False, True), (True, False), (False, False)], ids=["here", "there", "both"]
)
async def test_an_address_unproven_on_either_side_opens_no_account(
    browser: Traveller,
    google: OpenIdStandIn,
    database: Database,
    ana: dict[str, Any],
    proven: bool,
    verified: bool,
) -> None:
    """Neither who claims the address at the provider nor who registered it here first gets the other's account."""
    if proven:
        await execute(database, "UPDATE users SET email_proven_at = now()")
    google.person["email_verified"] = verified
    assert code_of(await browser.go()) == (409, "auth.link_needed")
    async with database.reading() as session:
        assert (await session.scalars(select(Identity))).all() == []
        [row] = await session.scalars(select(Audit).where(Audit.outcome == "refused"))
    assert (row.actor, row.details) == (ana["id"], {"method": "google", "code": "auth.link_needed"})


@pytest.mark.parametrize("word", ["true", 1, None, False])
async def test_only_a_plain_true_counts_as_verified(browser: Traveller, google: OpenIdStandIn, word: Any) -> None:
    google.person["email_verified"] = word
    assert code_of(await browser.go()) == (403, "auth.provider_email_unverified")


async def test_a_person_links_while_signed_in_and_then_signs_in_with_it(
    auth: httpx2.AsyncClient, browser: Traveller, ana: dict[str, Any], tokens: dict[str, Any], bearer: Bearer
) -> None:
    assert await linked(auth, bearer(tokens)) == []
    answer = await browser.go(headers=bearer(tokens), link="true")
    assert (answer.status_code, answer.json()) == (200, {"provider": "google", "linked": True})
    assert await linked(auth, bearer(tokens)) == ["google"]
    mine = (await browser.go()).json()
    assert (await auth.get("/api/v1/auth/me", headers=bearer(mine))).json()["id"] == ana["id"]


async def test_a_browser_that_links_comes_back_without_a_new_session(
    browser: Traveller, tokens: dict[str, Any], bearer: Bearer
) -> None:
    response = await browser.land(await browser.agree(await browser.start(headers=bearer(tokens), link="true")))
    assert query_of(response.headers["location"]) == {"linked": "google"}
    assert "set-cookie" not in response.headers


async def test_linking_needs_a_session_that_still_stands(
    auth: httpx2.AsyncClient, browser: Traveller, tokens: dict[str, Any], bearer: Bearer
) -> None:
    assert (await auth.get(f"{OAUTH}/google/start?link=true")).status_code == 401
    callback = await browser.agree(await browser.start(headers=bearer(tokens), link="true"))
    await auth.post("/api/v1/auth/logout", headers=bearer(tokens))
    assert code_of(await browser.land(callback, **JSON)) == (401, "auth.session_ended")
    again = await auth.get(f"{OAUTH}/google/start?link=true", headers=bearer(tokens))
    assert code_of(again) == (401, "auth.session_ended")


async def test_an_identity_belongs_to_one_account(
    auth: httpx2.AsyncClient, browser: Traveller, google: OpenIdStandIn, tokens: dict[str, Any], bearer: Bearer
) -> None:
    google.person["email"] = "another@example.org"
    theirs = (await browser.go()).json()
    assert code_of(await browser.go(headers=bearer(tokens), link="true")) == (409, "auth.identity_taken")
    google.person["sub"] = "g-2"
    assert (await browser.go(headers=bearer(tokens), link="true")).status_code == 200
    google.person["sub"] = "g-3"
    assert code_of(await browser.go(headers=bearer(tokens), link="true")) == (409, "auth.provider_linked")
    assert await linked(auth, bearer(theirs)) == ["google"]


async def test_linking_twice_is_no_error(browser: Traveller, tokens: dict[str, Any], bearer: Bearer) -> None:
    for _ in range(2):
        assert (await browser.go(headers=bearer(tokens), link="true")).status_code == 200


async def test_two_accounts_that_link_one_identity_at_once_do_not_both_get_it(
    auth: httpx2.AsyncClient, browser: Traveller, database: Database, tokens: dict[str, Any], bearer: Bearer
) -> None:
    body = {"email": "bo@example.org", "password": PASSWORD, "display_name": "Bo"}
    await auth.post("/api/v1/auth/register", json=body)
    other = (await auth.post("/api/v1/auth/login", json=body)).json()
    async with Traveller(browser.home) as second:
        answers = await asyncio.gather(
            browser.go(headers=bearer(tokens), link="true"), second.go(headers=bearer(other), link="true")
        )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    async with database.reading() as session:
        assert len((await session.scalars(select(Identity))).all()) == 1


async def test_unlinking_takes_the_way_in_away(
    auth: httpx2.AsyncClient, browser: Traveller, tokens: dict[str, Any], bearer: Bearer
) -> None:
    await browser.go(headers=bearer(tokens), link="true")
    assert (await auth.delete(f"{OAUTH}/google", headers=bearer(tokens))).status_code == 204
    assert await linked(auth, bearer(tokens)) == []
    assert code_of(await auth.delete(f"{OAUTH}/google", headers=bearer(tokens))) == (404, "auth.provider_not_linked")


async def test_the_only_way_in_stays(auth: httpx2.AsyncClient, browser: Traveller, bearer: Bearer) -> None:
    mine = bearer((await browser.go()).json())
    assert code_of(await auth.delete(f"{OAUTH}/google", headers=mine)) == (409, "auth.last_sign_in")
    assert await linked(auth, mine) == ["google"]


async def test_an_account_without_a_password_is_not_opened_by_any(auth: httpx2.AsyncClient, browser: Traveller) -> None:
    await browser.go()
    body = {"email": "ana@example.org", "password": PASSWORD}
    assert code_of(await auth.post("/api/v1/auth/login", json=body)) == (401, "auth.login_refused")


async def test_a_disabled_account_is_closed_to_its_provider_too(
    browser: Traveller, google: OpenIdStandIn, database: Database
) -> None:
    assert (await browser.go()).status_code == 200
    await execute(database, "UPDATE users SET disabled_at = now()")
    assert code_of(await browser.go()) == (403, "auth.account_disabled")
    google.person["sub"] = "g-2"  # another identity with the same address
    assert code_of(await browser.go()) == (403, "auth.account_disabled")
    async with database.reading() as session:
        assert len((await session.scalars(select(Identity))).all()) == 1
        assert len((await session.scalars(select(User))).all()) == 1


async def test_an_account_that_is_just_being_disabled_is_not_opened_by_its_address(
    browser: Traveller, database: Database, ana: dict[str, Any]
) -> None:
    await execute(database, "UPDATE users SET email_proven_at = now()")
    async with database.transaction() as session:
        await session.execute(text("UPDATE users SET disabled_at = now()"))
        arriving = asyncio.create_task(browser.go())

        async def waits() -> bool:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = current_user"
            async with database.reading() as looking:
                return arriving.done() or bool(await looking.scalar(text(waiting)))

        await eventually(waits, within=10)
    assert code_of(await arriving) == (403, "auth.account_disabled")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("", "Athlete"), ("  Two\nlines\x00 ", "Two lines"), ("x" * 300, "x" * 100), (5, "Athlete")],
    ids=["none", "unprintable", "long", "number"],
)
async def test_names_of_providers_take_our_form(
    auth: httpx2.AsyncClient, browser: Traveller, google: OpenIdStandIn, bearer: Bearer, name: Any, shown: str
) -> None:
    google.person["name"] = name
    mine = (await browser.go()).json()
    assert (await auth.get("/api/v1/auth/me", headers=bearer(mine))).json()["display_name"] == shown


async def test_the_list_of_providers_has_a_tag(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], bearer: Bearer
) -> None:
    first = await auth.get(OAUTH, headers=bearer(tokens))
    assert [(each["provider"], each["available"]) for each in first.json()["items"]] == [
        ("google", True),
        ("strava", False),
    ]
    same = await auth.get(OAUTH, headers={**bearer(tokens), "If-None-Match": first.headers["etag"]})
    assert same.status_code == 304
