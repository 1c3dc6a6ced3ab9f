"""Everything is restarted while people use it, and nobody notices."""

import asyncio
import itertools
import sys
from collections import Counter

import httpx2
import pytest
from running_platform import Person, RunningPlatform

from local.topology import ROOT

PER_SECOND = 200
# One read of every service, and a write that may be repeated.
READS = ("/auth/me", "/activities", "/plans", "/analytics/best-efforts-cached", "/pdf/documents", "/tiles/1/0/0")
WRITE = "/plans"
PLAN = {"name": "Mine", "start_date": "2026-04-27", "end_date": "2026-05-31"}
# No tile is there, which the thumbnails service says itself.
FINE = {"200", "201", "404:request.not_found"}


async def restart(platform: RunningPlatform) -> str:
    """What an operator does after an update."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "local",
        "restart",
        cwd=ROOT,
        env=platform.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await asyncio.wait_for(running.communicate(), timeout=150)
    assert running.returncode == 0, printed.decode()
    return printed.decode()


async def answered_while(work: "asyncio.Task[str]", client: httpx2.AsyncClient) -> Counter[str]:
    """Send 200 requests a second, none of them twice, until the work is done; count what came of them."""
    loop = asyncio.get_running_loop()
    began, asked = loop.time(), []
    for number in itertools.count():
        if work.done():
            break
        asked.append(asyncio.create_task(once(client, number)))
        await asyncio.sleep(max(0.0, began + (number + 1) / PER_SECOND - loop.time()))
    return Counter(await asyncio.gather(*asked))


async def once(client: httpx2.AsyncClient, number: int) -> str:
    method, path = ("POST", WRITE) if number % 20 == 0 else ("GET", READS[number % len(READS)])
    body = {"json": PLAN, "headers": {"Idempotency-Key": f"plan-{number}"}} if method == "POST" else {}
    try:
        answer = await client.request(method, path, **body)  # type: ignore[arg-type] # names of its own arguments
    except httpx2.TransportError as error:
        return f"{method} {path} {type(error).__name__}"
    code = "" if answer.status_code < httpx2.codes.BAD_REQUEST else f":{answer.json()['code']}"
    return f"{method} {path} {answer.status_code}{code}"


@pytest.mark.inside
async def test_no_request_is_lost_while_all_services_and_the_gateway_are_restarted(
    platform: RunningPlatform, runner: Person
) -> None:
    before = {name: platform.pid_of(name) for name in platform.processes}
    limits = httpx2.Limits(max_connections=200)
    async with httpx2.AsyncClient(
        base_url=f"{platform.url}/api/v1",
        headers={"Authorization": runner.http.headers["Authorization"]},
        trust_env=False,
        timeout=30,
        limits=limits,
    ) as client:
        work = asyncio.create_task(restart(platform))
        outcomes = await answered_while(work, client)
        printed = await work
    assert {outcome.rpartition(" ")[2] for outcome in outcomes} <= FINE, (outcomes, printed)
    assert outcomes.total() > PER_SECOND
    assert len(outcomes) == len(READS) + 1
    kept = {name for name, pid in before.items() if platform.pid_of(name) == pid}
    assert kept == {"postgres", "valkey"}, printed
