import base64
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from auth.main import create
from common.crypto import KeyRing
from common.testing.plugin import Environment, serving

PASSWORD = "a long enough password"
SETTINGS = {
    "SERVICE_CLIENT_SECRETS": json.dumps({"strava": "secret of strava for tests"}),
    "ENCRYPTION_KEYS": KeyRing.new_setting(),
    "SIGNING_SECRETS": base64.b64encode(b"a secret of at least 32 bytes, for tests").decode(),
    "ARGON2_MEMORY_KIB": "64",
    "ARGON2_TIME_COST": "1",
}


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("objects")


@pytest.fixture
async def auth_environment(
    environment_of: Callable[[str], Any], objects: Path, monkeypatch: pytest.MonkeyPatch
) -> Environment:
    environment: Environment = await environment_of("auth")
    environment |= SETTINGS
    environment["OBJECT_STORE_URL"] = f"file://{objects}"
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture(scope="session")
def applications() -> dict[frozenset[tuple[str, str]], FastAPI]:
    """By their settings: each test runs one anew, but its many routes are put together once."""
    return {}


@pytest.fixture
async def auth(
    auth_environment: Environment, applications: dict[frozenset[tuple[str, str]], FastAPI]
) -> AsyncIterator[httpx2.AsyncClient]:
    settings = frozenset(auth_environment.items())
    if settings not in applications:
        applications[settings] = create()
    async with serving(applications[settings]) as client:
        yield client


@pytest.fixture
async def ana(auth: httpx2.AsyncClient) -> dict[str, Any]:
    """A registered athlete."""
    body = {"email": "Ana@Example.org", "password": PASSWORD, "display_name": "Ana"}
    response = await auth.post("/api/v1/auth/register", json=body)
    assert response.status_code == 201, response.text
    registered: dict[str, Any] = response.json()
    return registered


@pytest.fixture
async def tokens(auth: httpx2.AsyncClient, ana: dict[str, Any]) -> dict[str, Any]:
    """Ana's tokens after signing in."""
    response = await auth.post("/api/v1/auth/login", json={"email": ana["email"], "password": PASSWORD})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found
