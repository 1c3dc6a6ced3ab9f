import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import auth_stand_in
import httpx2
import pytest

from common.testing.databases import empty
from common.testing.plugin import Environment, serving
from common.testing.processes import WorkerProcess
from common.testing.tokens import TokenMint
from common.testing.wait import eventually
from strava.main import create


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
        response = await self.request("POST", "/imports", files=[("files", file) for file in files])
        assert response.status_code == 202, response.text

        async def done() -> dict[str, Any]:
            batch: dict[str, Any] = await self.get(f"/imports/{response.json()['id']}")
            return batch if batch["state"] in ("done", "failed") else {}

        batch = await eventually(done, within=30, what="the import")
        return {item["name"]: item for item in batch["items"]}


@pytest.fixture(scope="session")
def auth_url() -> Iterator[str]:
    with subprocess.Popen([sys.executable, auth_stand_in.__file__], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


@pytest.fixture(scope="session")
def strava_environment(
    schemas: Callable[[str], str],
    redis_database_url: str,
    auth_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Environment:
    return {
        "ENVIRONMENT": "test",
        "DATABASE_URL": schemas("strava"),
        "REDIS_URL": redis_database_url,
        "OBJECT_STORE_URL": f"file://{tmp_path_factory.mktemp('objects')}",
        "SERVICE_CLIENT_SECRET": "a-secret-of-the-test",
        "AUTH_URL": auth_url,
    }


@pytest.fixture(scope="session")
def worker(strava_environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """The worker of the activity store, one for all tests of a process."""
    process = WorkerProcess("strava", strava_environment, tmp_path_factory.mktemp("worker") / "log")
    yield process
    assert process.end() == 0


@pytest.fixture
async def strava(
    strava_environment: Environment, worker: WorkerProcess, mint: TokenMint, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx2.AsyncClient]:
    """Client of a running activity store without activities, its worker beside it."""
    assert worker.running, worker.log.read_text()
    await empty(strava_environment["DATABASE_URL"])
    for name, value in strava_environment.items():
        monkeypatch.setenv(name, value)
    async with serving(create(), mint) as client:
        yield client


@pytest.fixture
def new_athlete(strava: httpx2.AsyncClient, mint: TokenMint) -> Callable[[], Athlete]:
    return lambda: Athlete(strava, mint, uuid4())


@pytest.fixture
def athlete(new_athlete: Callable[[], Athlete]) -> Athlete:
    return new_athlete()
