from typing import Any

import httpx2
import pytest

TOKEN = "/api/v1/auth/token"
PASSWORD = "a long enough password"


async def test_oauth_clients_sign_in_and_refresh_with_forms(auth: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    form = {"grant_type": "password", "username": ana["email"], "password": PASSWORD, "scope": "", "client_id": "docs"}
    answer = await auth.post(TOKEN, data=form)
    given = answer.json()
    assert (answer.status_code, given["token_type"], given["expires_in"]) == (200, "Bearer", 600)
    assert answer.headers["cache-control"] == "no-store"
    again = await auth.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": given["refresh_token"]})
    assert again.json().keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert again.json()["refresh_token"] != given["refresh_token"]


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"grant_type": "password", "username": "ana@example.org", "password": "wrong"}, 401, "auth.login_refused"),
        ({"grant_type": "refresh_token", "refresh_token": "wrong"}, 401, "auth.refresh_refused"),
        ({"grant_type": "password", "username": "ana@example.org"}, 422, "request.invalid"),
        ({"grant_type": "refresh_token"}, 422, "request.invalid"),
        ({"grant_type": "client_credentials"}, 422, "request.invalid"),
        ({}, 422, "request.invalid"),
    ],
)
async def test_refusals_are_problem_documents(
    auth: httpx2.AsyncClient, ana: dict[str, Any], form: dict[str, str], status: int, code: str
) -> None:
    answer = await auth.post(TOKEN, data=form)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["username", "password"])
async def test_a_nul_character_is_only_wrong(auth: httpx2.AsyncClient, ana: dict[str, Any], name: str) -> None:
    form = {"grant_type": "password", "username": ana["email"], "password": PASSWORD, name: "a\x00b"}
    assert (await auth.post(TOKEN, data=form)).status_code in {401, 422}
    login = {"email": form["username"], "password": form["password"]}
    assert (await auth.post("/api/v1/auth/login", json=login)).status_code in {401, 422}
