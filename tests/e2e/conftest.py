import ctypes.util
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from browsing import WIDE, Opener, Watched, email_of, sign_in
from playwright.sync_api import Browser, Page, expect, sync_playwright
from running_platform import Person, RunningPlatform

WITHIN_MS = 30_000


def pytest_itemcollected(item: pytest.Item) -> None:
    """All tests of this folder are end-to-end tests."""
    item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None or ctypes.util.find_library("atomic") is None:
        pytest.skip("the page is tested in a browser that is not here: apt-get install chromium libatomic1")
    expect.set_options(timeout=WITHIN_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def watched(platform: RunningPlatform) -> Watched:
    return Watched(platform)


@pytest.fixture
def open_page(browser: Browser, platform: RunningPlatform, watched: Watched) -> Iterator[Opener]:
    """Open the page in a browser of its own; afterwards nothing may have gone wrong unnoticed."""
    contexts = []

    def open_it(viewport: Any = WIDE, **options: Any) -> Page:
        context = browser.new_context(viewport=viewport, timezone_id="Australia/Adelaide", **options)
        context.set_default_timeout(WITHIN_MS)
        watched.watch(context)
        contexts.append(context)
        page = context.new_page()
        page.goto(platform.url)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert watched.problems == []


@pytest.fixture
def signed_in(open_page: Opener, runner: Person) -> Page:
    page = open_page()
    sign_in(page, email_of(runner))
    expect(page.get_by_role("heading", name="Activities")).to_be_visible()
    return page
