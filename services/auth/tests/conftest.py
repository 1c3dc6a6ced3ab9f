import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from auth.main import create
from common.crypto import KeyRing
from common.testing.plugin import Applications, Environment, serving

PASSWORD = "a long enough password"
SETTINGS = {
    "SERVICE_CLIENT_SECRETS": json.dumps({"strava": "secret of strava for tests"}),
    "ENCRYPTION_KEYS": KeyRing.new_setting(),
    "SIGNING_SECRETS": base64.b64encode(b"a secret of at least 32 bytes, for tests").decode(),
    "ARGON2_MEMORY_KIB": "64",
    "ARGON2_TIME_COST": "1",
}


@pytest.fixture
async def auth_environment(environment_of: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Environment:
    environment: Environment = await environment_of("auth")
    environment |= SETTINGS
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
async def auth(auth_environment: Environment, application: Applications) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(application(create)) as client:
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
