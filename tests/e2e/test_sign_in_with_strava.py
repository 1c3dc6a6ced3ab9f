"""Somebody new comes in with their account at Strava, and their runs come along."""

from urllib.parse import parse_qs, urlsplit

import httpx2
from running_platform import RunningPlatform, Strava, eventually

ALL = ["read", "activity:read_all", "profile:read_all"]


def at_strava(browser: httpx2.Client, page: str, athlete: int) -> httpx2.Response:
    """Say yes on Strava's page; return the answer of the callback that it leads to."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
    form = {name: asked[name] for name in ("client_id", "redirect_uri", "state")}
    form |= {"requested": asked["scope"], "athlete_id": str(athlete), "decision": "authorize"}
    back = browser.post(page.partition("?")[0], data={**form, "scope": ALL})
    assert back.status_code == 302, back.text
    return browser.get(back.headers["location"])


def test_a_newcomer_signs_in_with_strava_and_finds_their_runs(platform: RunningPlatform, strava: Strava) -> None:
    athlete = strava.new_athlete()
    with httpx2.Client(trust_env=False) as browser:
        redirect = browser.get(f"{platform.url}/api/v1/auth/oauth/strava/start")
        assert redirect.status_code == 302, redirect.text
        landed = at_strava(browser, redirect.headers["location"], athlete)
        assert (landed.status_code, landed.headers["location"]) == (303, f"{platform.url}/?signed_in=strava")
        of_the_page = {"X-Client": "web", "Origin": platform.url}
        session = browser.post(f"{platform.url}/api/v1/auth/refresh", headers=of_the_page)
        assert session.status_code == 200, session.text
        browser.headers["Authorization"] = f"Bearer {session.json()['access_token']}"
        assert browser.get(f"{platform.url}/api/v1/auth/me").json()["email"] is None
        assert browser.get(f"{platform.url}/api/v1/strava/status").json()["state"] == "connected"
        strava_id = strava.run(athlete, name="The first one here")

        def arrived() -> bool:
            items = browser.get(f"{platform.url}/api/v1/activities").json()["items"]
            return any(item["strava_id"] == str(strava_id) for item in items)

        eventually(arrived, within=30, what="the run")
        ended = browser.post(f"{platform.url}/api/v1/strava/logout")
        assert (ended.status_code, ended.headers["location"]) == (303, f"{platform.url}/")
        eventually(lambda: browser.get(f"{platform.url}/api/v1/auth/me").status_code == 401, within=5, what="the end")
