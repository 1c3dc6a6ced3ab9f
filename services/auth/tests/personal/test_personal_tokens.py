from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import jwt
import pytest
from rows import execute, scalar

from auth.admin import ensure_account
from auth.personal.form import is_well_formed, new_personal_token
from auth.settings import AuthSettings
from common.testing.plugin import Environment

API = "/api/v1/auth"
PASSWORD = "a long enough password"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def mine(tokens: dict[str, Any]) -> dict[str, str]:
    return bearer(tokens["access_token"])


@pytest.fixture
async def service(auth: httpx2.AsyncClient) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": "strava", "client_secret": "secret of strava for tests"}
    return bearer((await auth.post("/internal/token", data=form)).json()["access_token"])


async def make(auth: httpx2.AsyncClient, headers: dict[str, str], **body: Any) -> httpx2.Response:
    asked = {"name": "My script", "scopes": ["activities:read"], **body}
    return await auth.post(f"{API}/tokens", json=asked, headers=headers)


async def exchange(auth: httpx2.AsyncClient, service: dict[str, str], token: str) -> httpx2.Response:
    body = {"token": token, "address": "192.0.2.1"}
    return await auth.post("/internal/personal-tokens", json=body, headers=service)


def claims_of(answer: httpx2.Response) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    return claims


def test_a_scanner_can_tell_a_token_from_other_text() -> None:
    token = new_personal_token()
    assert token.startswith("rt_pat_")
    assert len(token) == len("rt_pat_") + 43 + 6
    assert is_well_formed(token)
    changed = token[:20] + ("a" if token[20] != "a" else "b") + token[21:]
    assert not any(is_well_formed(each) for each in (changed, token[:-1], "rt_pat_", "", "rt_pat_\u00fc" + token[7:]))


async def test_a_token_is_shown_once_and_listed_without_itself(
    auth: httpx2.AsyncClient, mine: dict[str, str], auth_environment: Environment
) -> None:
    made = await make(auth, mine, scopes=["activities:read", "training:write"], rate_limit=30)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    token = made.json()["token"]
    listed = await auth.get(f"{API}/tokens", headers=mine)
    assert listed.json() == {
        "items": [{name: value for name, value in made.json().items() if name != "token"}],
        "next_cursor": None,
    }
    assert listed.json()["items"][0]["scopes"] == ["activities:read", "training:write"]
    same = await auth.get(f"{API}/tokens", headers={**mine, "If-None-Match": listed.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert token not in await scalar(auth_environment, "SELECT string_agg(t::text, ' ') FROM personal_tokens t")


async def test_a_service_gets_a_short_access_token_for_it(
    auth: httpx2.AsyncClient, mine: dict[str, str], ana: dict[str, Any], service: dict[str, str]
) -> None:
    made = (await make(auth, mine, rate_limit=30)).json()
    answer = await exchange(auth, service, made["token"])
    claims = claims_of(answer)
    assert {name: claims[name] for name in ("sub", "sid", "scope", "client_id", "rpm", "roles")} == {
        "sub": ana["id"],
        "sid": made["id"],
        "scope": "activities:read",
        "client_id": "pat",
        "rpm": 30,
        "roles": ["athlete"],
    }
    assert answer.json()["expires_in"] == claims["exp"] - claims["iat"] == 600
    assert (await auth.get(f"{API}/tokens", headers=mine)).json()["items"][0]["last_used_at"] is not None


async def test_without_a_limit_of_its_own_the_access_token_names_none(
    auth: httpx2.AsyncClient, mine: dict[str, str], service: dict[str, str]
) -> None:
    made = (await make(auth, mine)).json()
    assert "rpm" not in claims_of(await exchange(auth, service, made["token"]))


async def test_an_access_token_does_not_outlive_the_personal_one(
    auth: httpx2.AsyncClient, mine: dict[str, str], service: dict[str, str]
) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    made = (await make(auth, mine, expires_at=soon)).json()
    answer = await exchange(auth, service, made["token"])
    assert 50 <= answer.json()["expires_in"] <= 60


@pytest.mark.parametrize(
    "ending",
    [
        "UPDATE personal_tokens SET expires_at = now() - interval '1 second'",
        "UPDATE users SET disabled_at = now()",
        "DELETE FROM users",
    ],
)
async def test_tokens_that_are_over_are_not_exchanged(
    auth: httpx2.AsyncClient,
    mine: dict[str, str],
    service: dict[str, str],
    auth_environment: Environment,
    ending: str,
) -> None:
    made = (await make(auth, mine)).json()
    await execute(auth_environment, ending)
    assert (await exchange(auth, service, made["token"])).status_code == 404


async def test_unknown_tokens_are_not_exchanged(auth: httpx2.AsyncClient, service: dict[str, str]) -> None:
    for token in (new_personal_token(), "rt_pat_nonsense", "", "\x00", "rt_pat_" + "\u00fc" * 60):
        assert (await exchange(auth, service, token)).status_code == 404


async def test_only_services_may_exchange(auth: httpx2.AsyncClient, mine: dict[str, str]) -> None:
    made = (await make(auth, mine)).json()
    assert (await exchange(auth, mine, made["token"])).status_code == 403
    assert (await exchange(auth, {}, made["token"])).status_code == 401


async def test_deleting_a_token_ends_it_and_what_was_given_for_it(
    auth: httpx2.AsyncClient, mine: dict[str, str], service: dict[str, str]
) -> None:
    made = (await make(auth, mine)).json()
    assert (await auth.delete(f"{API}/tokens/{made['id']}", headers=mine)).status_code == 204
    assert (await exchange(auth, service, made["token"])).status_code == 404
    revoked = (await auth.get("/internal/revocations", headers=service)).json()["items"]
    assert [(each["kind"], each["value"]) for each in revoked] == [("sid", made["id"])]
    assert (await auth.delete(f"{API}/tokens/{made['id']}", headers=mine)).status_code == 404


async def test_tokens_of_others_cannot_be_seen_or_deleted(auth: httpx2.AsyncClient, mine: dict[str, str]) -> None:
    made = (await make(auth, mine)).json()
    body = {"email": "bo@example.org", "password": PASSWORD, "display_name": "Bo"}
    await auth.post(f"{API}/register", json=body)
    bo = bearer((await auth.post(f"{API}/login", json=body)).json()["access_token"])
    assert (await auth.get(f"{API}/tokens", headers=bo)).json()["items"] == []
    for unknown in (made["id"], str(uuid4())):
        assert (await auth.delete(f"{API}/tokens/{unknown}", headers=bo)).status_code == 404


async def test_a_personal_token_works_at_auth_itself_within_its_scopes(
    auth: httpx2.AsyncClient, mine: dict[str, str]
) -> None:
    reading = bearer((await make(auth, mine, scopes=["profile:read"])).json()["token"])
    foreign = bearer((await make(auth, mine)).json()["token"])
    assert (await auth.get(f"{API}/me", headers=reading)).status_code == 200
    refused = await auth.patch(f"{API}/me", json={"weight": 60}, headers=reading)
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.scope_required")
    assert (await auth.get(f"{API}/me", headers=foreign)).status_code == 403
    assert (await auth.get(f"{API}/me", headers=bearer(new_personal_token()))).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "tokens"),
        ("POST", "tokens"),
        ("GET", "sessions"),
        ("POST", "password"),
        ("POST", "totp"),
        ("POST", "logout"),
        ("POST", "logout-all"),
    ],
)
async def test_a_personal_token_gives_no_hold_on_the_account(
    auth: httpx2.AsyncClient, mine: dict[str, str], method: str, path: str
) -> None:
    token = bearer((await make(auth, mine, scopes=["profile:write"])).json()["token"])
    answer = await auth.request(method, f"{API}/{path}", json={}, headers=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.session_required")


async def test_the_scope_admin_is_for_administrators(auth: httpx2.AsyncClient, mine: dict[str, str]) -> None:
    refused = await make(auth, mine, scopes=["admin"])
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.role_required")


async def test_the_role_admin_comes_along_only_with_its_scope(
    auth: httpx2.AsyncClient, auth_environment: Environment, service: dict[str, str]
) -> None:
    made = await ensure_account(AuthSettings.from_environment(), "root@example.org", "admin")
    signed_in = await auth.post(f"{API}/login", json={"email": "root@example.org", "password": made["password"]})
    root = bearer(signed_in.json()["access_token"])
    roles = [
        claims_of(await exchange(auth, service, (await make(auth, root, scopes=scopes)).json()["token"]))["roles"]
        for scopes in (["activities:read"], ["admin"])
    ]
    assert roles == [["athlete"], ["athlete", "admin"]]


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "two\nlines"},
        {"name": "x" * 101},
        {"name": "nul\x00"},
        {"scopes": []},
        {"scopes": ["all"]},
        {"scopes": ["activities:delete"]},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2030-01-01T00:00:00"},
        {"expires_at": 1e300},
        {"rate_limit": 0},
        {"rate_limit": 10**30},
    ],
)
async def test_bad_requests_are_refused(auth: httpx2.AsyncClient, mine: dict[str, str], body: dict[str, Any]) -> None:
    assert (await make(auth, mine, **body)).status_code == 422


async def test_a_time_far_away_is_good_and_travels(
    auth: httpx2.AsyncClient, mine: dict[str, str], service: dict[str, str]
) -> None:
    made = await make(auth, mine, expires_at="9999-12-31T23:59:59Z")
    assert made.status_code == 201
    assert (await exchange(auth, service, made.json()["token"])).json()["expires_in"] == 600
    assert (await make(auth, mine, expires_at="9999-12-31T23:59:59-12:00")).status_code in {201, 422}
    assert (await auth.get(f"{API}/tokens", headers=mine)).status_code == 200


async def test_there_are_fifty_at_most_and_the_list_has_pages(auth: httpx2.AsyncClient, mine: dict[str, str]) -> None:
    made = [(await make(auth, mine)).status_code for _ in range(51)]
    assert made == [201] * 50 + [409]
    first = (await auth.get(f"{API}/tokens", params={"limit": 30}, headers=mine)).json()
    cursor = {"limit": 30, "cursor": first["next_cursor"]}
    second = (await auth.get(f"{API}/tokens", params=cursor, headers=mine)).json()
    assert len({each["id"] for each in first["items"] + second["items"]}) == 50
    assert second["next_cursor"] is None
