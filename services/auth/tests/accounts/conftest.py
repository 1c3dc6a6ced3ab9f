import base64
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from leaving import PASSWORD, Leaver

from auth.accounts.holdings import HOLDERS
from auth.main import create
from auth.worker import create as create_worker
from common.testing.atwork import ServiceAtWork, at_work
from common.testing.plugin import Applications, Environment, Ports
from common.testing.tokens import TokenMint
from common.testing.upstream import serve
from common.tokens import Verifier
from contracts.testing.people import HolderDouble


@pytest.fixture
async def holders(
    auth_environment: Environment, port_of: Ports, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[dict[str, HolderDouble]]:
    """The services that hold personal data, listening where auth expects them."""
    doubles = {name: HolderDouble() for name in HOLDERS}
    async with AsyncExitStack() as stack:
        for name, double in doubles.items():
            url = await stack.enter_async_context(serve(double.app, port=port_of(name)))
            monkeypatch.setenv(f"{name.upper()}_URL", url)
        yield doubles


@pytest.fixture
async def at_auth(
    auth_environment: Environment,
    holders: dict[str, HolderDouble],
    port_of: Ports,
    application: Applications,
    mint: TokenMint,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[ServiceAtWork]:
    """Both processes of auth, which also give themselves the tokens to ask the others with."""
    own = auth_environment["SERVICE_CLIENT_SECRET"]
    monkeypatch.setenv("METRICS_PORT", str(port_of("metrics")))
    monkeypatch.setenv("AUTH_URL", f"http://127.0.0.1:{port_of('own')}")
    monkeypatch.setenv("SERVICE_CLIENT_SECRETS", json.dumps({"auth": own}))
    monkeypatch.setenv("SIGNING_SECRETS", base64.b64encode(b"a secret of at least 32 bytes, for tests").decode())
    app = application(create)
    async with (
        serve(app, port=port_of("own")),
        at_work("auth", auth_environment, mint, web=lambda: app, worker=create_worker) as service,
    ):
        # Its own tokens are meant here, not those of the mint.
        app.state.verifier = Verifier(app.state.signer)
        yield service


@pytest.fixture
async def leaver(at_auth: ServiceAtWork, holders: dict[str, HolderDouble]) -> Leaver:
    body = {"email": "ana@example.org", "password": PASSWORD, "display_name": "Ana"}
    made = await at_auth.client.post("/api/v1/auth/register", json=body)
    leaver = Leaver(at_auth, holders, made.json())
    assert await leaver.sign_in() == 200
    holders["strava"].files[leaver.id] = {
        "activities.json": b'[{"name": "Morning run"}]',
        "originals/1-run.fit": b"\x0e\x10" * 500_000,
    }
    holders["trainer"].files[leaver.id] = {"plans.json": b"[]"}
    return leaver
