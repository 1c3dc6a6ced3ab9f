import json
from typing import Any

import httpx2
import pytest

API = "/api/v1/auth"
NASTY = [
    '"\\ud800"',
    '"\\u0000"',
    "null",
    "1e400",
    "-0",
    "[]",
    "{}",
    '"' + "x" * 5000 + '"',
    "NaN",
    '"\\u202e"',
    "true",
]
BODIES: dict[str, dict[str, Any]] = {
    "login": {"email": "ana@example.org", "password": "a long enough password", "totp": "123456"},
    "register": {"email": "bo@example.org", "password": "a long enough password", "display_name": "Bo"},
    "password": {"current_password": "a long enough password", "new_password": "another long password"},
    "password/forgot": {"email": "ana@example.org"},
    "password/reset": {"token": "x", "new_password": "another long password"},
    "verify-email": {"token": "x"},
    "totp": {"password": "a long enough password"},
    "totp/confirm": {"code": "123456"},
    "tokens": {"name": "x", "scopes": ["profile:read"], "expires_at": "2030-01-01T00:00:00Z", "rate_limit": 5},
    "refresh": {"refresh_token": "x"},
}


def spoilt(body: dict[str, Any], field: str, value: str) -> bytes:
    members = [f'"{name}": {value if name == field else json.dumps(each)}' for name, each in body.items()]
    return f"{{{', '.join(members)}}}".encode()


@pytest.mark.parametrize("path", BODIES)
async def test_no_value_of_any_field_breaks_anything(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], path: str
) -> None:
    headers = {"Authorization": f"Bearer {tokens['access_token']}", "Content-Type": "application/json"}
    for field in BODIES[path]:
        for value in NASTY:
            answer = await auth.post(f"{API}/{path}", content=spoilt(BODIES[path], field, value), headers=headers)
            assert answer.status_code < 500, (field, value, answer.text)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["next_steps"]


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 20_000, b'{"email": "a", "email": "b"}'])
async def test_no_body_breaks_anything(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], path: str, content: bytes
) -> None:
    headers = {"Authorization": f"Bearer {tokens['access_token']}", "Content-Type": "application/json"}
    answer = await auth.post(f"{API}/{path}", content=content, headers=headers)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["sessions", "tokens"])
@pytest.mark.parametrize("query", ["cursor=x", "cursor=%00", "limit=0", "limit=1e9", "cursor=W10", "limit="])
async def test_no_page_breaks_anything(auth: httpx2.AsyncClient, tokens: dict[str, Any], path: str, query: str) -> None:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await auth.get(f"{API}/{path}?{query}", headers=headers)).status_code == 422
