import asyncio
import sys
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from analytics import main, worker
from common.db import Database
from common.queue import QueueWaker
from common.testing.plugin import Environment, serving
from common.testing.ports import free_port
from common.testing.tokens import TokenMint
from common.testing.upstream import serve

sys.path.insert(0, str(Path(__file__).parent / "support/src"))

from analytics_support import FakeStrava, Platform


@pytest.fixture
async def strava() -> AsyncIterator[FakeStrava]:
    """An activity store in memory behind a real server, which also gives out service tokens as auth does."""
    fake = FakeStrava()
    async with serve(fake.app()) as url:
        fake.url = url
        yield fake


@pytest.fixture
async def analytics_environment(
    environment_of: Callable[[str], Any], strava: FakeStrava, monkeypatch: pytest.MonkeyPatch
) -> Environment:
    environment: Environment = await environment_of("analytics")
    environment |= {"STRAVA_URL": strava.url, "AUTH_URL": strava.url, "METRICS_PORT": str(free_port())}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
async def analytics(analytics_environment: Environment, mint: TokenMint) -> AsyncIterator[httpx2.AsyncClient]:
    """Client of the web process."""
    async with serving(main.create(), mint) as client:
        yield client


@pytest.fixture
async def database(analytics_environment: Environment) -> AsyncIterator[Database]:
    database = Database(analytics_environment["DATABASE_URL"], service="analytics", pool_size=2)
    yield database
    await database.aclose()


@pytest.fixture
async def platform(
    analytics: httpx2.AsyncClient,
    analytics_environment: Environment,
    database: Database,
    strava: FakeStrava,
    mint: TokenMint,
) -> AsyncIterator[Platform]:
    """Both processes of analytics at work, with the activity store they read."""
    waker = QueueWaker(analytics_environment["REDIS_URL"])
    with warnings.catch_warnings():
        # arq closes its connections by an old name, and could not if that were an error
        warnings.filterwarnings("ignore", "Call to deprecated close", DeprecationWarning)
        process = worker.create()
        running = asyncio.create_task(process.run())
        yield Platform(analytics, database, strava, mint, waker)
        process.stop()
        await running
        await waker.aclose()


@pytest.fixture
def race(recordings_dir: Path) -> Path:
    return recordings_dir / "race-10k.fit"


@pytest.fixture
def ana() -> UUID:
    return uuid4()
