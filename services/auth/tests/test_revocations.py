"""What was revoked stays so, whatever becomes of Redis."""

from typing import Any

import httpx2
import jwt
import pytest
from redis.asyncio import Redis

from auth.main import create
from common.testing.plugin import Environment, serving
from common.testing.ports import free_port

FORM = {"grant_type": "client_credentials", "client_id": "strava", "client_secret": "secret of strava for tests"}


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def sid_of(tokens: dict[str, Any]) -> str:
    return str(jwt.decode(tokens["access_token"], options={"verify_signature": False})["sid"])


async def revoked(auth: httpx2.AsyncClient) -> list[str]:
    service = (await auth.post("/internal/token", data=FORM)).json()
    answer = await auth.get("/internal/revocations", headers=bearer(service))
    assert answer.status_code == 200, answer.text
    return [item["value"] for item in answer.json()["items"]]


async def test_an_emptied_redis_revokes_nothing_back(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], auth_environment: Environment
) -> None:
    await auth.post("/api/v1/auth/logout", headers=bearer(tokens))
    async with Redis.from_url(auth_environment["REDIS_URL"]) as redis:
        await redis.flushdb()
    assert await revoked(auth) == [sid_of(tokens)]
    again = await auth.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert again.status_code == 401


async def test_without_redis_a_session_ends_all_the_same(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await revoked(auth) == []
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    async with serving(create()) as alone:
        assert (await alone.post("/api/v1/auth/logout", headers=bearer(tokens))).status_code == 204
        assert await revoked(alone) == [sid_of(tokens)]


async def test_a_session_that_did_not_end_is_on_no_list(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    await auth.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert await revoked(auth) == []
