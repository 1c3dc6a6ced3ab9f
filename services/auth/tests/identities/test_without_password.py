"""What an account without a password needs in its place: a new sign-in."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from travelling import Traveller

from common.db import Database

Bearer = Callable[[dict[str, Any]], dict[str, str]]
API = "/api/v1/auth"
NEW = "four words in a row"


def code_of(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def grow_old(database: Database, minutes: int) -> None:
    """Let the sign-ins lie back so far; renewing a session does not make it newer."""
    async with database.transaction() as session:
        await session.execute(text(f"UPDATE sessions SET created_at = now() - interval '{minutes} minutes'"))


@pytest.fixture
async def session(browser: Traveller) -> dict[str, Any]:
    """Tokens of who came from Google and has no password."""
    tokens: dict[str, Any] = (await browser.go()).json()
    return tokens


async def test_who_has_just_signed_in_sets_a_first_password_and_may_unlink(
    auth: httpx2.AsyncClient, session: dict[str, Any], bearer: Bearer
) -> None:
    headers = bearer(session)
    assert (await auth.post(f"{API}/password", json={"new_password": NEW}, headers=headers)).status_code == 204
    assert (await auth.delete(f"{API}/oauth/google", headers=headers)).status_code == 204
    login = {"email": "ana@example.org", "password": NEW}
    assert (await auth.post(f"{API}/login", json=login)).status_code == 200
    again = await auth.post(f"{API}/password", json={"new_password": "four other words"}, headers=headers)
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (422, "/body/current_password")


async def test_an_older_session_sets_no_password_even_renewed(
    auth: httpx2.AsyncClient, session: dict[str, Any], bearer: Bearer, database: Database
) -> None:
    await grow_old(database, 11)
    renewed = (await auth.post(f"{API}/refresh", json={"refresh_token": session["refresh_token"]})).json()
    answer = await auth.post(f"{API}/password", json={"new_password": NEW}, headers=bearer(renewed))
    assert code_of(answer) == (403, "auth.sign_in_again")
    await grow_old(database, 9)
    answer = await auth.post(f"{API}/password", json={"new_password": NEW}, headers=bearer(renewed))
    assert answer.status_code == 204


async def test_an_account_without_an_address_is_told_to_link_instead(
    auth: httpx2.AsyncClient, session: dict[str, Any], bearer: Bearer, database: Database
) -> None:
    async with database.transaction() as writing:
        await writing.execute(text("UPDATE users SET email = NULL"))
    answer = await auth.post(f"{API}/password", json={"new_password": NEW}, headers=bearer(session))
    assert code_of(answer) == (409, "auth.address_missing")
    assert "Link another provider" in answer.json()["next_steps"]


async def test_only_who_has_just_signed_in_deletes_the_account(
    auth: httpx2.AsyncClient, session: dict[str, Any], bearer: Bearer, database: Database
) -> None:
    await grow_old(database, 11)
    for body in ({}, {"password": NEW}):
        answer = await auth.request("DELETE", f"{API}/me", json=body, headers=bearer(session))
        assert code_of(answer) == (403, "auth.sign_in_again")
    await grow_old(database, 9)
    answer = await auth.request("DELETE", f"{API}/me", json={}, headers=bearer(session))
    assert answer.status_code == 202
