"""A browser on the first page: what tests do there, and what they watch meanwhile."""

import datetime as dt
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, FilePayload, Page, Request, expect
from running_platform import PASSWORD, Person, RunningPlatform

Opener = Callable[..., Page]

WIDE, PHONE = {"width": 1200, "height": 900}, {"width": 390, "height": 844}
# A browser reports every refused request itself; these are how the page learns that there is no session.
NO_SESSION = "the server responded with a status of 401"

UNLABELLED = """() => [...document.querySelectorAll("input, select, textarea")]
    .filter((field) => !field.labels.length && !field.getAttribute("aria-label")).map((field) => field.outerHTML)"""
UNNAMED = """() => [...document.querySelectorAll("button, a")]
    .filter((each) => !(each.getAttribute("aria-label") ?? each.textContent).trim()).map((each) => each.outerHTML)"""
WITHOUT_ALTERNATIVE = """() => [...document.images].filter((image) => !image.alt).map((image) => image.outerHTML)"""
TWICE = """() => { const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
    return ids.filter((id, at) => ids.indexOf(id) !== at); }"""
NOT_IN_VIEW = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
FAINT = """() => {
    const parts = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
    const lit = ([red, green, blue]) => [red, green, blue].map((each) => each / 255)
        .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
        .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
    const ground = (each) => { const color = parts(getComputedStyle(each).backgroundColor);
        return color[3] === 0 && each.parentElement ? ground(each.parentElement) : color; };
    const contrast = (each) => { const both = [lit(parts(getComputedStyle(each).color)), lit(ground(each))].sort();
        return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05); };
    return [...document.querySelectorAll("body *")]
        .filter((each) => each.checkVisibility())
        .filter((each) => [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
        .filter((each) => contrast(each) < 4.5).map((each) => `${each.outerHTML}: ${contrast(each)}`); }"""


class Watched:
    """What happens in a browser beside what the tests look at."""

    def __init__(self, platform: RunningPlatform) -> None:
        self.gateway = urlsplit(platform.url).netloc
        self.emulator = urlsplit(platform.strava_url).netloc
        self.expected = [NO_SESSION]
        self.problems: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.problems.append(f"uncaught: {error.error}"))
        context.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        is_ours = urlsplit(message.location["url"]).netloc != self.emulator
        is_bad = message.type in {"error", "warning"} and not any(each in message.text for each in self.expected)
        if is_ours and is_bad:
            self.problems.append(f"console: {message.text} ({message.location})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        is_strava = parts.netloc == self.emulator and request.is_navigation_request()
        if parts.scheme in {"http", "https"} and parts.netloc != self.gateway and not is_strava:
            self.problems.append(f"request to {request.url}")


def email_of(person: Person) -> str:
    return str(person.get("/auth/me")["email"])


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def gpx(start: dt.datetime, kilometres: int = 2, heartrate: int = 150) -> bytes:
    """A made-up run straight north at 5:00 min/km, a point every five seconds (there a degree is 110,955 m)."""
    extension = f"<extensions><g:TrackPointExtension><g:hr>{heartrate}</g:hr></g:TrackPointExtension></extensions>"
    times = range(0, kilometres * 300 + 1, 5)
    points = "".join(
        f'<trkpt lat="{-35.8 + at / 300 * 1000 / 110_955:.7f}" lon="137.25"><ele>50</ele>'
        f"<time>{(start + dt.timedelta(seconds=at)).isoformat()}</time>{extension}</trkpt>"
        for at in times
    )
    return (
        '<gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1"'
        ' xmlns:g="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">'
        f"<trk><type>running</type><trkseg>{points}</trkseg></trk></gpx>"
    ).encode()


def days_ago(days: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(days=days)


def give(page: Page, **files: bytes) -> None:
    """Choose files in the file input; ``good_gpx`` becomes ``good.gpx``."""
    chosen: list[FilePayload] = [
        {"name": name.replace("_", "."), "mimeType": "application/octet-stream", "buffer": data}
        for name, data in files.items()
    ]
    page.get_by_label("Drop FIT, GPX, TCX or ZIP files here").set_input_files(chosen)


def pictures_shown(page: Page, count: int) -> None:
    pictures = page.locator("#feed img")
    expect(pictures).to_have_count(count)
    for at in range(count):
        pictures.nth(at).scroll_into_view_if_needed()
        expect(pictures.nth(at)).to_have_js_property("complete", value=True)
        expect(pictures.nth(at)).not_to_have_js_property("naturalWidth", 0)


def today_in(page: Page) -> dt.date:
    """The day that it is where the browser is."""
    return dt.date.fromisoformat(page.evaluate("() => new Date().toLocaleDateString('sv-SE')"))


def is_fine(page: Page) -> None:
    """Everything has a name, can be read and fits."""
    for question in (UNLABELLED, UNNAMED, WITHOUT_ALTERNATIVE, TWICE, FAINT):
        assert page.evaluate(question) == [], question
    assert page.evaluate(NOT_IN_VIEW) <= 0
