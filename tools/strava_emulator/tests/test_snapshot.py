import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from emulator_support import CLIENT, App, Callback, Clock, Starter, eventually

from common.testing.ports import free_port


@contextmanager
def process(home: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The emulator as its own process, as it is really started."""
    environment = {**os.environ, "PORT": str(port), "EMULATOR_HOME": str(home), "EMULATOR_HISTORY_MONTHS": "1"}
    started = subprocess.Popen([sys.executable, "-m", "strava_emulator"], env=environment)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


async def answers(app: App) -> None:
    async def healthy() -> bool:
        try:
            return (await app.http.get("/health")).status_code == 200
        except httpx2.TransportError:
            return False

    deadline = time.monotonic() + 30
    while not await healthy():
        assert time.monotonic() < deadline, "the emulator does not answer"
        await asyncio.sleep(0.02)


async def test_kill_9_loses_neither_tokens_nor_subscription_nor_activities(tmp_path: Path, callback: Callback) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with httpx2.AsyncClient(base_url=url, timeout=10, verify=False) as http:
        app = App(http, url, Clock())
        with process(tmp_path, port) as first:
            await answers(app)
            added = await app.control("POST", "/athletes", {"firstname": "Eve", "history_months": 1})
            tokens = await app.sign_in(athlete_id=added["id"])
            subscription = (await app.subscribe(callback.url)).json()
            made = await app.add(athlete_id=added["id"], name="Kept")
            code = await app.code()
            before = await app.get("/athlete/activities", per_page=200)
            gone = before[-1]["id"]
            await app.control("DELETE", f"/activities/{gone}")
            first.send_signal(signal.SIGKILL)
            first.wait()
        with process(tmp_path, port):
            await answers(app)
            assert await app.get("/athlete/activities", per_page=200) == before[:-1]
            assert (await app.get(f"/activities/{made['id']}"))["name"] == "Kept"
            renewed = (await app.token(refresh_token=tokens["refresh_token"], grant_type="refresh_token")).json()
            assert renewed["access_token"] == tokens["access_token"]
            assert (await app.http.get("/push_subscriptions", params=CLIENT)).json() == [subscription]
            assert (await app.token(code=code, grant_type="authorization_code")).status_code == 200
            seen = len(callback.events)
            second = await app.add(athlete_id=added["id"])
            await eventually(lambda: len(callback.events) > seen)
            assert callback.events[-1]["object_id"] == second["id"] != made["id"]


async def test_histories_stay_where_they_were_as_days_pass(start: Starter, tmp_path: Path) -> None:
    clock = Clock()
    async with start(clock, home=tmp_path) as app:
        await app.sign_in()
        before = await app.get("/athlete/activities", per_page=200)
    clock.now += 40 * 86_400
    async with start(clock, home=tmp_path) as app:
        await app.sign_in()
        assert await app.get("/athlete/activities", per_page=200) == before


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_without_a_folder_nothing_is_written(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with start() as app:
        await app.sign_in()
        await app.add()
    assert names_in(tmp_path) == []
