"""The links of mails, opened in a real browser: a platform with a mail server of the tests' own."""

import asyncio
import threading
from collections.abc import Iterator

import httpx2
import pytest
from browsing import Opener, Watched, sign_in
from playwright.sync_api import Page, expect
from post_office import PostOffice, post_office
from running_platform import PASSWORD, RunningPlatform, eventually

EMAIL = "ana@example.org"
NEW = "another long password"


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    """A mail server in a thread of its own: tests in a browser have no loop that could run it."""
    opened: list[PostOffice] = []
    is_open, loop = threading.Event(), asyncio.new_event_loop()
    is_over = asyncio.Event()

    async def serve() -> None:
        async with post_office() as office:
            opened.append(office)
            is_open.set()
            await is_over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert is_open.wait(timeout=10)
    yield opened[0]
    loop.call_soon_threadsafe(is_over.set)
    thread.join(timeout=10)
    loop.close()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, office: PostOffice) -> Iterator[RunningPlatform]:
    """A platform that sends mail."""
    running = RunningPlatform(tmp_path_factory.mktemp("mailing"))
    running.environment |= {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(office.port),
        "SMTP_SECURITY": "none",
        "MAIL_FROM": "Running Trainer <no-reply@example.org>",
    }
    running.up()
    yield running
    running.down()


def mailed_link(office: PostOffice, purpose: str) -> str:
    """The link of the newest mail, once it has come."""
    found = eventually(lambda: office.mails and f"/#{purpose}=" in office.text(), within=30, what=f"{purpose} mail")
    assert found
    [link] = [word for word in office.text().split() if f"/#{purpose}=" in word]
    return link


def arrived(page: Page) -> None:
    expect(page.get_by_role("heading", name="Activities")).to_be_visible()


@pytest.mark.inside
def test_a_newcomer_confirms_the_address_and_sets_a_new_password_by_mail(
    open_page: Opener, office: PostOffice, platform: RunningPlatform, watched: Watched
) -> None:
    watched.expected.append("status of 4")
    page = open_page()
    page.get_by_role("button", name="New here? Register").click()
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("The e-mail address is not confirmed yet.")
    page.get_by_role("button", name="Send the mail that confirms the address again").click()
    expect(page.get_by_role("status")).to_contain_text("at most one goes out each minute")

    link = mailed_link(office, "verify-email")
    page.goto(link)
    expect(page.get_by_role("status")).to_have_text("The address is confirmed.")
    assert page.url == f"{platform.url}/"
    sign_in(page, EMAIL)
    arrived(page)

    page.goto(link)  # with the page open: it works once
    expect(page.get_by_role("status")).to_contain_text("link")
    arrived(page)
    page.get_by_role("button", name="Sign out").click()

    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_role("button", name="Forgotten the password?").click()
    expect(page.locator("#beside").get_by_label("E-mail")).to_have_value(EMAIL)
    page.get_by_role("button", name="Send the mail", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("If the address has an account, a mail with a link")

    page.goto(mailed_link(office, "reset-password"))
    page.get_by_label("New password").fill(NEW)
    assert page.url == f"{platform.url}/"
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status")).to_contain_text("The new password is set")
    sign_in(page, EMAIL)
    expect(page.get_by_role("status")).to_contain_text("The address or the password is wrong.")
    sign_in(page, EMAIL, NEW)
    arrived(page)


@pytest.mark.inside
def test_registering_says_the_same_of_an_address_that_has_an_account(
    open_page: Opener, office: PostOffice, platform: RunningPlatform, watched: Watched
) -> None:
    watched.expected.append("status of 403")
    owner, before = "owner@example.org", len(office.mails)
    body = {"email": owner, "password": PASSWORD, "display_name": "Somebody"}
    httpx2.post(f"{platform.url}/api/v1/auth/register", json=body).raise_for_status()
    eventually(lambda: len(office.mails) > before, within=30, what="mail to the owner")
    token = {"token": office.token()}
    httpx2.post(f"{platform.url}/api/v1/auth/verify-email", json=token).raise_for_status()
    said = []
    for address in (owner, "newcomer@example.org"):
        page = open_page()
        page.get_by_role("button", name="New here? Register").click()
        page.get_by_label("E-mail").fill(address)
        page.get_by_role("textbox", name="Password").fill(NEW)
        page.get_by_role("button", name="Register", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("A mail is on its way")
        expect(page.get_by_role("button", name="Send the mail that confirms the address again")).to_be_visible()
        said.append(page.get_by_role("main").inner_text())
    assert said[0] == said[1]
    # To the owner goes none: less than a minute has passed since the first.
    eventually(lambda: len(office.mails) == before + 2, within=30, what="the mails")
    assert office.recipients[before:] == [owner, "newcomer@example.org"]


@pytest.mark.inside
def test_asking_for_a_mail_says_the_same_of_an_address_that_nobody_has(open_page: Opener, office: PostOffice) -> None:
    before = len(office.mails)
    page = open_page()
    page.get_by_role("button", name="Forgotten the password?").click()
    page.locator("#beside").get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_role("button", name="Send the mail", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("If the address has an account, a mail with a link")
    expect(page.get_by_label("E-mail")).to_be_focused()
    assert len(office.mails) == before
