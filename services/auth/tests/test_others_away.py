"""Nobody gets in because something behind the door is away."""

import re
from typing import Any

import httpx2
import pytest
from rows import scalar

from auth.main import create
from common.testing.plugin import Environment, serving
from common.testing.ports import free_port

API = "/api/v1/auth"
PASSWORD = "a long enough password"


def elsewhere(url: str) -> str:
    """The same address with a port where nobody listens."""
    return re.sub(r":\d+/", f":{free_port()}/", url)


async def test_without_postgres_every_way_in_is_a_503(
    auth: httpx2.AsyncClient,
    tokens: dict[str, Any],
    auth_environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = {"Authorization": f"Bearer {tokens['access_token']}"}
    asked = {"name": "mine", "scopes": ["profile:read"]}
    personal = (await auth.post(f"{API}/tokens", json=asked, headers=owner)).json()["token"]
    monkeypatch.setenv("DATABASE_URL", elsewhere(auth_environment["DATABASE_URL"]))
    async with serving(create()) as alone:
        answers = [
            await alone.post(f"{API}/login", json={"email": "ana@example.org", "password": PASSWORD}),
            await alone.post(f"{API}/refresh", json={"refresh_token": tokens["refresh_token"]}),
            await alone.get(f"{API}/me", headers={"Authorization": f"Bearer {personal}"}),
            await alone.get(f"{API}/me", headers=owner),
        ]
    assert [(answer.status_code, answer.json()["retryable"]) for answer in answers] == [(503, True)] * 4


async def test_without_redis_people_sign_in_and_out(
    auth: httpx2.AsyncClient, ana: dict[str, Any], auth_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", elsewhere(auth_environment["REDIS_URL"]))
    async with serving(create()) as alone:
        signed_in = await alone.post(f"{API}/login", json={"email": ana["email"], "password": PASSWORD})
        assert signed_in.status_code == 200
        owner = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
        assert (await alone.post(f"{API}/logout", headers=owner)).status_code == 204
    assert await scalar(auth_environment, "SELECT count(*) FROM revocations WHERE kind = 'sid'") == 1
