"""The page of the API's description in a real browser, under the policy that it is served with."""

from browsing import Opener, Watched
from playwright.sync_api import Page, expect
from running_platform import Person

INJECT = """() => { const script = document.createElement("script"); script.textContent = "window.injected = true";
    document.head.append(script); return window.injected === true; }"""


def opened(open_page: Opener) -> Page:
    page = open_page()
    page.goto(f"{page.url}api/docs")
    expect(page.get_by_role("button", name="Authorize", exact=True)).to_be_visible()
    return page


def test_the_api_can_be_tried_on_its_page(open_page: Opener, runner: Person) -> None:
    page = opened(open_page)
    page.get_by_role("button", name="Authorize", exact=True).click()
    token = page.get_by_label("auth-bearer-value")
    token.fill(runner.tokens["access_token"])
    token.press("Enter")
    page.locator(".modal-ux .close-modal").click()
    operation = page.locator(".opblock-get", has=page.locator("[data-path='/api/v1/auth/me']"))
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")


def test_a_script_that_was_put_into_it_does_not_run(open_page: Opener, watched: Watched) -> None:
    watched.expected.append("violates the following Content Security Policy")
    assert opened(open_page).evaluate(INJECT) is False
