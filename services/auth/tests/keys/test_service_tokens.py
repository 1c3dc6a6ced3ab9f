from typing import Any

import httpx2
import jwt
import pytest

GOOD = {"grant_type": "client_credentials", "client_id": "strava", "client_secret": "secret of strava for tests"}


async def ask(auth: httpx2.AsyncClient, **changes: Any) -> httpx2.Response:
    return await auth.post("/internal/token", data={**GOOD, **changes})


async def test_a_service_gets_a_short_token_that_speaks_for_it_alone(auth: httpx2.AsyncClient) -> None:
    answer = await ask(auth)
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["scope"], claims["roles"]) == ("service:strava", "internal", [])
    assert (claims["exp"] - claims["iat"], answer.json()["expires_in"]) == (300, 300)
    assert "sid" not in claims
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": "guessed"},
        {"client_secret": GOOD["client_secret"][:-1]},
        {"client_id": "unknown"},
        {"client_id": "unknown", "client_secret": ""},
        {"client_secret": "p\u00e4ssword \x00"},
        {"client_id": "\x00"},
    ],
)
async def test_unknown_services_and_wrong_secrets_are_refused_alike(
    auth: httpx2.AsyncClient, changes: dict[str, str]
) -> None:
    answer = await ask(auth, **changes)
    expected = {"auth.client_refused"} if answer.status_code == 401 else {"request.invalid"}
    assert answer.status_code in {401, 422}
    assert {answer.json()["code"]} == expected


@pytest.mark.parametrize("changes", [{"scope": "all"}, {"scope": "internal admin"}, {"grant_type": "password"}])
async def test_no_other_scope_or_grant_can_be_had(auth: httpx2.AsyncClient, changes: dict[str, str]) -> None:
    assert (await ask(auth, **changes)).status_code == 422


async def test_a_services_token_is_no_persons(auth: httpx2.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {(await ask(auth)).json()['access_token']}"}
    for method, path in [("GET", "me"), ("GET", "sessions"), ("GET", "tokens"), ("POST", "logout-all")]:
        answer = await auth.request(method, f"/api/v1/auth/{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.user_required")
