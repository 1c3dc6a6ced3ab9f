"""The first page in a real browser: what a runner sees and does on it, and what it never does."""

import datetime as dt
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from browsing import Opener, Watched, days_ago, email_of, give, gpx, pictures_shown, sign_in, today_in
from playwright.sync_api import Page, Route, expect
from running_platform import PASSWORD, Person, Strava

ROUTE = "**/api/v1/analytics/**"


class TestSigningIn:
    def test_a_new_runner_registers_and_sees_what_to_do_first(self, open_page: Opener) -> None:
        page = open_page()
        page.get_by_role("button", name="New here? Register").click()
        page.get_by_label("E-mail").fill(f"new-{dt.datetime.now(dt.UTC).timestamp()}@example.org")
        page.get_by_role("textbox", name="Password").fill(PASSWORD)
        page.get_by_label("Name", exact=True).fill("Ana Runner")
        page.get_by_role("button", name="Register", exact=True).click()
        expect(page.get_by_text("Ana Runner")).to_be_visible()
        for words in (
            "No activities yet.",
            "No plans yet.",
            "None yet: they come with the first run.",
            "Nothing planned and nothing run.",
        ):
            expect(page.get_by_text(words)).to_be_visible()
        expect(page.get_by_role("button", name="Connect with Strava")).to_be_visible()
        expect(page.get_by_role("status")).to_be_hidden()

    def test_a_wrong_password_is_said_in_words(self, open_page: Opener, runner: Person) -> None:
        page = open_page()
        sign_in(page, email_of(runner), "not the right password")
        expect(page.get_by_role("status")).to_contain_text("password")
        expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()

    def test_a_reload_keeps_the_session_and_signing_out_ends_it_everywhere(
        self, signed_in: Page, runner: Person
    ) -> None:
        made = runner.http.post("/plans", json={"name": "Mine", "start_date": "2026-01-05", "end_date": "2026-02-01"})
        assert made.status_code == 201
        signed_in.reload()
        expect(signed_in.get_by_text("Mine")).to_be_visible()
        stale = signed_in.context.new_page()
        stale.goto(signed_in.url)
        expect(stale.get_by_text("Mine")).to_be_visible()

        signed_in.get_by_role("button", name="Sign out").click()
        expect(signed_in.get_by_label("E-mail")).to_be_focused()
        expect(signed_in.get_by_role("status")).to_be_hidden()
        assert "Mine" not in signed_in.content()
        expect(stale.get_by_role("status")).to_have_text("The session has ended. Sign in again.")
        assert "Mine" not in stale.content()
        signed_in.reload()
        expect(signed_in.get_by_label("E-mail")).to_be_visible()


class TestStrava:
    def authorise(self, page: Page, athlete: int, decision: str) -> None:
        page.get_by_role("button", name="Connect with Strava").click()
        page.get_by_label("Athlete").select_option(str(athlete))
        page.get_by_role("button", name=decision).click()

    def test_activities_of_a_connected_athlete_arrive_with_pictures_also_while_one_looks_on(
        self, signed_in: Page, strava: Strava
    ) -> None:
        athlete = strava.new_athlete()
        strava.run(athlete, name="Along the river", start_date=days_ago(3).isoformat())
        self.authorise(signed_in, athlete, "Authorize")
        expect(signed_in.get_by_role("status")).to_have_text("Strava is connected. Your activities will follow.")
        expect(signed_in.get_by_text("Connected to Strava as Ana Runner.")).to_be_visible()
        expect(signed_in.get_by_role("heading", name="Along the river")).to_be_visible()
        pictures_shown(signed_in, 1)

        strava_id = strava.run(athlete, name="Up the hill", start_date=days_ago(1).isoformat())
        expect(signed_in.get_by_role("heading", name="Up the hill")).to_be_visible()
        pictures_shown(signed_in, 2)
        link = signed_in.get_by_role("link", name="View on Strava").first
        expect(link).to_have_attribute("href", f"https://www.strava.com/activities/{strava_id}")
        signed_in.get_by_role("button", name="Sync now").click()
        expect(signed_in.get_by_role("button", name="Sync now")).to_be_enabled()

    def test_whoever_waits_for_stravas_limit_reads_how_far_it_is_and_when_it_goes_on(self, signed_in: Page) -> None:
        waiting = {"state": "queued", "total": 2000, "fetched": 700, "resumes_at": "2026-11-21T12:15:03Z"}
        status = {"configured": True, "state": "connected", "sync": {"state": "done"}, "history": waiting}
        signed_in.route("**/api/v1/strava/status", lambda route: route.fulfill(json=status))
        signed_in.reload()
        told = "700 of 2000 activities are here. Strava allows only so many calls: it goes on at 21 Nov 2026, 22:45."
        expect(signed_in.get_by_text(told)).to_be_visible()
        status["history"] = {**waiting, "resumes_at": None}
        signed_in.reload()
        expect(signed_in.get_by_text("Connected to Strava.")).to_be_visible()
        expect(signed_in.get_by_text("Strava allows only so many calls")).to_have_count(0)

    def test_whoever_takes_the_grant_back_at_strava_reads_what_is_to_be_deleted_and_when(
        self, signed_in: Page, strava: Strava
    ) -> None:
        athlete = strava.new_athlete()
        self.authorise(signed_in, athlete, "Authorize")
        expect(signed_in.get_by_text("Connected to Strava as Ana Runner.")).to_be_visible()
        strava.revoke(athlete)
        told = re.compile(r"What came from Strava is deleted on \d+ \w+ \d{4}, unless you connect again\.")
        expect(signed_in.get_by_text(told)).to_be_visible()
        expect(signed_in.get_by_role("button", name="Connect with Strava")).to_be_visible()

    def test_whoever_cancels_at_strava_is_told_that_it_is_not_connected(self, signed_in: Page, strava: Strava) -> None:
        self.authorise(signed_in, strava.new_athlete(), "Cancel")
        expect(signed_in.get_by_role("status")).to_contain_text("Strava was not connected")
        expect(signed_in.get_by_role("button", name="Connect with Strava")).to_be_visible()
        assert urlsplit(signed_in.url).query == ""


class TestFiles:
    def test_a_file_becomes_an_activity_with_picture_and_efforts_and_a_bad_one_says_why(self, signed_in: Page) -> None:
        give(signed_in, good_gpx=gpx(days_ago(200), kilometres=6), bad_gpx=b"<gpx>and then nothing")
        expect(signed_in.get_by_text("good.gpx: imported")).to_be_visible()
        expect(signed_in.locator("#imports")).to_contain_text("bad.gpx: rejected (")
        expect(signed_in.locator("#feed")).to_contain_text("6.00 km · 30:00 · 5:00 /km")
        pictures_shown(signed_in, 1)
        efforts = signed_in.locator("#efforts")
        expect(efforts.get_by_role("row").filter(has=signed_in.get_by_text("5k", exact=True))).to_contain_text("25:00")

        window = signed_in.get_by_label("Window")
        window.select_option("3 months")
        expect(efforts).to_contain_text("None in this time.")
        window.select_option("1 year")
        expect(efforts).to_contain_text("25:00")

    def test_older_activities_are_shown_on_demand(self, signed_in: Page) -> None:
        files = {f"run{day:02}_gpx": gpx(days_ago(day), kilometres=1) for day in range(1, 23)}
        give(signed_in, **files)
        expect(signed_in.locator("#feed > li")).to_have_count(20)
        more = signed_in.get_by_role("button", name="Show more")
        more.click()
        expect(signed_in.locator("#feed > li")).to_have_count(22)
        expect(more).to_be_hidden()


class TestPlans:
    @pytest.fixture
    def plan(self, signed_in: Page, runner: Person) -> dict[str, Any]:
        today = today_in(signed_in)
        monday = today - dt.timedelta(days=today.weekday())
        body = {
            "name": "Spring 10 km",
            "start_date": (monday - dt.timedelta(days=7)).isoformat(),
            "end_date": (monday + dt.timedelta(days=27)).isoformat(),
            "workouts": [
                {
                    "date": (monday - dt.timedelta(days=2)).isoformat(),
                    "kind": "long",
                    "name": "Long one",
                    "planned": {"distance": 18_000},
                },
                {"date": today.isoformat(), "kind": "tempo", "name": "Quick one", "planned": {"distance": 8000}},
            ],
        }
        made = runner.http.post("/plans", json=body)
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found

    def test_a_plan_appears_with_its_week_and_what_was_done_of_it(
        self, signed_in: Page, runner: Person, plan: dict[str, Any]
    ) -> None:
        plans, days = signed_in.locator("#plans"), signed_in.locator("#days")
        expect(plans).to_contain_text("Spring 10 km")
        expect(plans).to_contain_text("0 of 2 workouts done")
        expect(days.locator(".today")).to_contain_text("Quick one8 kmPlanned")
        run = {"date": plan["workouts"][1]["date"], "distance": 8123, "duration": 2345}
        assert runner.http.post("/runs", json=run).status_code == 201
        expect(days.locator(".today")).to_contain_text("Quick one8 kmDone8.12 km in 39:05")
        expect(plans).to_contain_text("1 of 2 workouts done")

        signed_in.get_by_role("button", name="Week before").click()
        expect(signed_in.get_by_role("heading", name="Last week")).to_be_visible()
        expect(days).to_contain_text("Long one18 kmNot done")
        signed_in.get_by_role("button", name="Week after").click()
        expect(days).to_contain_text("Quick one")

    @pytest.mark.usefixtures("printing")
    def test_a_plan_is_printed(self, signed_in: Page, plan: dict[str, Any]) -> None:
        with signed_in.expect_download(timeout=90_000) as started:
            signed_in.get_by_role("button", name=f"PDF of {plan['name']}").click()
        assert started.value.suggested_filename == f"{plan['name']}.pdf"
        assert started.value.path().read_bytes().startswith(b"%PDF-")
        expect(signed_in.get_by_role("status")).to_be_hidden()


class TestTrouble:
    def test_a_part_whose_service_is_away_says_so_and_comes_back_while_the_others_work(
        self, signed_in: Page, watched: Watched
    ) -> None:
        def away(route: Route) -> None:
            route.fulfill(status=503, json={"title": "Not available", "status": 503})

        watched.expected.append("the server responded with a status of 503")
        signed_in.route(ROUTE, away)
        efforts = signed_in.locator("#efforts")
        expect(efforts).to_contain_text("Not available just now.")
        give(signed_in, run_gpx=gpx(days_ago(3)))
        expect(signed_in.locator("#feed")).to_contain_text("2.00 km")
        signed_in.unroute(ROUTE)
        expect(efforts).to_contain_text("5:00")

    def test_a_page_opened_while_nothing_answers_goes_on_by_itself(self, signed_in: Page, watched: Watched) -> None:
        watched.expected.append("net::ERR_FAILED")
        signed_in.route("**/api/v1/**", lambda route: route.abort())
        signed_in.reload()
        expect(signed_in.get_by_role("status")).to_contain_text("does not answer just now")
        signed_in.unroute("**/api/v1/**")
        expect(signed_in.get_by_role("heading", name="Activities")).to_be_visible()
        expect(signed_in.get_by_role("status")).to_be_hidden()
