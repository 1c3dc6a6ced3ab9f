from collections.abc import AsyncIterator

import pytest
from post_office import PostOffice, post_office

from auth.main import create
from auth.worker import create as create_worker
from common.testing.atwork import ServiceAtWork, at_work
from common.testing.plugin import Applications, Environment, Ports
from common.testing.tokens import TokenMint
from common.tokens import Verifier


@pytest.fixture
async def office(port_of: Ports) -> AsyncIterator[PostOffice]:
    async with post_office(port=port_of("mail")) as office:
        yield office


@pytest.fixture
async def mailing(
    auth_environment: Environment,
    office: PostOffice,
    port_of: Ports,
    application: Applications,
    mint: TokenMint,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[ServiceAtWork]:
    """Both processes of auth, with a mail server."""
    for name, value in {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(office.port),
        "SMTP_SECURITY": "none",
        "MAIL_FROM": "no-reply@example.org",
        "PUBLIC_URL": "https://run.example.org",
        "METRICS_PORT": str(port_of("metrics")),
        "AUTH_URL": f"http://127.0.0.1:{port_of('own')}",
    }.items():
        monkeypatch.setenv(name, value)
    app = application(create)
    async with at_work("auth", auth_environment, mint, web=lambda: app, worker=create_worker) as service:
        app.state.verifier = Verifier(app.state.signer)  # its own tokens are meant here, not those of the mint
        yield service
