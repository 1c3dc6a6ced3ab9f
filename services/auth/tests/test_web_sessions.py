from typing import Any

import httpx2
import pytest

PASSWORD = "a long enough password"
WEB = {"X-Client": "web"}
REFRESH = "/api/v1/auth/refresh"


async def sign_in(auth: httpx2.AsyncClient, ana: dict[str, Any], **headers: str) -> httpx2.Response:
    body = {"email": ana["email"], "password": PASSWORD}
    return await auth.post("/api/v1/auth/login", json=body, headers={**WEB, **headers})


async def test_the_refresh_token_of_the_web_app_is_in_a_cookie_that_scripts_cannot_read(
    auth: httpx2.AsyncClient, ana: dict[str, Any]
) -> None:
    answer = await sign_in(auth, ana)
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
    cookie = answer.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", f"path={REFRESH}", "max-age=2592000"):
        assert part in cookie
    assert "secure" not in cookie
    over_tls = await sign_in(auth, ana, **{"X-Forwarded-Proto": "https"})
    assert "secure" in over_tls.headers["set-cookie"].lower()


async def test_the_cookie_renews_the_session_and_each_is_good_once(
    auth: httpx2.AsyncClient, ana: dict[str, Any]
) -> None:
    await sign_in(auth, ana)
    first = auth.cookies["rt_refresh"]
    again = await auth.post(REFRESH, headers={**WEB, "Origin": "http://service.test"})
    assert (again.status_code, "refresh_token" in again.json()) == (200, False)
    assert auth.cookies["rt_refresh"] != first
    bearer = {"Authorization": f"Bearer {again.json()['access_token']}"}
    assert (await auth.get("/api/v1/auth/me", headers=bearer)).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://service.test.evil.example", "http://["])
async def test_a_page_of_another_origin_gets_nothing(
    auth: httpx2.AsyncClient, ana: dict[str, Any], origin: str
) -> None:
    await sign_in(auth, ana)
    answer = await auth.post(REFRESH, headers={**WEB, "Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.origin_refused")


async def test_the_cookie_alone_is_no_session(auth: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    """A form of another page cannot set the header, and without it the token must be in the body."""
    await sign_in(auth, ana)
    answer = await auth.post(REFRESH)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/body/refresh_token")
    auth.cookies.clear()
    assert (await auth.post(REFRESH, headers={**WEB, "Origin": "http://service.test"})).status_code == 401


async def test_the_cookie_is_not_taken_from_who_names_no_origin(auth: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    await sign_in(auth, ana)
    answer = await auth.post(REFRESH, headers=WEB)
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.origin_refused")


async def test_signing_out_takes_the_cookie_away(auth: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    token = (await sign_in(auth, ana)).json()["access_token"]
    assert auth.cookies["rt_refresh"]
    answer = await auth.post("/api/v1/auth/logout", headers={**WEB, "Authorization": f"Bearer {token}"})
    assert answer.status_code == 204
    assert "rt_refresh" not in auth.cookies
