"""The gateway as it runs: a process of its own, its log, its end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from gateway_doubles import AuthDouble, Builder, Echo, read_body, send_json
from gateway_processes import process
from starlette.types import Receive, Scope, Send

from common.testing.wait import eventually


def lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


async def test_what_is_in_hand_is_finished_before_the_end(builder: Builder, redis_url: str, tmp_path: Path) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        if scope["path"].startswith("/api"):
            arrived.set()
            await go_on.wait()
        await send_json(send, {"done": True})

    auth = AuthDouble()
    urls = {"AUTH_URL": await builder.serve(auth), "STRAVA_URL": await builder.serve(slow), "REDIS_URL": redis_url}
    async with process(tmp_path / "log", **urls) as (running, url), httpx2.AsyncClient(trust_env=False) as client:
        request = asyncio.create_task(client.post(f"{url}/api/v1/activities", headers=auth.mint.headers(), timeout=20))
        await arrived.wait()
        running.send_signal(signal.SIGTERM)

        async def refuses() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
            except OSError:
                return True
            writer.close()
            return False

        await eventually(refuses, within=5, what="no new connections")
        assert running.poll() is None
        go_on.set()
        answer = await request
        assert (answer.status_code, answer.json()) == (200, {"done": True})
        assert await asyncio.to_thread(running.wait, 10) is not None


async def test_each_request_leaves_one_line_with_ids_and_no_secrets(
    builder: Builder, redis_url: str, tmp_path: Path
) -> None:
    auth, log = AuthDouble(), tmp_path / "log"
    urls = {"AUTH_URL": await builder.serve(auth), "STRAVA_URL": await builder.serve(Echo()), "REDIS_URL": redis_url}
    user = "7a0f7e0c-8a3f-4d3e-9c53-0c4f6c0f5b11"
    headers = auth.mint.headers(user) | {"X-Request-ID": "find-me-again"}
    async with process(log, **urls) as (_, url), httpx2.AsyncClient(trust_env=False) as client:
        await client.get(f"{url}/api/v1/activities/12345?q=home", headers=headers)

        async def logged() -> list[dict[str, object]]:
            return [line for line in lines(log) if line.get("req_id") == "find-me-again"]

        (line,) = await eventually(logged, within=2)
    assert line.keys() >= {"ts", "level", "service", "event", "trace_id", "seconds"}
    assert (line["service"], line["event"], line["status"]) == ("gateway", "request", 200)
    assert (line["route"], line["upstream"], line["user_id"]) == ("/api/v1/activities/**", "strava", user)
    text = log.read_text()
    assert headers["Authorization"].removeprefix("Bearer ") not in text
    assert "home" not in text


async def test_nobody_is_believed_who_says_for_whom_he_calls(builder: Builder, redis_url: str, tmp_path: Path) -> None:
    auth = AuthDouble()
    urls = {"AUTH_URL": await builder.serve(auth), "REDIS_URL": redis_url, "RATE_ADDRESS": "3"}
    async with process(tmp_path / "log", **urls) as (_, url), httpx2.AsyncClient(trust_env=False) as client:
        statuses = []
        for number in range(5):
            spoofed = {"X-Forwarded-For": f"203.0.113.{number}"}
            statuses.append((await client.post(f"{url}/api/v1/auth/refresh", headers=spoofed)).status_code)
    assert statuses == [200, 200, 200, 429, 429]
    assert {seen.header("x-forwarded-for") for seen in auth.seen} == {"127.0.0.1"}


@pytest.mark.parametrize("secret", ["", "changeme"])
def test_it_does_not_start_with_an_example_secret(secret: str) -> None:
    told = os.environ | {"SERVICE_CLIENT_SECRET": secret}
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "common.run", "gateway"], env=told, capture_output=True, check=False)
    assert done.returncode != 0
    assert b"SERVICE_CLIENT_SECRET" in done.stderr
    assert time.monotonic() - started < 20
