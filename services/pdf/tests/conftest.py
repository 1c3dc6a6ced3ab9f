import base64
import sys
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
from contracts.testing.training import Training
from pdf import main, worker

sys.path.insert(0, str(Path(__file__).parent / "support/src"))

SIGNING_SECRET = b"a secret of at least 32 bytes, for tests"


@pytest.fixture(autouse=True)
def _printing(printing: None) -> None:
    """All of this service is about printing."""


@pytest.fixture
async def trainer(port_of: Ports) -> AsyncIterator[Training]:
    """Plans in memory behind a real server, which also gives out service tokens as auth does."""
    training = Training()
    async with serve(training.app(), port=port_of("neighbour")) as url:
        training.url = url
        yield training


@pytest.fixture
async def pdf_environment(
    environment_of: Callable[[str], Any],
    port_of: Ports,
    trainer: Training,
    monkeypatch: pytest.MonkeyPatch,
) -> Environment:
    environment: Environment = await environment_of("pdf")
    environment |= {"TRAINER_URL": trainer.url, "AUTH_URL": trainer.url, "METRICS_PORT": str(port_of("metrics"))}
    environment["SIGNING_SECRETS"] = base64.b64encode(SIGNING_SECRET).decode()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
async def pdf(pdf_environment: Environment, application: Applications, mint: TokenMint) -> AsyncIterator[ServiceAtWork]:
    """Both processes of pdf at work."""
    async with at_work(
        "pdf", pdf_environment, mint, web=lambda: application(main.create), worker=worker.create
    ) as service:
        yield service


@pytest.fixture
def files(objects: Path) -> Path:
    """Where the PDFs are."""
    return objects / "documents"


@pytest.fixture
def signer() -> UrlSigner:
    return UrlSigner(SIGNING_SECRET)


@pytest.fixture
def ana() -> UUID:
    return uuid4()
