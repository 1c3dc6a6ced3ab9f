import asyncio
from typing import Any

import httpx2
import jwt
import pytest

from auth.admin import ensure_account
from auth.settings import AuthSettings
from common.testing.plugin import Environment

USERS = "/api/v1/admin/users"
LOGIN = "/api/v1/auth/login"
NEW = {"email": "new@example.org", "display_name": "New One"}


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def sign_in(auth: httpx2.AsyncClient, email: str, password: str) -> httpx2.Response:
    return await auth.post(LOGIN, json={"email": email, "password": password})


async def administrator(auth: httpx2.AsyncClient, email: str) -> tuple[str, dict[str, str]]:
    """(id, headers) of a new administrator."""
    made = await ensure_account(AuthSettings.from_environment(), email, "admin")
    headers = bearer((await sign_in(auth, email, str(made["password"]))).json())
    return (await auth.get("/api/v1/auth/me", headers=headers)).json()["id"], headers


@pytest.fixture
async def root(auth: httpx2.AsyncClient, auth_environment: Environment) -> tuple[str, dict[str, str]]:
    assert auth_environment
    return await administrator(auth, "root@example.org")


async def test_only_administrators_see_and_change_accounts(
    auth: httpx2.AsyncClient, ana: dict[str, Any], tokens: dict[str, Any]
) -> None:
    asked = [("GET", USERS), ("POST", USERS), ("GET", f"{USERS}/{ana['id']}"), ("PATCH", f"{USERS}/{ana['id']}")]
    for method, path in asked:
        body: dict[str, str] | None = None if method == "GET" else {}
        assert (await auth.request(method, path, json=body)).status_code == 401
        refused = await auth.request(method, path, headers=bearer(tokens), json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "auth.role_required")


async def test_a_made_account_signs_in_with_the_password_that_is_shown_once(
    auth: httpx2.AsyncClient, root: tuple[str, dict[str, str]]
) -> None:
    made = await auth.post(USERS, json={**NEW, "roles": ["coach"]}, headers=root[1])
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    body = made.json()
    assert body["roles"] == ["athlete", "coach"]
    assert (await sign_in(auth, NEW["email"], body["password"])).status_code == 200
    again = await auth.get(made.headers["location"], headers=root[1])
    assert (again.json()["email"], "password" in again.json()) == (NEW["email"], False)
    same = await auth.get(made.headers["location"], headers={**root[1], "If-None-Match": again.headers["etag"]})
    assert same.status_code == 304
    taken = await auth.post(USERS, json=NEW, headers=root[1])
    assert (taken.status_code, taken.json()["code"]) == (409, "auth.email_taken")


async def test_the_list_is_paged_and_narrowed(auth: httpx2.AsyncClient, root: tuple[str, dict[str, str]]) -> None:
    for number in range(3):
        body = {"email": f"runner_{number}@example.org", "display_name": f"Runner {number}", "roles": ["coach"]}
        assert (await auth.post(USERS, json=body, headers=root[1])).status_code == 201

    async def names(**query: Any) -> list[str]:
        found, cursor = [], ""
        while True:
            page = await auth.get(
                USERS, params={"limit": 2, **query, **({"cursor": cursor} if cursor else {})}, headers=root[1]
            )
            assert page.status_code == 200, page.text
            found += [each["display_name"] for each in page.json()["items"]]
            cursor = page.json()["next_cursor"]
            if not cursor:
                return found

    everybody = ["Runner 2", "Runner 1", "Runner 0", "Administrator"]
    assert await names() == everybody
    assert await names(q="RUNNER_") == await names(q="runner ") == await names(role="coach") == everybody[:3]
    assert await names(q="%") == await names(q="unner") == await names(disabled=True) == []
    assert await names(role="admin") == ["Administrator"]


@pytest.mark.parametrize("query", ["q=%00", "role=king", "cursor=nonsense", "limit=0", "disabled=perhaps"])
async def test_bad_filters_are_refused(auth: httpx2.AsyncClient, root: tuple[str, dict[str, str]], query: str) -> None:
    assert (await auth.get(f"{USERS}?{query}", headers=root[1])).status_code == 422


async def test_disabling_ends_all_sessions_and_enabling_lets_in_again(
    auth: httpx2.AsyncClient, root: tuple[str, dict[str, str]], ana: dict[str, Any], tokens: dict[str, Any]
) -> None:
    path = f"{USERS}/{ana['id']}"
    pat = await auth.post("/api/v1/auth/tokens", json={"name": "x", "scopes": ["profile:read"]}, headers=bearer(tokens))
    assert pat.status_code == 201, pat.text
    disabled = await auth.patch(path, json={"disabled": True}, headers=root[1])
    assert (disabled.json()["disabled"], disabled.json()["version"]) == (True, 2)
    refused = await auth.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert refused.status_code == 401
    assert (await sign_in(auth, ana["email"], "a long enough password")).status_code == 401
    form = {"grant_type": "client_credentials", "client_id": "strava", "client_secret": "secret of strava for tests"}
    service = (await auth.post("/internal/token", data=form)).json()
    revoked = (await auth.get("/internal/revocations", headers=bearer(service))).json()["items"]
    sid = jwt.decode(tokens["access_token"], options={"verify_signature": False})["sid"]
    assert {sid, pat.json()["id"]} <= {each["value"] for each in revoked}
    by_pat = await auth.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {pat.json()['token']}"})
    assert by_pat.status_code == 401
    enabled = await auth.patch(path, json={"disabled": False}, headers=root[1])
    assert (enabled.json()["disabled"], enabled.json()["disabled_at"]) == (False, None)
    assert (await sign_in(auth, ana["email"], "a long enough password")).status_code == 200


async def test_who_loses_a_role_is_signed_out_and_who_gains_one_is_not(
    auth: httpx2.AsyncClient, root: tuple[str, dict[str, str]], ana: dict[str, Any], tokens: dict[str, Any]
) -> None:
    path = f"{USERS}/{ana['id']}"
    gained = await auth.patch(path, json={"roles": ["coach", "coach"]}, headers=root[1])
    assert gained.json()["roles"] == ["athlete", "coach"]
    renewed = await auth.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    claims = jwt.decode(renewed.json()["access_token"], options={"verify_signature": False})
    assert claims["roles"] == ["athlete", "coach"]
    assert (await auth.patch(path, json={"roles": ["athlete"]}, headers=root[1])).status_code == 200
    ended = await auth.post("/api/v1/auth/refresh", json={"refresh_token": renewed.json()["refresh_token"]})
    assert ended.status_code == 401


async def test_the_last_administrator_stays(auth: httpx2.AsyncClient, root: tuple[str, dict[str, str]]) -> None:
    path = f"{USERS}/{root[0]}"
    last = await auth.patch(path, json={"roles": ["athlete"]}, headers=root[1])
    assert (last.status_code, last.json()["code"]) == (409, "auth.last_admin")
    own = await auth.patch(path, json={"disabled": True}, headers=root[1])
    assert (own.status_code, own.json()["code"]) == (409, "auth.own_account")


async def test_of_two_administrators_who_depose_each_other_one_remains(
    auth: httpx2.AsyncClient, root: tuple[str, dict[str, str]]
) -> None:
    second = await administrator(auth, "second@example.org")
    answers = await asyncio.gather(
        auth.patch(f"{USERS}/{second[0]}", json={"roles": ["athlete"]}, headers=root[1]),
        auth.patch(f"{USERS}/{root[0]}", json={"roles": ["athlete"]}, headers=second[1]),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_change_of_a_version_that_is_not_the_present_one_is_refused(
    auth: httpx2.AsyncClient, root: tuple[str, dict[str, str]], ana: dict[str, Any]
) -> None:
    path = f"{USERS}/{ana['id']}"
    first = await auth.patch(path, json={"display_name": "Ann"}, headers={**root[1], "If-Match": '"1"'})
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    stale = await auth.patch(path, json={"display_name": "Anna"}, headers={**root[1], "If-Match": '"1"'})
    assert stale.status_code == 412


@pytest.mark.parametrize(
    "change", [{"roles": []}, {"roles": ["king"]}, {"roles": None}, {"disabled": None}, {"email": "x@example.org"}]
)
async def test_bad_changes_are_refused(
    auth: httpx2.AsyncClient, root: tuple[str, dict[str, str]], ana: dict[str, Any], change: dict[str, Any]
) -> None:
    assert (await auth.patch(f"{USERS}/{ana['id']}", json=change, headers=root[1])).status_code == 422


async def test_an_account_that_is_not_there_is_a_404(
    auth: httpx2.AsyncClient, root: tuple[str, dict[str, str]]
) -> None:
    missing = f"{USERS}/01a1fc49-bdf4-7fea-864c-c1139c7e0bde"
    for answer in (
        await auth.get(missing, headers=root[1]),
        await auth.patch(missing, json={"disabled": True}, headers=root[1]),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "auth.account_missing")


async def test_the_log_tells_who_changed_what(
    auth: httpx2.AsyncClient, root: tuple[str, dict[str, str]], ana: dict[str, Any]
) -> None:
    from_there = {**root[1], "X-Forwarded-For": "10.0.0.1, 192.0.2.7"}
    await auth.patch(f"{USERS}/{ana['id']}", json={"disabled": True, "display_name": "Gone"}, headers=from_there)
    log = (await auth.get("/api/v1/admin/audit", params={"action": "user."}, headers=root[1])).json()["items"]
    [row] = [each for each in log if each["target"] == ana["id"]]
    assert (row["actor"], row["action"], row["address"]) == (root[0], "user.changed", "192.0.2.7")
    assert row["details"] == {"disabled": True, "display_name": "changed"}
