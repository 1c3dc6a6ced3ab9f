import base64
import re
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest
from emulator_support import CLIENT, App, Callback, errors, eventually

ASKED = {
    "client_id": "1",
    "redirect_uri": "http://127.0.0.1:8000/back?here=1",
    "response_type": "code",
    "scope": "read,activity:read_all,profile:read_all",
    "state": "a state & more",
}


async def decide(app: App, *, decision: str = "authorize", **changed: Any) -> dict[str, str]:
    """Fill in the page's form as a browser does; returns what the app is told."""
    page = await app.http.get("/oauth/authorize", params=ASKED)
    assert page.status_code == 200
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    hidden = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
    form = {**hidden, "athlete_id": str(app.athlete_id), "decision": decision, **changed}
    answer = await app.http.post("/oauth/authorize", data=form)
    assert answer.status_code == 302, answer.text
    target = urlsplit(answer.headers["Location"])
    assert (target.netloc, target.path) == ("127.0.0.1:8000", "/back")
    return dict(parse_qsl(target.query, keep_blank_values=True))


async def test_authorising_gives_state_code_and_scopes(app: App) -> None:
    told = await decide(app, scope=["activity:read_all", "profile:read_all"])
    assert told["here"] == "1"
    assert told["state"] == ASKED["state"]
    assert told["scope"] == "read,profile:read_all,activity:read_all"
    tokens = (await app.token(code=told["code"], grant_type="authorization_code")).json()
    assert set(tokens) == {"token_type", "expires_at", "expires_in", "refresh_token", "access_token", "athlete"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 21600)
    assert tokens["athlete"]["id"] == app.athlete_id


async def test_unticked_scopes_are_not_given(app: App) -> None:
    told = await decide(app, scope=["profile:read_all"])
    assert told["scope"] == "read,profile:read_all"
    tokens = (await app.token(code=told["code"], grant_type="authorization_code")).json()
    answer = await app.http.get(
        "/api/v3/athlete/activities", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )
    assert errors(answer) == (401, "Authorization Error", [("AccessToken", "activity:read_permission", "missing")])


async def test_denying_tells_so_and_gives_no_code(app: App) -> None:
    assert await decide(app, decision="deny") == {"here": "1", "state": ASKED["state"], "error": "access_denied"}


async def test_who_allowed_it_before_is_sent_back_at_once_unless_forced(app: App) -> None:
    told = await decide(app, scope=["activity:read_all", "profile:read_all"])
    await app.token(code=told["code"], grant_type="authorization_code")
    again = await app.http.get("/oauth/authorize", params=ASKED)
    assert again.status_code == 302
    assert "code" in parse_qs(urlsplit(again.headers["Location"]).query)
    forced = await app.http.get("/oauth/authorize", params={**ASKED, "approval_prompt": "force"})
    assert forced.status_code == 200
    more = await app.http.get("/oauth/authorize", params={**ASKED, "scope": "read,activity:write"})
    assert more.status_code == 200


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "2"}, ("Application", "client_id", "invalid")),
        ({"redirect_uri": "javascript:alert(1)"}, ("Application", "redirect_uri", "invalid")),
        ({"scope": "everything"}, ("Authorize", "scope", "invalid")),
        ({"response_type": "token"}, ("Authorize", "response_type", "invalid")),
    ],
)
async def test_a_wrong_question_is_refused_on_the_page(
    app: App, changed: dict[str, str], error: tuple[str, str, str]
) -> None:
    answer = await app.http.get("/oauth/authorize", params={**ASKED, **changed})
    assert errors(answer) == (400, "Bad Request", [error])


async def test_the_page_does_not_repeat_markup(app: App) -> None:
    page = await app.http.get("/oauth/authorize", params={**ASKED, "state": '"><script>'})
    assert "<script>" not in page.text


@pytest.mark.parametrize("path", ["/oauth/token", "/api/v3/oauth/token"])
async def test_another_client_is_refused(app: App, path: str) -> None:
    for wrong in ({"client_id": "2"}, {"client_secret": "guess"}):
        answer = await app.http.post(path, data={**CLIENT, **wrong, "code": await app.code()})
        assert errors(answer) == (400, "Bad Request", [("Application", "client_id", "invalid")])


async def test_a_code_is_good_once_and_for_ten_minutes(app: App) -> None:
    bad = (400, "Bad Request", [("RequestToken", "code", "invalid")])
    code = await app.code()
    assert (await app.token(code=code, grant_type="authorization_code")).status_code == 200
    assert errors(await app.token(code=code, grant_type="authorization_code")) == bad
    late = await app.code()
    app.clock.now += 601
    assert errors(await app.token(code=late, grant_type="authorization_code")) == bad
    assert errors(await app.token(code="never given", grant_type="authorization_code")) == bad


async def test_refreshing_early_gives_the_same_tokens(app: App) -> None:
    tokens = await app.sign_in()
    app.clock.now += 21600 - 3601
    answer = (await app.token(refresh_token=tokens["refresh_token"], grant_type="refresh_token")).json()
    assert set(answer) == {"token_type", "expires_at", "expires_in", "refresh_token", "access_token"}
    same = ("access_token", "refresh_token", "expires_at")
    assert [answer[name] for name in same] == [tokens[name] for name in same]
    assert answer["expires_in"] == 3601


async def test_refreshing_late_rotates_and_both_access_tokens_are_good_until_they_expire(app: App) -> None:
    tokens = await app.sign_in()
    app.clock.now += 21600 - 3600
    renewed = (await app.token(refresh_token=tokens["refresh_token"], grant_type="refresh_token")).json()
    assert renewed["access_token"] != tokens["access_token"]
    assert renewed["refresh_token"] != tokens["refresh_token"]
    assert renewed["expires_in"] == 21600

    async def works(token: str) -> bool:
        answer = await app.http.get("/api/v3/athlete", headers={"Authorization": f"Bearer {token}"})
        return bool(answer.status_code == 200)

    assert await works(tokens["access_token"])
    assert await works(renewed["access_token"])
    app.clock.now += 3600
    assert not await works(tokens["access_token"])
    assert await works(renewed["access_token"])
    dead = await app.token(refresh_token=tokens["refresh_token"], grant_type="refresh_token")
    assert errors(dead) == (400, "Bad Request", [("RefreshToken", "refresh_token", "invalid")])


@pytest.mark.parametrize("header", [None, "Bearer nobody's", "Basic abc", "Bearer"])
async def test_a_bad_token_is_refused(app: App, header: str | None) -> None:
    answer = await app.http.get("/api/v3/athlete", headers={"Authorization": header} if header else {})
    assert errors(answer) == (401, "Authorization Error", [("Athlete", "access_token", "invalid")])


async def test_a_token_in_the_query_does_not_count(app: App) -> None:
    tokens = await app.sign_in()
    del app.http.headers["Authorization"]
    answer = await app.http.get("/api/v3/athlete", params={"access_token": tokens["access_token"]})
    assert answer.status_code == 401


def basic(client: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()}


async def revoke(app: App, token: str, headers: dict[str, str]) -> httpx2.Response:
    return await app.http.post("/oauth/revoke", data={"token": token}, headers=headers)


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_revoking_ends_all_tokens_and_tells_the_app(app: App, callback: Callback, which: str) -> None:
    await app.subscribe(callback.url)
    tokens = await app.sign_in()
    answer = await revoke(app, tokens[which], basic("1", "emulator-secret"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await app.http.get("/api/v3/athlete")).status_code == 401
    renewed = await app.token(refresh_token=tokens["refresh_token"], grant_type="refresh_token")
    assert renewed.status_code == 400
    await eventually(lambda: callback.events)
    event = callback.events[0]
    assert (event["object_type"], event["aspect_type"]) == ("athlete", "update")
    assert event["object_id"] == event["owner_id"] == app.athlete_id
    assert event["updates"] == {"authorized": "false"}


async def test_revoking_is_silent_about_unknown_tokens_but_not_about_the_client(app: App) -> None:
    assert (await revoke(app, "unknown", basic("1", "emulator-secret"))).status_code == 200
    for headers in (basic("1", "wrong"), {"Authorization": "Basic %%%"}, {}):
        answer = await revoke(app, "unknown", headers)
        assert errors(answer) == (400, "Bad Request", [("Application", "client_id", "invalid")])


@pytest.mark.parametrize("path", ["/oauth/deauthorize", "/api/v3/oauth/deauthorize"])
async def test_the_older_deauthorisation_answers_with_the_token(app: App, path: str) -> None:
    tokens = await app.sign_in()
    answer = await app.http.post(path)
    assert answer.json() == {"access_token": tokens["access_token"]}
    assert errors(await app.http.post(path))[0] == 401


async def test_signing_in_again_gives_the_same_token_while_it_lasts(app: App) -> None:
    first = await app.sign_in()
    second = await app.sign_in()
    assert first["access_token"] == second["access_token"]
    fewer = await app.sign_in("read")
    assert fewer["access_token"] != first["access_token"]
