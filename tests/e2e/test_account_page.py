"""The account in a real browser: the second factor, devices, tokens, the ways in, taking everything along, leaving."""

import re
import time
import zipfile
from collections.abc import Callable

import httpx2
import pyotp
import pytest
from browsing import PHONE, WIDE, Opener, Watched, days_ago, email_of, gpx, is_fine, sign_in
from playwright.sync_api import Page, Route, expect
from running_platform import PASSWORD, Person, RunningPlatform, Strava, eventually

NOT_ALLOWED, TOO_MANY = "status of 403", "status of 429"
STEP_S = 30


def open_account(page: Page) -> None:
    """Turn to it and wait until it stands: what is loading moves what is below it."""
    page.get_by_role("link", name="Account").click()
    expect(page.locator("#devices")).to_contain_text("this one")
    for part in ("#factor", "#tokens", "#deletion"):
        expect(page.locator(part)).not_to_be_empty()


def section(page: Page, name: str) -> "Section":
    return Section(page, name)


class Section:
    """A part of the account, found by its heading."""

    def __init__(self, page: Page, name: str) -> None:
        self.region = page.get_by_role("region", name=name)

    def fill(self, **fields: str) -> None:
        for label, value in fields.items():
            self.region.get_by_label(label.replace("_", " ")).fill(value)

    def click(self, name: str) -> None:
        self.region.get_by_role("button", name=name, exact=True).click()

    def says(self, words: str) -> None:
        expect(self.region).to_contain_text(words)


@pytest.fixture
def account(signed_in: Page) -> Page:
    open_account(signed_in)
    return signed_in


@pytest.fixture
def token_of(platform: RunningPlatform) -> Callable[[str], httpx2.Client]:
    def client(token: str) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=f"{platform.url}/api/v1", headers=headers, timeout=30)

    return client


class TestHeartRate:
    def test_it_is_shown_once_the_athlete_asks_for_it(self, runner: Person, open_page: Opener) -> None:
        runner.import_files([("run.gpx", gpx(days_ago(1), heartrate=151))])
        assert runner.get("/activities")["items"][0]["average_heartrate"] == 151
        page = open_page()
        sign_in(page, email_of(runner))
        feed = page.locator("#feed")
        expect(feed).to_contain_text("2.00 km")
        expect(feed).not_to_contain_text("bpm")
        for wanted in (True, False):
            open_account(page)
            box = page.get_by_label("Show the heart rate of activities")
            assert box.is_checked() is not wanted
            box.click()
            expect(page.get_by_role("status")).to_contain_text("The heart rate is")
            expect(box).to_be_checked(checked=wanted)
            page.get_by_role("link", name="Training").click()
            shown = expect(feed)
            (shown.to_contain_text if wanted else shown.not_to_contain_text)("151 bpm")
            page.reload()
            expect(feed).to_contain_text("2.00 km")
            (shown.to_contain_text if wanted else shown.not_to_contain_text)("151 bpm")


class TestSecondFactor:
    def turn_on(self, account: Page) -> tuple[pyotp.TOTP, list[str]]:
        """Set it up as a person with an app does; return the app and the recovery codes."""
        factor = section(account, "Second factor")
        factor.says("Off.")
        factor.fill(Password=PASSWORD)
        factor.click("Set up")
        code = account.get_by_label("Code that the app shows")
        expect(code).to_be_focused()
        app = pyotp.parse_uri(account.locator("#otpauth").text_content() or "")
        assert isinstance(app, pyotp.TOTP)
        assert account.locator("#secret").inner_text().replace(" ", "") == app.secret
        code.fill(app.now())
        factor.click("Turn on")
        factor.says("Recovery codes")
        recovery_codes = factor.region.locator(".codes li").all_inner_texts()
        factor.click("I have kept them")
        factor.says("On. 10 recovery codes are left.")
        assert recovery_codes[0] not in account.content()
        return app, recovery_codes

    def test_signing_in_asks_for_a_code_and_takes_a_recovery_code(
        self, account: Page, open_page: Opener, runner: Person, watched: Watched
    ) -> None:
        app, recovery_codes = self.turn_on(account)
        page = open_page()
        sign_in(page, email_of(runner))
        code = page.get_by_label("Code of the authenticator app")
        expect(code).to_be_focused()
        expect(code).to_have_attribute("autocomplete", "one-time-code")
        expect(code).to_have_attribute("inputmode", "numeric")
        expect(page.locator("#sign-in").get_by_label("Password")).to_be_hidden()
        wrong = "000000" if app.at(int(time.time())) != "000000" else "111111"
        code.fill(wrong)
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("The code of the second factor is wrong.")
        code.fill(app.at(int(time.time()) + STEP_S))  # the present one has been used
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Activities")).to_be_visible()

        page.get_by_role("button", name="Sign out").click()
        sign_in(page, email_of(runner))
        page.get_by_role("button", name="Type a recovery code").click()
        expect(code).to_have_attribute("inputmode", "text")
        code.fill(recovery_codes[0])
        page.keyboard.press("Enter")
        open_account(page)
        factor = section(page, "Second factor")
        factor.says("On. 9 recovery codes are left.")

        watched.expected.append(NOT_ALLOWED)
        factor.fill(Password="not the right password", Code_of_the_app=recovery_codes[1])
        factor.click("Turn off")
        expect(page.get_by_role("status")).to_contain_text("The password is wrong.")
        factor.fill(Password=PASSWORD, Code_of_the_app=recovery_codes[1])
        factor.click("Turn off")
        factor.says("Off.")

    def test_whoever_goes_back_from_the_code_can_sign_in_as_somebody_else(
        self, account: Page, open_page: Opener, runner: Person, new_person: Callable[[], Person]
    ) -> None:
        self.turn_on(account)
        page = open_page()
        sign_in(page, email_of(runner))
        page.get_by_role("button", name="Back").click()
        expect(page.locator("#sign-in").get_by_label("Password")).to_have_value("")
        sign_in(page, email_of(new_person()))
        expect(page.get_by_role("heading", name="Activities")).to_be_visible()


class TestSigningIn:
    def test_too_many_tries_say_how_long_to_wait(self, open_page: Opener, runner: Person, watched: Watched) -> None:
        watched.expected.append(TOO_MANY)
        page, email = open_page(), email_of(runner)
        for _ in range(8):
            with page.expect_response("**/auth/login"):
                sign_in(page, email, "not the right password")
        expect(page.get_by_role("status")).to_contain_text(re.compile(r"Wait \d+ seconds?, then try again\."))

    def test_a_forgotten_password_is_the_operators_matter_where_no_mail_goes_out(self, open_page: Opener) -> None:
        page = open_page()
        expect(page.get_by_role("link", name="Sign in with Strava")).to_be_visible()
        page.get_by_role("button", name="Forgotten the password?").click()
        expect(page.get_by_role("status")).to_contain_text("Ask whoever runs it to set a new password")

    def test_a_newcomer_comes_in_with_strava(
        self, open_page: Opener, strava: Strava, platform: RunningPlatform
    ) -> None:
        athlete = strava.new_athlete()
        page = open_page()
        expect(page.get_by_role("link", name="Sign in with Google")).to_be_hidden()
        page.get_by_role("link", name="Sign in with Strava").click()
        page.get_by_label("Athlete").select_option(str(athlete))
        page.get_by_role("button", name="Authorize").click()
        expect(page.get_by_text("Connected to Strava as Ana Runner.")).to_be_visible()
        assert page.url == f"{platform.url}/"
        open_account(page)
        section(page, "Password").says("This account has no password")
        section(page, "Second factor").says("has a second factor of its own")
        section(page, "Delete the account").says("sign out, sign in again and do it within ten minutes")
        expect(page.get_by_role("region", name="Delete the account").get_by_label("Password")).to_have_count(0)
        expect(page.get_by_role("region", name="Password", exact=True).get_by_label("New password")).to_have_count(0)

    def test_who_came_from_a_provider_that_told_an_address_sets_a_first_password(self, signed_in: Page) -> None:
        def without_password(route: Route) -> None:
            route.fulfill(json={"password": False, "items": []})

        def accept(route: Route) -> None:
            route.fulfill(status=204)

        signed_in.route("**/api/v1/auth/oauth", without_password)
        signed_in.route("**/api/v1/auth/password", accept)
        open_account(signed_in)
        password = section(signed_in, "Password")
        password.says("To set one, sign out, sign in again and do it within ten minutes.")
        password.fill(New_password="four words in a row")
        with signed_in.expect_request("**/auth/password") as asked:
            password.click("Set a password")
        assert asked.value.post_data_json == {"new_password": "four words in a row"}
        expect(signed_in.get_by_role("status")).to_contain_text("The password is set.")

    def test_whoever_says_no_at_strava_is_told_so(self, open_page: Opener, platform: RunningPlatform) -> None:
        page = open_page()
        page.get_by_role("link", name="Sign in with Strava").click()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("status")).to_have_text("You were not signed in: access was not granted there.")
        assert page.url == f"{platform.url}/"

    def test_a_provider_is_linked_and_unlinked(self, account: Page, strava: Strava) -> None:
        athlete = strava.new_athlete()
        account.get_by_role("button", name="Link Strava").click()
        account.get_by_label("Athlete").select_option(str(athlete))
        account.get_by_role("button", name="Authorize").click()
        expect(account.get_by_role("status")).to_contain_text("Strava is linked")
        open_account(account)
        account.get_by_role("button", name="Unlink Strava").click()
        expect(account.get_by_role("status")).to_have_text("Strava is unlinked.")
        expect(account.get_by_role("button", name="Link Strava")).to_be_visible()


class TestMadeUpLinks:
    def test_a_link_that_is_not_of_a_mail_is_refused_and_leaves_the_address_bar(
        self, open_page: Opener, platform: RunningPlatform, watched: Watched
    ) -> None:
        watched.expected.append("status of 4")
        page = open_page()
        page.goto(f"{platform.url}/#reset-password=made-up")
        password = page.get_by_label("New password")
        expect(password).to_be_focused()
        assert page.url == f"{platform.url}/"
        password.fill("another long password")
        page.get_by_role("button", name="Set the password").click()
        expect(page.get_by_role("status")).to_contain_text("link")
        page.get_by_role("button", name="Back").click()
        expect(page.get_by_label("E-mail")).to_be_focused()
        page.goto(f"{platform.url}/#verify-email=made-up")
        expect(page.get_by_role("status")).to_contain_text("link")
        assert page.url == f"{platform.url}/"

    def test_a_link_that_is_opened_while_the_page_begins_is_followed(self, open_page: Opener, watched: Watched) -> None:
        watched.expected.append("status of 4")
        page, held = open_page(), list[Route]()
        page.route("**/auth/refresh", lambda route: held.append(route))  # noqa: PLW0108 - a built-in has no room for its mark
        page.reload()
        expect(page.get_by_label("E-mail")).to_be_hidden()
        page.evaluate("history.replaceState(null, '', '/#reset-password=made-up')")  # the browser tells of it later
        held.pop().continue_()
        expect(page.get_by_label("E-mail")).to_be_visible()
        page.evaluate("dispatchEvent(new HashChangeEvent('hashchange'))")
        expect(page.get_by_label("New password")).to_be_focused()


class TestDevices:
    def test_another_device_is_signed_out(self, account: Page, runner: Person) -> None:
        devices = section(account, "Devices")
        devices.says("this one")
        others = devices.region.get_by_role("listitem").filter(has_not_text="this one")
        for left in range(others.count(), 0, -1):
            others.first.get_by_role("button").click()
            expect(others).to_have_count(left - 1)
        expect(account.get_by_role("status")).to_contain_text("is signed out.")
        eventually(lambda: runner.http.get("/auth/me").status_code == 401, within=5, what="the end of the session")

    def test_everywhere_is_here_too(self, account: Page, runner: Person) -> None:
        section(account, "Devices").click("Sign out everywhere")
        expect(account.get_by_role("status")).to_have_text("You are signed out everywhere.")
        expect(account.get_by_label("E-mail")).to_be_visible()
        account.reload()
        expect(account.get_by_label("E-mail")).to_be_visible()
        eventually(lambda: runner.http.get("/auth/me").status_code == 401, within=5, what="the end of the session")

    def test_a_changed_password_is_the_only_one(self, account: Page, open_page: Opener, runner: Person) -> None:
        email = email_of(runner)
        section(account, "Password").fill(Present_password=PASSWORD, New_password="quite another one")
        section(account, "Password").click("Change the password")
        expect(account.get_by_role("status")).to_contain_text("The password is changed.")
        page = open_page()
        sign_in(page, email)
        expect(page.get_by_role("status")).to_contain_text("password is wrong")
        sign_in(page, email, "quite another one")
        expect(page.get_by_role("heading", name="Activities")).to_be_visible()


class TestTokens:
    def test_a_token_works_until_it_is_deleted_and_for_what_it_is_meant(
        self, account: Page, token_of: Callable[[str], httpx2.Client]
    ) -> None:
        tokens = section(account, "Personal access tokens")
        tokens.says("No tokens yet.")
        tokens.fill(Name="Backup at home")
        tokens.click("Make a token")
        expect(account.get_by_role("status")).to_contain_text("Choose at least one thing")
        tokens.region.get_by_label("Activities").select_option("read")
        account.get_by_label("It works for").select_option("90 days")
        tokens.click("Make a token")
        token = account.locator("#made-token").inner_text()
        tokens.click("I have kept it")
        assert token not in account.content()
        tokens.says("activities:read")
        tokens.says("not used yet")

        with token_of(token) as script:
            assert script.get("/activities").status_code == 200
            assert script.get("/plans").status_code == 403
            tokens.click("Delete Backup at home")
            tokens.says("No tokens yet.")
            eventually(lambda: script.get("/activities").status_code == 401, within=5, what="the end of the token")

    def test_secrets_leave_the_page_with_its_view(self, account: Page) -> None:
        tokens = section(account, "Personal access tokens")
        tokens.fill(Name="Backup")
        account.get_by_label("Profile").select_option("read and write")
        tokens.click("Make a token")
        token = account.locator("#made-token").inner_text()
        account.get_by_role("link", name="Training").click()
        expect(account.get_by_role("heading", name="Activities")).to_be_visible()
        assert token not in account.content()
        account.go_back()
        tokens.says("profile:write")
        assert token not in account.content()


class TestLeaving:
    def test_all_data_come_along_in_one_archive(self, signed_in: Page, runner: Person) -> None:
        runner.import_files([("mine.gpx", gpx(days_ago(3)))])
        open_account(signed_in)
        section(signed_in, "Your data").click("Gather my data")
        with signed_in.expect_download() as started:
            signed_in.get_by_role("link", name="Download").click(timeout=90_000)
        assert re.fullmatch(r"running-trainer-[\d-]+\.zip", started.value.suggested_filename)
        with zipfile.ZipFile(started.value.path()) as archive:
            assert archive.testzip() is None
            assert "manifest.json" in archive.namelist()
            assert any(name.startswith("strava/") for name in archive.namelist())

    def test_a_deleted_account_is_gone(
        self, account: Page, runner: Person, platform: RunningPlatform, watched: Watched
    ) -> None:
        watched.expected.append(NOT_ALLOWED)
        email = email_of(runner)
        deletion = section(account, "Delete the account")
        deletion.region.get_by_label("I want all of it deleted").check()
        deletion.fill(Password="not the right password")
        deletion.click("Delete my account")
        expect(account.get_by_role("status")).to_contain_text("The password is wrong.")
        deletion.fill(Password=PASSWORD)
        deletion.click("Delete my account")
        expect(account.get_by_label("E-mail")).to_be_visible()
        expect(account.get_by_role("status")).to_have_text(
            "Your account and everything in it are deleted.", timeout=90_000
        )
        sign_in(account, email)
        expect(account.get_by_role("status")).to_contain_text("The address or the password is wrong.")
        again = httpx2.post(
            f"{platform.url}/api/v1/auth/register",
            json={"email": email, "password": PASSWORD, "display_name": "Somebody new"},
        )
        assert again.status_code == 201, again.text


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide", "phone"])
def test_the_account_can_be_read_and_fits(
    open_page: Opener, runner: Person, viewport: dict[str, int], scheme: str
) -> None:
    made = runner.http.post("/auth/tokens", json={"name": "N" * 100, "scopes": ["activities:read"]})
    assert made.status_code == 201, made.text
    page = open_page(viewport, color_scheme=scheme)
    sign_in(page, email_of(runner))
    open_account(page)
    expect(page.get_by_label("I want all of it deleted")).to_be_visible()
    factor = section(page, "Second factor")
    factor.fill(Password=PASSWORD)
    factor.click("Set up")
    expect(page.get_by_label("Code that the app shows")).to_be_visible()
    page.get_by_label("Profile").select_option("read and write")
    tokens = section(page, "Personal access tokens")
    tokens.fill(Name="Backup at home")
    tokens.click("Make a token")
    expect(page.locator("#made-token")).to_be_visible()
    is_fine(page)
