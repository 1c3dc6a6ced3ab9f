import base64
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import auth_stand_in
import httpx2
import pytest
from emulated import Emulated, Runner
from fastapi import FastAPI
from looking import idle

from common.crypto import KeyRing
from common.resources import Resources
from common.testing.databases import empty
from common.testing.plugin import Environment, serving
from common.testing.ports import free_port
from common.testing.processes import WorkerProcess
from common.testing.tokens import TokenMint
from common.testing.upstream import serve
from common.testing.wait import eventually
from strava.main import create
from strava.settings import StravaSettings
from strava.webhooks.subscription import ensure_subscription

SIGNING_SECRETS = base64.b64encode(b"a secret of at least 32 bytes, for tests").decode()


class Athlete:
    """Somebody who uses the activity store."""

    def __init__(self, client: httpx2.AsyncClient, mint: TokenMint, athlete_id: UUID) -> None:
        self.id = athlete_id
        self._client = client
        self._headers = mint.headers(str(athlete_id))

    async def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {**self._headers, **options.pop("headers", {})}
        return await self._client.request(method, f"/api/v1{path}", headers=headers, **options)

    async def get(self, path: str, **options: Any) -> Any:
        response = await self.request("GET", path, **options)
        assert response.status_code == 200, response.text
        return response.json()

    async def give(self, *files: tuple[str, bytes]) -> dict[str, dict[str, Any]]:
        """Import files; return what became of each, by name."""
        batch = await self.import_files(*files)
        return {item["name"]: item for item in batch["items"]}

    async def import_files(self, *files: tuple[str, bytes], query: str = "") -> dict[str, Any]:
        """Import files, or have them previewed; return the batch once it rests."""
        response = await self.request("POST", f"/imports{query}", files=[("files", file) for file in files])
        assert response.status_code == 202, response.text
        return await self.rested(response.json()["id"])

    async def rested(self, import_id: str) -> dict[str, Any]:
        """Return a batch once nothing of it is under way any more."""

        async def at_rest() -> dict[str, Any]:
            batch: dict[str, Any] = await self.get(f"/imports/{import_id}")
            return batch if batch["state"] not in ("pending", "running") else {}

        return await eventually(at_rest, within=120, what="the import")


@pytest.fixture(scope="session")
def auth_url() -> Iterator[str]:
    with subprocess.Popen([sys.executable, auth_stand_in.__file__], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """Strava's emulator; its port is known before it runs, and it runs once a test wants it."""
    emulated = Emulated(free_port(), tmp_path_factory.mktemp("emulator"))
    yield emulated
    emulated.stop()


@pytest.fixture(scope="session")
def strava_environment(
    schemas: Callable[[str], str],
    redis_database_url: str,
    auth_url: str,
    emulated: Emulated,
    tmp_path_factory: pytest.TempPathFactory,
) -> Environment:
    return {
        "ENVIRONMENT": "test",
        "DATABASE_URL": schemas("strava"),
        "REDIS_URL": redis_database_url,
        "OBJECT_STORE_URL": f"file://{tmp_path_factory.mktemp('objects')}",
        "SERVICE_CLIENT_SECRET": "a-secret-of-the-test",
        "AUTH_URL": auth_url,
        "SIGNING_SECRETS": SIGNING_SECRETS,
        "PUBLIC_URL": f"http://127.0.0.1:{free_port()}",
        "STRAVA_CLIENT_ID": "1",
        "STRAVA_CLIENT_SECRET": "emulator-secret",
        "STRAVA_API_BASE": f"{emulated.url}/api/v3",
        "STRAVA_OAUTH_BASE": emulated.url,
        "STRAVA_WEBHOOK_SECRET": "path-of-the-test",
        "STRAVA_VERIFY_TOKEN": "verify-token-of-the-test",
        "STRAVA_RETRY_DELAYS": "[0.1, 0.1, 0.3, 0.3, 0.5, 0.5, 1, 1, 1, 1]",
        "ENCRYPTION_KEYS": KeyRing.new_setting(),
    }


@pytest.fixture(scope="session")
def worker(strava_environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """The worker of the activity store, one for all tests of a process."""
    process = WorkerProcess("strava", strava_environment, tmp_path_factory.mktemp("worker") / "log")
    yield process
    deadline = time.monotonic() + 20
    while "worker_started" not in process.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)  # until then a signal ends it at once
    assert process.end() == 0


@pytest.fixture(scope="session")
def application(strava_environment: Environment) -> FastAPI:
    """The activity store's application; each test runs it anew, but its many routes are put together once."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in strava_environment.items():
            patch.setenv(name, value)
        return create()


@pytest.fixture
async def strava(
    strava_environment: Environment,
    application: FastAPI,
    worker: WorkerProcess,
    mint: TokenMint,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[httpx2.AsyncClient]:
    """Client of a running activity store without activities, its worker beside it."""
    assert worker.running, worker.log.read_text()
    await empty(strava_environment["DATABASE_URL"])
    for name, value in strava_environment.items():
        monkeypatch.setenv(name, value)
    port = int(strava_environment["PUBLIC_URL"].rpartition(":")[2])
    # The second is where webhooks arrive.
    async with serving(application, mint) as client, serve(application, port=port):
        yield client


@pytest.fixture
async def resources(strava: httpx2.AsyncClient) -> AsyncIterator[Resources]:
    """What a process of the activity store holds open, for tests that look inside or call a part of it."""
    async with Resources.open("strava", StravaSettings.from_environment()) as resources:
        await resources.redis.flushdb()
        yield resources


@pytest.fixture
def new_athlete(strava: httpx2.AsyncClient, mint: TokenMint) -> Callable[[], Athlete]:
    return lambda: Athlete(strava, mint, uuid4())


@pytest.fixture
def athlete(new_athlete: Callable[[], Athlete]) -> Athlete:
    return new_athlete()


@pytest.fixture
async def new_runner(new_athlete: Callable[[], Athlete], emulated: Emulated) -> Callable[[], Awaitable[Runner]]:
    """Make people who have an account at Strava and here, not connected yet."""
    await emulated.start()
    await emulated.reset()

    async def make() -> Runner:
        return Runner(new_athlete(), emulated, await emulated.new_athlete())

    return make


@pytest.fixture
async def runner(new_runner: Callable[[], Awaitable[Runner]], resources: Resources) -> Runner:
    """Somebody who is connected, and of whose activities Strava tells."""
    runner = await new_runner()
    response = await runner.connect()
    assert response.status_code == 200, response.text

    async def settled() -> bool:
        await ensure_subscription(resources)
        status = await runner.status()
        known = status["webhook"]["state"] == "active" and status["last_sync_at"]
        return bool(known and await idle(resources))  # a subscription that turns active syncs once more

    await eventually(settled, within=20, what="the subscription and the first sync")
    return runner
