from typing import Any
from uuid import uuid4

import httpx2
import jwt
import pytest
from rows import execute

from common.testing.plugin import Environment

API = "/api/v1/auth"
PASSWORD = "a long enough password"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def login(auth: httpx2.AsyncClient, email: str = "ana@example.org", **headers: str) -> dict[str, Any]:
    answer = await auth.post(f"{API}/login", json={"email": email, "password": PASSWORD}, headers=headers)
    found: dict[str, Any] = answer.json()
    return found


async def listed(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await auth.get(f"{API}/sessions", headers=bearer(tokens))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_sessions_say_where_and_how_and_which_is_this_one(
    auth: httpx2.AsyncClient, tokens: dict[str, Any]
) -> None:
    here = await login(auth, **{"User-Agent": FIREFOX, "X-Forwarded-For": "10.0.0.1, 192.0.2.7"})
    latest, first = await listed(auth, here)
    assert (latest["device"], latest["address"], latest["method"]) == ("Firefox on Linux", "192.0.2.7", "password")
    assert [each["current"] for each in (latest, first)] == [True, False]
    assert [each["current"] for each in await listed(auth, tokens)] == [False, True]


async def test_a_refresh_is_a_use(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    [before] = await listed(auth, tokens)
    await auth.post(f"{API}/refresh", json={"refresh_token": tokens["refresh_token"]})
    [after] = await listed(auth, tokens)
    assert after["last_used_at"] > before["last_used_at"]
    assert after["created_at"] == before["created_at"]


async def test_the_list_answers_304_and_has_pages(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    for _ in range(2):
        await login(auth)
    first = await auth.get(f"{API}/sessions", params={"limit": 2}, headers=bearer(tokens))
    etag = {"If-None-Match": first.headers["etag"]}
    assert (await auth.get(f"{API}/sessions", params={"limit": 2}, headers=bearer(tokens) | etag)).status_code == 304
    cursor = {"limit": 2, "cursor": first.json()["next_cursor"]}
    rest = (await auth.get(f"{API}/sessions", params=cursor, headers=bearer(tokens))).json()
    assert len({each["id"] for each in first.json()["items"] + rest["items"]}) == 3
    assert rest["next_cursor"] is None


async def test_a_device_can_be_signed_out_from_another(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], ana: dict[str, Any]
) -> None:
    lost = await login(auth)
    sid = jwt.decode(lost["access_token"], options={"verify_signature": False})["sid"]
    assert (await auth.delete(f"{API}/sessions/{sid}", headers=bearer(tokens))).status_code == 204
    assert (await auth.post(f"{API}/refresh", json={"refresh_token": lost["refresh_token"]})).status_code == 401
    assert [each["id"] for each in await listed(auth, tokens)] != [sid]
    assert len(await listed(auth, tokens)) == 1
    assert (await auth.delete(f"{API}/sessions/{sid}", headers=bearer(tokens))).status_code == 404


async def test_sessions_of_others_are_not_there(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    body = {"email": "bo@example.org", "password": PASSWORD, "display_name": "Bo"}
    await auth.post(f"{API}/register", json=body)
    bo = await login(auth, "bo@example.org")
    [session] = await listed(auth, tokens)
    for unknown in (session["id"], str(uuid4())):
        assert (await auth.delete(f"{API}/sessions/{unknown}", headers=bearer(bo))).status_code == 404
    assert len(await listed(auth, bo)) == 1
    assert (await auth.post(f"{API}/refresh", json={"refresh_token": tokens["refresh_token"]})).status_code == 200


async def test_sessions_that_are_over_are_not_listed(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], auth_environment: Environment
) -> None:
    await execute(auth_environment, "UPDATE sessions SET expires_at = now() - interval '1 second'")
    assert await listed(auth, tokens) == []


@pytest.mark.parametrize("path", ["sessions/not-a-uuid", "sessions/00000000-0000-0000-0000-00000000000g"])
async def test_ids_that_are_none_are_refused(auth: httpx2.AsyncClient, tokens: dict[str, Any], path: str) -> None:
    assert (await auth.delete(f"{API}/{path}", headers=bearer(tokens))).status_code in {404, 422}
