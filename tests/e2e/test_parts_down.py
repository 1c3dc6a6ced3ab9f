"""What goes on while four of the seven services are down, then the database too, and that all comes back by itself."""

import signal
import time
from collections.abc import Iterator

import httpx2
import pytest
from browsing import sign_in
from forged_tokens import problem_of
from playwright.sync_api import Browser, expect
from running_platform import Person, RunningPlatform, eventually

from local.startup import current_state

pytestmark = pytest.mark.inside

DOWN = ("strava", "analytics", "thumbnails", "pdf")
PLAN = {"name": "Spring", "start_date": "2026-04-27", "end_date": "2026-05-31"}


@pytest.fixture(scope="module")
def crippled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """A platform whose four services are dead and whom nobody restarts: its supervisor was killed before."""
    running = RunningPlatform(tmp_path_factory.mktemp("crippled"))
    running.up()
    supervisor = current_state(running.described).supervisor
    assert supervisor is not None
    supervisor.send(signal.SIGKILL)
    assert supervisor.wait(10)
    for name in DOWN:
        running.kill(name)
        running.kill(f"{name}-worker")
    yield running
    running.down()


@pytest.fixture
def person(crippled: RunningPlatform) -> Iterator[Person]:
    """Somebody who tries again when told to: so much was killed a moment ago."""
    registered = crippled.person()
    registered.patience = 15
    registered.get("/auth/me")
    yield registered
    registered.close()


def test_people_register_sign_in_and_plan(person: Person) -> None:
    assert person.get("/auth/me")["display_name"]
    made = person.http.post("/plans", json=PLAN)
    assert made.status_code == 201
    assert [each["name"] for each in person.get("/plans")["items"]] == ["Spring"]
    person.renew()
    assert person.get("/auth/sessions")["items"]


def test_what_is_down_says_so(crippled: RunningPlatform, person: Person) -> None:
    for path in ("/activities", "/analytics/best-efforts-cached", "/pdf/documents"):
        answer = person.http.get(path)
        assert answer.status_code == 503, path
        assert problem_of(answer)["retryable"]
    health = httpx2.get(f"{crippled.url}/health")
    checks = health.json()["checks"]
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert {name for name, check in checks.items() if check["status"] != "ok"} == set(DOWN)


def test_the_page_signs_in(crippled: RunningPlatform, person: Person, browser: Browser) -> None:
    email = person.get("/auth/me")["email"]
    context = browser.new_context()
    page = context.new_page()
    page.goto(crippled.url)
    sign_in(page, email)
    expect(page.get_by_role("heading", name="Activities")).to_be_visible()
    context.close()


def told_of_plans(person: Person) -> str:
    code: str = problem_of(person.http.get("/plans"))["code"]
    return code


def test_services_whose_database_hangs_are_left_alone(crippled: RunningPlatform, person: Person) -> None:
    """They run and say nothing to requests, which are not left waiting for the time that their route has."""
    with crippled.stopped("postgres"):
        started = time.monotonic()
        assert told_of_plans(person) == "upstream.unavailable"
        assert time.monotonic() - started < 5
    eventually(lambda: person.http.get("/plans").status_code == 200, within=15, what="back without help")


def test_services_whose_database_is_gone_are_left_alone(crippled: RunningPlatform, person: Person) -> None:
    """They run and answer, so only what they say of themselves tells."""
    crippled.kill("postgres")
    eventually(lambda: told_of_plans(person) == "database.unavailable", within=5, what="the service's own word")
    eventually(lambda: told_of_plans(person) == "upstream.unavailable", within=5, what="the gateway's word")


def test_all_of_it_comes_back_with_up(crippled: RunningPlatform) -> None:
    crippled.up()
    person = Person.register(crippled.url, "back@example.org")
    eventually(lambda: person.http.get("/activities").status_code == 200, within=15, what="activities")
    eventually(lambda: httpx2.get(f"{crippled.url}/health").json()["status"] == "ok", within=15, what="health")
    person.close()
