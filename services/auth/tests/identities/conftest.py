import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from openid_stand_in import CLIENT_ID, CLIENT_SECRET, OpenIdStandIn
from store_stand_in import StoreStandIn
from travelling import Traveller

from auth.main import create
from common.db import Database
from common.testing.plugin import Applications, Environment, Ports
from common.testing.upstream import serve


@pytest.fixture
async def google(store: StoreStandIn, port_of: Ports) -> AsyncIterator[OpenIdStandIn]:
    """The provider; the activity store answers at the same address."""
    stand_in = OpenIdStandIn()
    app = stand_in.app()
    app.include_router(store.router())
    async with serve(app, port=port_of("neighbour")) as url:
        stand_in.url = url
        yield stand_in


@pytest.fixture
def store() -> StoreStandIn:
    return StoreStandIn()


@pytest.fixture
async def provider_environment(
    auth_environment: Environment,
    google: OpenIdStandIn,
    port_of: Ports,
    monkeypatch: pytest.MonkeyPatch,
) -> Environment:
    """Everything but Strava itself, which the tests that want it start."""
    own = f"http://127.0.0.1:{port_of('own')}"
    auth_environment |= {
        "AUTH_URL": own,
        "PUBLIC_URL": own,
        "STRAVA_URL": google.url,
        "GOOGLE_ISSUER": google.url,
        "GOOGLE_CLIENT_ID": CLIENT_ID,
        "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
        "SIGN_IN_TARGETS": json.dumps(["https://app.example.org/start?from=here"]),
        "SERVICE_CLIENT_SECRETS": json.dumps({"auth": auth_environment["SERVICE_CLIENT_SECRET"]}),
    }
    for name, value in auth_environment.items():
        monkeypatch.setenv(name, value)
    return auth_environment


@pytest.fixture
async def auth(provider_environment: Environment, application: Applications) -> AsyncIterator[httpx2.AsyncClient]:
    """The service on a port, as it calls itself for its token."""
    url = provider_environment["PUBLIC_URL"]
    app = application(create)
    async with (
        app.router.lifespan_context(app),
        serve(app, port=int(url.rpartition(":")[2])),
        httpx2.AsyncClient(base_url=url, trust_env=False, timeout=30) as client,
    ):
        yield client


@pytest.fixture
async def browser(auth: httpx2.AsyncClient) -> AsyncIterator[Traveller]:
    async with Traveller(str(auth.base_url)) as traveller:
        yield traveller


@pytest.fixture
async def database(provider_environment: Environment) -> AsyncIterator[Database]:
    database = Database(provider_environment["DATABASE_URL"], service="auth", pool_size=2)
    yield database
    await database.aclose()


@pytest.fixture
def bearer() -> Callable[[dict[str, Any]], dict[str, str]]:
    return lambda tokens: {"Authorization": f"Bearer {tokens['access_token']}"}
