"""A browser on its way to Strava's page and back, without a bearer token."""

from urllib.parse import parse_qs, urlsplit

import httpx2
from emulated import Runner

COOKIE = "rt_strava_oauth"


async def begin(runner: Runner, strava: httpx2.AsyncClient) -> tuple[str, str]:
    """(state, cookie) of a new way to Strava."""
    strava.cookies.clear()
    response = await runner.here.request("GET", "/strava/auth")
    state = parse_qs(urlsplit(response.headers["location"]).query)["state"][0]
    return state, response.cookies[COOKIE]


async def land(strava: httpx2.AsyncClient, cookie: str | None, **answer: str) -> str:
    """Come back from Strava as a browser does; return the word of the outcome."""
    strava.cookies.clear()
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    response = await strava.get("/api/v1/strava/callback", params=answer, headers=headers)
    assert response.status_code == 302
    place = urlsplit(response.headers["location"])
    assert place.path == "/"
    return parse_qs(place.query)["strava"][0]
