"""What holds when the operator sets nothing."""

import os

import pytest
from gateway_doubles import AuthDouble, Builder

from gateway.routes import ROUTES
from gateway.settings import GatewaySettings

RATES = {
    "rate_user": 1200,
    "rate_user_burst": 200,
    "rate_address": 120,
    "rate_signed": 1200,
    "rate_webhook": 6000,
    "rate_login": 10,
    "rate_login_address": 100,
}
LOGIN = {"email": "ana@example.org", "password": "wrong"}


@pytest.fixture
def defaults(monkeypatch: pytest.MonkeyPatch) -> GatewaySettings:
    for name in [name for name in os.environ if name.startswith("RATE_")]:
        monkeypatch.delenv(name)
    return GatewaySettings(service_client_secret="a-secret-of-the-test")


def test_the_rates_are_those_that_are_promised(defaults: GatewaySettings) -> None:
    found = {name: value for name, value in defaults.model_dump().items() if name.startswith("rate_")}
    assert found.pop("rate_lease_share") == 0.1
    assert found == RATES


def test_routes_have_the_limit_of_what_they_are_for() -> None:
    special = {route.template: route.limit for route in ROUTES if route.limit != "standard"}
    assert special == {
        "/api/v1/auth/login": "login",
        "/api/v1/auth/token": "login",
        "/api/v1/auth/password/forgot": "login",
        "/api/v1/strava/webhook/{secret}": "webhook",
        "/api/v1/strava/webhook": "webhook",
    }


async def test_they_are_what_callers_are_held_to(builder: Builder, defaults: GatewaySettings) -> None:
    rates = {name: getattr(defaults, name) for name in RATES}
    auth = AuthDouble()
    platform = await builder.gateway(auth=auth, rest=auth, **rates)
    user = await platform.get("/api/v1/auth/me")
    assert user.headers["ratelimit-policy"] == '"user";q=1200;w=60'
    assert user.headers["ratelimit"].startswith('"user";r=199;')
    nobody = await platform.client.get("/api/v1/auth/options")
    assert nobody.headers["ratelimit-policy"] == '"address";q=120;w=60'
    webhook = await platform.client.get("/api/v1/strava/webhook")
    assert webhook.headers["ratelimit-policy"] == '"webhook";q=6000;w=60'
    signed = await platform.client.get("/api/v1/activities/1/thumbnail?expires=1&signature=x")
    assert signed.headers["ratelimit-policy"] == '"signed";q=1200;w=60'


async def test_the_eleventh_sign_in_to_an_account_and_the_hundred_and_first_from_an_address_wait(
    builder: Builder, defaults: GatewaySettings
) -> None:
    platform = await builder.gateway(rate_login=defaults.rate_login, rate_login_address=defaults.rate_login_address)

    async def sign_in(account: str) -> tuple[int, str]:
        answer = await platform.client.post("/api/v1/auth/login", json={**LOGIN, "email": account})
        return answer.status_code, answer.headers["ratelimit-policy"]

    ana = [await sign_in("ana@example.org") for _ in range(11)]
    assert ana == [*[(200, '"login";q=10;w=60')] * 10, (429, '"login";q=10;w=60')]
    others = [await sign_in(f"somebody{number}@example.org") for number in range(100)]
    refused = [policy for status, policy in others if status == 429]
    assert others[:80] == [(200, '"login";q=10;w=60')] * 80
    assert refused
    assert set(refused) == {'"login-address";q=100;w=60'}
