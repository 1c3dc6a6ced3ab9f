"""Pictures that come with a sign-in: only addresses of a safe kind, and never over what the person set."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from openid_stand_in import OpenIdStandIn
from travelling import Traveller

from auth.identities.provider import CameBack, Clients, FlowSecrets
from auth.identities.strava import StravaProvider
from common.testing.upstream import serve

Bearer = Callable[[dict[str, Any]], dict[str, str]]
ME = "/api/v1/auth/me"
THEIRS = "https://lh3.example.com/a/theirs=s96-c"
OWN = "https://example.org/own.png"


async def test_a_newcomer_brings_the_picture_of_the_provider(
    auth: httpx2.AsyncClient, browser: Traveller, google: OpenIdStandIn, bearer: Bearer
) -> None:
    google.person["picture"] = THEIRS
    mine = bearer((await browser.go()).json())
    assert (await auth.get(ME, headers=mine)).json()["picture"] == THEIRS
    google.person["picture"] = OWN
    await browser.go()
    assert (await auth.get(ME, headers=mine)).json()["picture"] == THEIRS, "only the first sign-in fills it"


async def test_linking_fills_an_empty_picture_and_changes_the_tag(
    auth: httpx2.AsyncClient, browser: Traveller, google: OpenIdStandIn, tokens: dict[str, Any], bearer: Bearer
) -> None:
    google.person["picture"] = THEIRS
    before = await auth.get(ME, headers=bearer(tokens))
    await browser.go(headers=bearer(tokens), link="true")
    after = await auth.get(ME, headers={**bearer(tokens), "If-None-Match": before.headers["etag"]})
    assert (before.json()["picture"], after.status_code, after.json()["picture"]) == (None, 200, THEIRS)


async def test_linking_leaves_what_the_person_set(
    auth: httpx2.AsyncClient, browser: Traveller, google: OpenIdStandIn, tokens: dict[str, Any], bearer: Bearer
) -> None:
    google.person["picture"] = THEIRS
    changed = await auth.patch(ME, headers=bearer(tokens), json={"picture": OWN})
    await browser.go(headers=bearer(tokens), link="true")
    after = await auth.get(ME, headers=bearer(tokens))
    assert (after.json()["picture"], after.json()["version"]) == (OWN, changed.json()["version"])


@pytest.mark.parametrize("told", ["http://example.org/a.png", "data:image/png;base64,AA", "avatar.png", 7, None, ""])
async def test_what_is_no_safe_address_is_left_out(
    auth: httpx2.AsyncClient, browser: Traveller, google: OpenIdStandIn, bearer: Bearer, told: Any
) -> None:
    google.person["picture"] = told
    answer = await browser.go()
    assert answer.status_code == 200
    assert (await auth.get(ME, headers=bearer(answer.json()))).json()["picture"] is None


@pytest.mark.parametrize(
    ("told", "picture"),
    [
        ({"profile": THEIRS, "profile_medium": OWN}, THEIRS),
        ({"profile": "http://example.org/large.jpg", "profile_medium": OWN}, OWN),
        ({"profile": "avatar/athlete/large.png", "profile_medium": "avatar/athlete/medium.png"}, None),
        ({"profile": {"url": OWN}}, None),
        ({}, None),
    ],
    ids=["large", "medium", "none set", "nonsense", "untold"],
)
async def test_of_strava_comes_the_larger_picture_that_has_an_address(told: dict[str, Any], picture: str) -> None:
    app, clients = FastAPI(), Clients()

    @app.post("/oauth/token")
    async def token() -> dict[str, Any]:
        grant = {"access_token": "a", "refresh_token": "r", "expires_at": 4_000_000_000}
        return {**grant, "athlete": {"id": 7, **told}}

    async with serve(app) as url:
        application = {"client_id": "1", "client_secret": "s", "redirect_uri": "https://example.org/"}
        provider = StravaProvider(clients, base=url, token_base="", **application)
        came = CameBack(state="", code="c", scope="read", error="", issuer="")
        person = await provider.person(came, FlowSecrets("", "", ""))
        await clients.aclose()
    assert (person.subject, person.picture) == ("7", picture)
