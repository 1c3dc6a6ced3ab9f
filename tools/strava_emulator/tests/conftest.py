import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from common.testing.upstream import serve
from strava_emulator.app import create_app
from strava_emulator.settings import EmulatorSettings

sys.path.insert(0, str(Path(__file__).parent / "support/src"))

from emulator_support import App, Callback, Clock, Starter


@pytest.fixture
def start() -> Starter:
    """Start an emulator with settings of the test's own."""

    @asynccontextmanager
    async def starting(clock: Clock | None = None, **settings: Any) -> AsyncIterator[App]:
        the_clock = clock or Clock()
        quick = {"webhook_pause_s": 0.02, "webhook_timeout_s": 0.3, "upload_s": 0.05, "history_months": 1}
        application = create_app(EmulatorSettings(**{**quick, **settings}), clock=the_clock)
        async with serve(application) as url, httpx2.AsyncClient(base_url=url, timeout=10, verify=False) as http:
            yield App(http, url, the_clock)
        await application.state.emulator.aclose()

    return starting


@pytest.fixture
async def app(start: Starter) -> AsyncIterator[App]:
    async with start() as running:
        yield running


@pytest.fixture
async def callback() -> AsyncIterator[Callback]:
    """An app's webhook endpoint on a real server."""
    made = Callback()
    async with serve(made) as url:
        made.url = f"{url}/webhook/secret"
        yield made
