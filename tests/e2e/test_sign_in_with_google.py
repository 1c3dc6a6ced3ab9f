"""Somebody signs in with Google, whose part a small OpenID provider plays, all of it through the gateway."""

import asyncio
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from openid_stand_in import CLIENT_ID, CLIENT_SECRET, OpenIdStandIn
from running_platform import PASSWORD, RunningPlatform

from common.testing.upstream import serve

pytestmark = pytest.mark.inside  # it wants a platform that knows this provider


@pytest.fixture(scope="module")
def google() -> Iterator[OpenIdStandIn]:
    """The provider, in a thread of its own."""
    stand_in, loop = OpenIdStandIn(), asyncio.new_event_loop()
    is_open, is_over = threading.Event(), asyncio.Event()

    async def answer() -> None:
        async with serve(stand_in.app()) as stand_in.url:
            is_open.set()
            await is_over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(answer()))
    thread.start()
    assert is_open.wait(timeout=10)
    yield stand_in
    loop.call_soon_threadsafe(is_over.set)
    thread.join(timeout=10)
    loop.close()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, google: OpenIdStandIn) -> Iterator[RunningPlatform]:
    """A platform whose operator has an application at Google."""
    running = RunningPlatform(tmp_path_factory.mktemp("google"))
    running.environment |= {
        "GOOGLE_ISSUER": google.url,
        "GOOGLE_CLIENT_ID": CLIENT_ID,
        "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
    }
    running.up()
    yield running
    running.down()


@pytest.fixture
def browser(platform: RunningPlatform) -> Iterator[httpx2.Client]:
    with httpx2.Client(trust_env=False, base_url=f"{platform.url}/api/v1") as client:
        yield client


def come_back(browser: httpx2.Client, to_google: str) -> httpx2.Response:
    """Go to Google's page, which says yes at once; return the answer of the callback that it leads to."""
    back = browser.get(to_google)
    assert back.status_code == 302, back.text
    return browser.get(back.headers["location"])


def sign_in(browser: httpx2.Client) -> httpx2.Response:
    redirect = browser.get("/auth/oauth/google/start")
    assert redirect.status_code == 302, redirect.text
    asked = {name: values[0] for name, values in parse_qs(urlsplit(redirect.headers["location"]).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["nonce"]) >= 20
    return come_back(browser, redirect.headers["location"])


def of_the_page(browser: httpx2.Client) -> dict[str, str]:
    home = urlsplit(str(browser.base_url))
    return {"X-Client": "web", "Origin": f"{home.scheme}://{home.netloc}"}


def whoami(browser: httpx2.Client) -> dict[str, object]:
    session = browser.post("/auth/refresh", headers=of_the_page(browser))
    assert session.status_code == 200, session.text
    browser.headers["Authorization"] = f"Bearer {session.json()['access_token']}"
    person: dict[str, object] = browser.get("/auth/me").json()
    return person


def test_a_newcomer_signs_in_with_google_and_is_the_same_person_again(
    platform: RunningPlatform, google: OpenIdStandIn, browser: httpx2.Client
) -> None:
    google.person = {"sub": "g-new", "email": "new@example.org", "email_verified": True, "name": "New"}
    landed = sign_in(browser)
    assert (landed.status_code, landed.headers["location"]) == (303, f"{platform.url}/?signed_in=google")
    first = whoami(browser)
    assert first["email"] == "new@example.org"
    with httpx2.Client(trust_env=False, base_url=f"{platform.url}/api/v1") as elsewhere:
        sign_in(elsewhere)
        assert whoami(elsewhere)["id"] == first["id"]


def test_an_account_is_linked_and_unlinked(
    platform: RunningPlatform, google: OpenIdStandIn, browser: httpx2.Client
) -> None:
    google.person = {"sub": "g-link", "email": "else@example.org", "email_verified": True, "name": "Else"}
    person = platform.person()
    browser.headers["Authorization"] = person.http.headers["Authorization"]
    mine = browser.get("/auth/me").json()["id"]
    to_google = browser.get("/auth/oauth/google/start?link=true", headers={"Accept": "application/json"}).json()["url"]
    assert come_back(browser, to_google).status_code == 303
    with httpx2.Client(trust_env=False, base_url=f"{platform.url}/api/v1") as elsewhere:
        sign_in(elsewhere)
        assert whoami(elsewhere)["id"] == mine
    assert browser.delete("/auth/oauth/google").status_code == 204
    with httpx2.Client(trust_env=False, base_url=f"{platform.url}/api/v1") as elsewhere:
        sign_in(elsewhere)
        assert whoami(elsewhere)["id"] != mine
    person.close()


def test_an_account_is_not_taken_over_by_an_address_that_google_did_not_prove(
    platform: RunningPlatform, google: OpenIdStandIn, browser: httpx2.Client
) -> None:
    with httpx2.Client(trust_env=False, base_url=f"{platform.url}/api/v1") as owner:
        body = {"email": "owner@example.org", "password": PASSWORD, "display_name": "Owner"}
        assert owner.post("/auth/register", json=body).status_code == 201
    google.person = {"sub": "g-thief", "email": "owner@example.org", "email_verified": False, "name": "Thief"}
    landed = sign_in(browser)
    assert "signed_in" not in landed.headers["location"]
    assert browser.post("/auth/refresh", headers=of_the_page(browser)).status_code == 401
