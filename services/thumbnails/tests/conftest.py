import base64
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.signing import UrlSigner
from common.testing.atwork import ServiceAtWork, at_work
from common.testing.plugin import Applications, Environment, Ports
from common.testing.tokens import TokenMint
from common.testing.upstream import serve
from contracts.testing.activity_store import ActivityStore
from thumbnails import main, worker

SIGNING_SECRET = b"a secret of at least 32 bytes, for tests"


@pytest.fixture
async def strava(port_of: Ports) -> AsyncIterator[ActivityStore]:
    """An activity store in memory behind a real server, which also gives out service tokens as auth does."""
    store = ActivityStore()
    async with serve(store.app(), port=port_of("neighbour")) as url:
        store.url = url
        yield store


@pytest.fixture
async def thumbnails_environment(
    environment_of: Callable[[str], Any],
    port_of: Ports,
    strava: ActivityStore,
    monkeypatch: pytest.MonkeyPatch,
) -> Environment:
    environment: Environment = await environment_of("thumbnails")
    environment |= {"STRAVA_URL": strava.url, "AUTH_URL": strava.url, "METRICS_PORT": str(port_of("metrics"))}
    environment["SIGNING_SECRETS"] = base64.b64encode(SIGNING_SECRET).decode()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
async def thumbnails(
    thumbnails_environment: Environment, strava: ActivityStore, application: Applications, mint: TokenMint
) -> AsyncIterator[ServiceAtWork]:
    """Both processes of thumbnails at work, with the activity store they read."""
    async with at_work(
        "thumbnails",
        thumbnails_environment,
        mint,
        web=lambda: application(main.create),
        worker=worker.create,
        published=lambda: {"strava": len(strava.events)},
    ) as service:
        yield service


@pytest.fixture
def images(objects: Path) -> Path:
    """Where the images are."""
    return objects / "pictures"


@pytest.fixture
def signer() -> UrlSigner:
    return UrlSigner(SIGNING_SECRET)


@pytest.fixture
def ana() -> UUID:
    return uuid4()
