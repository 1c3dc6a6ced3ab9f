"""An activity store, its worker and an emulator of a test's own, for which Strava's time goes faster."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

import httpx2
import pytest
from emulated import Emulated

from common.resources import Resources
from common.testing.databases import make_database, make_schema
from common.testing.plugin import Environment, serving
from common.testing.ports import free_port
from common.testing.processes import WorkerProcess
from common.testing.tokens import TokenMint
from common.testing.upstream import serve
from strava.main import create
from strava.settings import StravaSettings


@dataclass
class Stand:
    """``client`` reaches the store; its worker can be ended and started."""

    environment: Environment
    client: httpx2.AsyncClient
    resources: Resources
    emulated: Emulated
    folder: Path
    worker: WorkerProcess

    async def end_worker(self, signal: Signals) -> None:
        await asyncio.to_thread(self.worker.end, signal)

    def start_worker(self) -> None:
        self.worker = WorkerProcess("strava", self.environment, self.folder / "worker.log")


@asynccontextmanager
async def hurried(
    folder: Path,
    environment: Environment,
    admin_url: str,
    mint: TokenMint,
    monkeypatch: pytest.MonkeyPatch,
    *,
    windows: tuple[int, int],
    **settings: str,
) -> AsyncIterator[Stand]:
    """Run one with a database of its own; ``windows`` are the lengths of Strava's two in s."""
    emulated = Emulated(free_port(), folder, windows=str(list(windows)), **settings)
    await emulated.start()
    url = await asyncio.to_thread(_database, admin_url)
    public = free_port()
    redis, _, number = environment["REDIS_URL"].rpartition("/")
    own = environment | {
        "DATABASE_URL": url,
        "REDIS_URL": f"{redis}/{int(number) + 8}",  # one of this test process's own too, of sixteen
        "OBJECT_STORE_URL": f"file://{folder}/objects",
        "PUBLIC_URL": f"http://127.0.0.1:{public}",
        "STRAVA_API_BASE": f"{emulated.url}/api/v3",
        "STRAVA_OAUTH_BASE": emulated.url,
        "STRAVA_WINDOWS": str(list(windows)),
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    app = create()
    try:
        async with (
            serving(app, mint) as client,
            serve(app, port=public),
            Resources.open("strava", StravaSettings.from_environment()) as resources,
        ):
            await resources.redis.flushdb()
            worker = WorkerProcess("strava", own, folder / "worker.log")
            stand = Stand(own, client, resources, emulated, folder, worker)
            try:
                yield stand
            finally:
                if stand.worker.running:
                    await stand.end_worker(Signals.SIGTERM)
    finally:
        emulated.stop()


def _database(admin_url: str) -> str:
    name = f"{admin_url.rpartition('/')[2]}_hurried"
    return make_schema(make_database(admin_url, name), "strava")
