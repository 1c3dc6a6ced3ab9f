"""Everything is restarted while people use it, and nobody notices."""

import asyncio
import sys
from collections import Counter
from math import ceil
from typing import Any

import httpx2
import pytest
from running_platform import Person, RunningPlatform

from local.topology import ROOT

PER_SECOND, AT_ONCE = 200, 4
# One read of every service, and a write: half of these with a key, so that they may be repeated.
READS = ("/auth/me", "/activities", "/plans", "/analytics/best-efforts-cached", "/pdf/documents", "/tiles/1/0/0")
WRITE = "/plans"
PLAN = {"name": "Mine", "start_date": "2026-04-27", "end_date": "2026-05-31"}
# No tile is there, which the thumbnails service says itself.
FINE = {"200", "201", "404:request.not_found"}
# What says that a request did not get to the service, or was turned away at its door.
REFUSED = {"503:upstream.unreachable", "503:upstream.unavailable"}


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


class Load:
    """200 requests a second, none of them sent twice by the client; ``outcomes`` are counted by what was asked."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self.asked = 0
        self.seconds = 0.0
        self.outcomes: Counter[tuple[str, str, str]] = Counter()
        self.bare: dict[str, str] = {}
        """What came of the writes that may not be repeated, by the name of the plan."""

    async def keep_up_while(self, work: "asyncio.Task[str]") -> None:
        """Ask until the work is done and all is asked that was due by then, and wait for all answers.

        What a busy machine held up is caught up with a few at a time, as many clients would ask: one that takes dozens
        of idle connections at once sends on the last of them so late that they may be closed by then, as after any
        keep-alive.
        """
        loop, asking = asyncio.get_running_loop(), list[asyncio.Task[None]]()
        began = loop.time()
        while not work.done() or len(asking) < self.seconds * PER_SECOND:
            if not work.done():
                self.seconds = loop.time() - began
            due = min(AT_ONCE, ceil(self.seconds * PER_SECOND) - len(asking))
            asking += [asyncio.create_task(self._once(len(asking) + number)) for number in range(due)]
            await asyncio.sleep(1 / PER_SECOND)
        await asyncio.gather(*asking)
        self.asked = len(asking)

    async def _once(self, number: int) -> None:
        if number % 40 == 0:
            await self._write_once(f"bare {number}")
        elif number % 20 == 0:
            key = {"Idempotency-Key": f"plan-{number}"}
            self.outcomes["POST", WRITE, await self._outcome("POST", WRITE, json=PLAN, headers=key)] += 1
        else:
            path = READS[number % len(READS)]
            self.outcomes["GET", path, await self._outcome("GET", path)] += 1

    async def _write_once(self, name: str) -> None:
        self.bare[name] = await self._outcome("POST", WRITE, json={**PLAN, "name": name})

    async def _outcome(self, method: str, path: str, **body: Any) -> str:
        try:
            answer = await self._client.request(method, path, **body)
        except httpx2.TransportError as error:
            return type(error).__name__
        if answer.status_code < httpx2.codes.BAD_REQUEST:
            return str(answer.status_code)
        return f"{answer.status_code}:{answer.json()['code']}"

    async def plans(self) -> Counter[str]:
        """How often each plan is there, by name."""
        found, cursor = Counter[str](), None
        while True:
            page = (
                await self._client.get(WRITE, params={"limit": 200} | ({"cursor": cursor} if cursor else {}))
            ).json()
            found.update(each["name"] for each in page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return found


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
        load = Load(client)
        await load.keep_up_while(work)
        printed = await work
        there = await load.plans()
    assert {outcome for *_, outcome in load.outcomes} <= FINE, (load.outcomes, printed)
    assert len({path for _, path, _ in load.outcomes}) == len({*READS, WRITE})
    assert load.outcomes.total() + len(load.bare) == load.asked
    assert load.asked >= PER_SECOND * load.seconds > PER_SECOND
    # A write that may not be repeated is done once and answered, or refused and not done.
    assert set(load.bare.values()) <= {"201", *REFUSED}, (Counter(load.bare.values()), printed)
    assert {name: there[name] for name in load.bare} == {name: int(told == "201") for name, told in load.bare.items()}
    kept = {name for name, pid in before.items() if platform.pid_of(name) == pid}
    assert kept == {"postgres", "valkey"}, printed
