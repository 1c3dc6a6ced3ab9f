from typing import Any

import httpx2
import pytest
from rows import scalar
from sqlalchemy import text

from common.db import Database
from common.testing.plugin import Environment

API = "/api/v1/auth"
PASSWORD = "a long enough password"
NEW = "another long password"


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def login(auth: httpx2.AsyncClient, password: str = PASSWORD) -> httpx2.Response:
    return await auth.post(f"{API}/login", json={"email": "ana@example.org", "password": password})


async def change(auth: httpx2.AsyncClient, tokens: dict[str, Any], old: str, new: str) -> httpx2.Response:
    body = {"current_password": old, "new_password": new}
    return await auth.post(f"{API}/password", json=body, headers=bearer(tokens))


async def test_a_new_password_ends_all_other_sessions(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    other = (await login(auth)).json()
    assert (await change(auth, tokens, PASSWORD, NEW)).status_code == 204
    refreshed = [
        (await auth.post(f"{API}/refresh", json={"refresh_token": each["refresh_token"]})).status_code
        for each in (tokens, other)
    ]
    assert refreshed == [200, 401]
    assert [(await login(auth, each)).status_code for each in (PASSWORD, NEW)] == [401, 200]


async def test_changing_needs_the_present_password(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    answer = await change(auth, tokens, "not the right password", NEW)
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.password_wrong")
    assert (await login(auth)).status_code == 200


async def test_an_open_browser_is_no_place_to_guess_passwords(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    guesses = [(await change(auth, tokens, f"guess number {n}", NEW)).status_code for n in range(6)]
    assert guesses == [403] * 5 + [429]


async def test_a_personal_token_cannot_change_the_password(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    body = {"name": "script", "scopes": ["profile:write"]}
    made = (await auth.post(f"{API}/tokens", json=body, headers=bearer(tokens))).json()
    answer = await change(auth, {"access_token": made["token"]}, PASSWORD, NEW)
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.session_required")


@pytest.mark.parametrize("password", ["password1234", "newcomer2026!", "runningtrainer", "qwertyuiop12"])
async def test_registering_with_a_common_password_is_refused(auth: httpx2.AsyncClient, password: str) -> None:
    body = {"email": "newcomer@example.org", "password": password, "display_name": "New"}
    answer = await auth.post(f"{API}/register", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "auth.password_common")
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/body/password"]
    assert password not in answer.text


async def test_without_a_mail_server_forgetting_is_answered_and_nothing_queued(
    auth: httpx2.AsyncClient, ana: dict[str, Any], auth_environment: Environment
) -> None:
    assert (await auth.post(f"{API}/password/forgot", json={"email": ana["email"]})).status_code == 202
    assert await scalar(auth_environment, "SELECT count(*) FROM jobs") == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("password/reset", {"token": "made up", "new_password": NEW}),
        ("password/reset", {"token": "\x00", "new_password": NEW}),
        ("verify-email", {"token": "made up"}),
    ],
)
async def test_made_up_tokens_are_refused(auth: httpx2.AsyncClient, path: str, body: dict[str, str]) -> None:
    answer = await auth.post(f"{API}/{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "auth.link_invalid")


async def test_every_act_is_in_the_audit_log_by_ids(
    auth: httpx2.AsyncClient, ana: dict[str, Any], tokens: dict[str, Any], auth_environment: Environment
) -> None:
    await change(auth, tokens, "not the right password", NEW)
    await change(auth, tokens, PASSWORD, NEW)
    database = Database(auth_environment["DATABASE_URL"], service="auth", pool_size=1)
    async with database.transaction() as session:
        rows = await session.execute(text("SELECT actor, action, outcome, a::text AS whole FROM audits a"))
        told = list(rows)
    await database.aclose()
    assert {(row.action, row.outcome) for row in told} >= {
        ("account.registered", "ok"),
        ("login", "ok"),
        ("password.confirm", "refused"),
        ("password.changed", "ok"),
    }
    assert {row.actor for row in told} == {ana["id"]}
    assert not [row.whole for row in told if "example.org" in row.whole or "Ana" in row.whole]
