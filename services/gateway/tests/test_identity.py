import base64
import json
import time
from collections.abc import Callable

import jwt
import pytest
from gateway_doubles import Builder, Echo, Platform

from common.testing.tokens import TokenMint


def unsigned(mint: TokenMint) -> str:
    """A token that asks to be believed without a signature."""
    claims = jwt.decode(mint.token(), options={"verify_signature": False})

    def part(content: dict[str, str]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'at+jwt', 'kid': mint.key_id})}.{part(claims)}."


BAD: dict[str, tuple[Callable[[TokenMint], str], str]] = {
    "expired": (lambda mint: mint.token(exp=int(time.time()) - 60), "auth.token_expired"),
    "for another audience": (lambda mint: mint.token(aud="somebody-else"), "auth.token_audience"),
    "of another issuer": (lambda mint: mint.token(iss="somebody-else"), "auth.token_invalid"),
    "without a signature": (unsigned, "auth.token_invalid"),
    "signed by another": (lambda mint: TokenMint(mint.key_id).token(), "auth.token_invalid"),
    "of another kind": (lambda mint: mint.token(header={"typ": "JWT"}), "auth.token_invalid"),
    "garbled": (lambda _: "not.a.token", "auth.token_malformed"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_token_is_refused_at_the_door(platform: Platform, strava: Echo, kind: str) -> None:
    make, code = BAD[kind]
    token = make(platform.auth.mint)
    answer = await platform.client.get("/api/v1/activities", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.json()["code"] == code
    assert answer.json()["next_steps"]
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert not strava.seen


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}])
async def test_without_a_token_the_answer_says_how_to_get_one(
    platform: Platform, strava: Echo, headers: dict[str, str]
) -> None:
    answer = await platform.client.get("/api/v1/activities", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.token_missing")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert not strava.seen


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/jwks.json",
        "/api/v1/auth/register",
        "/api/v1/auth/login",
        "/api/v1/auth/refresh",
        "/api/v1/auth/password/forgot",
        "/api/auth/oauth/google/callback?code=1",
    ],
)
async def test_public_routes_need_no_token(platform: Platform, path: str) -> None:
    assert (await platform.client.get(path)).status_code == 200


async def test_a_token_on_a_public_route_is_not_judged(platform: Platform) -> None:
    answer = await platform.client.post("/api/v1/auth/refresh", headers={"Authorization": "Bearer stale"})
    assert answer.status_code == 200


async def test_while_keys_cannot_be_had_the_answer_is_503_and_not_401(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, auth_url="http://127.0.0.1:9")
    answer = await platform.get("/api/v1/activities")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.json()["retry_after_s"] > 0
    assert answer.headers["retry-after"]


async def test_the_body_of_a_refused_request_is_not_waited_for(platform: Platform, strava: Echo) -> None:
    answer = await platform.client.post("/api/v1/imports", content=b"x" * 5_000_000)
    assert answer.status_code == 401
    assert not strava.seen
