"""The first page is for people with phones, keyboards and screen readers too."""

import datetime as dt

import pytest
from browsing import PHONE, WIDE, Opener, days_ago, email_of, gpx, is_fine, pictures_shown, sign_in
from playwright.sync_api import expect
from running_platform import PASSWORD, Person

FOCUS = """() => { const at = document.activeElement;
    const seen = [at, ...(at.labels ?? [])].some((each) => getComputedStyle(each).outlineStyle === "solid");
    return at === document.body ? null : { name: at.id || at.name || at.textContent.trim(), seen }; }"""


@pytest.fixture
def filled(runner: Person) -> str:
    """The address of somebody with a run and a plan."""
    runner.import_files([("run.gpx", gpx(days_ago(0), kilometres=6))])
    today = dt.datetime.now(dt.UTC).date().isoformat()
    workout = {"date": today, "kind": "long", "name": "A-very-long-name-without-any-space" * 3}
    body = {"name": "N" * 120, "start_date": today, "end_date": today, "workouts": [workout]}
    assert runner.http.post("/plans", json=body).status_code == 201
    return email_of(runner)


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide", "phone"])
def test_everything_has_a_name_can_be_read_and_fits(
    open_page: Opener, filled: str, viewport: dict[str, int], scheme: str
) -> None:
    page = open_page(viewport, color_scheme=scheme)
    expect(page.get_by_label("E-mail")).to_be_visible()
    is_fine(page)
    sign_in(page, filled)
    pictures_shown(page, 1)
    expect(page.locator("#efforts")).to_contain_text("25:00")
    expect(page.locator("#plans")).to_contain_text("NNN")
    is_fine(page)


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(open_page: Opener, filled: str) -> None:
    page = open_page()
    page.get_by_label("E-mail").fill(filled)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#plans")).to_contain_text("NNN")
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        if at := page.evaluate(FOCUS):
            reached.append(at["name"])
            assert at["seen"], at
    wanted = {"sign-out", "week-before", "week-after", "Connect with Strava", "files", "window", "PDF"}
    assert wanted <= set(reached)


def test_the_focus_stays_while_the_page_refreshes_itself(open_page: Opener, runner: Person, filled: str) -> None:
    page = open_page()
    sign_in(page, filled)
    printer = page.get_by_role("button", name="PDF of")
    printer.focus()
    [plan] = runner.get("/plans")["items"]
    later = (dt.date.fromisoformat(plan["end_date"]) + dt.timedelta(days=7)).isoformat()
    assert runner.http.patch(f"/plans/{plan['id']}", json={"end_date": later}).status_code == 200
    expect(page.locator("#plans")).to_contain_text(f"{dt.date.fromisoformat(later).day}")
    with page.expect_response("**/api/v1/plans?**"):
        pass
    with page.expect_response("**/api/v1/strava/status"):
        pass
    expect(printer).to_be_focused()
