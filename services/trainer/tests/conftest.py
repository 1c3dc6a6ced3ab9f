import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from common.db import Database
from common.testing.atwork import at_work
from common.testing.plugin import Applications, Environment, Ports, serving
from common.testing.tokens import TokenMint
from common.testing.upstream import serve
from contracts.testing.activity_store import ActivityStore
from trainer import main, worker

sys.path.insert(0, str(Path(__file__).parent / "support/src"))

from trainer_support import Athlete, Platform


@pytest.fixture
async def strava(port_of: Ports) -> AsyncIterator[ActivityStore]:
    """An activity store in memory behind a real server, which also gives out service tokens as auth does."""
    store = ActivityStore()
    async with serve(store.app(), port=port_of("neighbour")) as url:
        store.url = url
        yield store


@pytest.fixture
async def trainer_environment(
    environment_of: Callable[[str], Any],
    port_of: Ports,
    strava: ActivityStore,
    monkeypatch: pytest.MonkeyPatch,
) -> Environment:
    environment: Environment = await environment_of("trainer")
    environment |= {"STRAVA_URL": strava.url, "AUTH_URL": strava.url, "METRICS_PORT": str(port_of("metrics"))}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
async def trainer(
    trainer_environment: Environment, application: Applications, mint: TokenMint
) -> AsyncIterator[httpx2.AsyncClient]:
    """Client of the web process alone."""
    async with serving(application(main.create), mint) as client:
        yield client


@pytest.fixture
async def database(trainer_environment: Environment) -> AsyncIterator[Database]:
    database = Database(trainer_environment["DATABASE_URL"], service="trainer", pool_size=2)
    yield database
    await database.aclose()


@pytest.fixture
def ana(trainer: httpx2.AsyncClient, mint: TokenMint) -> Athlete:
    return Athlete(trainer, mint, uuid4())


@pytest.fixture
def bo(trainer: httpx2.AsyncClient, mint: TokenMint) -> Athlete:
    """Somebody else."""
    return Athlete(trainer, mint, uuid4())


@pytest.fixture
async def platform(
    trainer_environment: Environment, strava: ActivityStore, application: Applications, mint: TokenMint
) -> AsyncIterator[Platform]:
    """Both processes of trainer at work, with the activity store they read."""
    async with at_work(
        "trainer",
        trainer_environment,
        mint,
        web=lambda: application(main.create),
        worker=worker.create,
        published=lambda: {"strava": len(strava.events)},
    ) as service:
        yield Platform(**vars(service), strava=strava)
