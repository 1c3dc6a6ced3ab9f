import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from analytics import main, worker
from common.testing.atwork import at_work
from common.testing.plugin import Applications, Environment, Ports
from common.testing.tokens import TokenMint
from common.testing.upstream import serve
from contracts.testing.activity_store import ActivityStore

sys.path.insert(0, str(Path(__file__).parent / "support/src"))

from analytics_support import Platform


@pytest.fixture
async def strava(port_of: Ports) -> AsyncIterator[ActivityStore]:
    """An activity store in memory behind a real server, which also gives out service tokens as auth does."""
    fake = ActivityStore()
    async with serve(fake.app(), port=port_of("neighbour")) as url:
        fake.url = url
        yield fake


@pytest.fixture
async def analytics_environment(
    environment_of: Callable[[str], Any],
    port_of: Ports,
    strava: ActivityStore,
    monkeypatch: pytest.MonkeyPatch,
) -> Environment:
    environment: Environment = await environment_of("analytics")
    environment |= {"STRAVA_URL": strava.url, "AUTH_URL": strava.url, "METRICS_PORT": str(port_of("metrics"))}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
async def platform(
    analytics_environment: Environment, strava: ActivityStore, application: Applications, mint: TokenMint
) -> AsyncIterator[Platform]:
    """Both processes of analytics at work, with the activity store they read."""
    async with at_work(
        "analytics",
        analytics_environment,
        mint,
        web=lambda: application(main.create),
        worker=worker.create,
        published=lambda: {"strava": len(strava.events)},
    ) as service:
        yield Platform(**vars(service), strava=strava)


@pytest.fixture
def race(recordings_dir: Path) -> Path:
    return recordings_dir / "race-10k.fit"


@pytest.fixture
def ana() -> UUID:
    return uuid4()
