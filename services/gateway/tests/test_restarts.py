"""Restarts under load: who is asked to stop finishes what it has, and nobody notices."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
from gateway_doubles import AuthDouble, Builder, Echo
from gateway_processes import Running, answering, start

from common.testing.ports import free_port

PER_SECOND = 200
GENEROUS = {"RATE_USER": "600000", "RATE_USER_BURST": "100000"}

Restart = Callable[[], Coroutine[Any, Any, None]]


@asynccontextmanager
async def until_the_end(stack: AsyncExitStack) -> AsyncIterator[Callable[[Running], None]]:
    def owned(started: Running) -> None:
        stack.callback(started.running.wait)
        stack.callback(started.running.kill)

    yield owned


class Balancer:
    """Spreads requests over those who say that they are ready, and repeats none."""

    def __init__(self, targets: list[str]) -> None:
        self.targets = targets
        self.ready = list(targets)
        self._turn = itertools.count()
        self._client = httpx2.AsyncClient(trust_env=False, timeout=10, limits=httpx2.Limits(max_connections=200))

    async def send(self, method: str, path: str, headers: dict[str, str]) -> int:
        target = self.ready[next(self._turn) % len(self.ready)]
        body = b"something" if method == "POST" else None
        return (await self._client.request(method, target + path, headers=headers, content=body)).status_code

    async def watch(self) -> None:
        """Ask for readiness, as balancers do; with one target there is nothing to choose."""
        async with httpx2.AsyncClient(trust_env=False, timeout=2) as client:
            while len(self.targets) > 1:
                states = [await self._is_ready(client, target) for target in self.targets]
                ready = [target for target, state in zip(self.targets, states, strict=True) if state]
                self.ready = ready or self.ready
                await asyncio.sleep(0.05)

    async def _is_ready(self, client: httpx2.AsyncClient, target: str) -> bool:
        with suppress(httpx2.TransportError):
            return (await client.get(f"{target}/health")).status_code == 200
        return False

    async def aclose(self) -> None:
        await self._client.aclose()


async def outcomes_under_load(balancer: Balancer, auth: AuthDouble, restart: Restart) -> Counter[int | str]:
    """Send 200 requests a second, reads and writes by turns, until the restart is over; count what came of them."""
    bearer = auth.mint.headers()
    restarting = asyncio.create_task(restart())
    watching = asyncio.create_task(balancer.watch())
    loop = asyncio.get_running_loop()
    started, requests = loop.time(), []
    for number in itertools.count():
        if restarting.done():
            break
        method = "POST" if number % 2 else "GET"
        # A write that may be repeated says so; the gateway repeats what a service that goes away did not begin.
        headers = bearer | ({"Idempotency-Key": f"key-{number}"} if number % 2 else {})
        requests.append(asyncio.create_task(balancer.send(method, "/api/v1/activities/1", headers)))
        await asyncio.sleep(max(0.0, started + (number + 1) / PER_SECOND - loop.time()))
    watching.cancel()
    await restarting
    done = await asyncio.gather(*requests, return_exceptions=True)
    await balancer.aclose()
    return Counter(each if isinstance(each, int) else repr(each) for each in done)


async def test_a_rolling_restart_of_the_gateway_loses_no_request(
    builder: Builder, redis_url: str, tmp_path: Path
) -> None:
    auth, others = AuthDouble(), await builder.serve(Echo())
    told = {f"{name}_URL": others for name in ("STRAVA", "TRAINER", "PDF", "ANALYTICS", "THUMBNAILS")}
    told |= {"AUTH_URL": await builder.serve(auth), "REDIS_URL": redis_url, **GENEROUS}
    async with AsyncExitStack() as stack, until_the_end(stack) as owned:
        ports = [str(free_port()), str(free_port())]
        running = [start(tmp_path / port, PORT=port, **told) for port in ports]
        for each in running:
            owned(each)
            await answering(each)

        async def restart() -> None:
            for place, port in enumerate(ports):
                assert await running[place].stop() in {0, -15}
                running[place] = start(tmp_path / port, PORT=port, **told)
                owned(running[place])
                await answering(running[place])

        outcomes = await outcomes_under_load(Balancer([each.url for each in running]), auth, restart)
    assert set(outcomes) == {200}, outcomes
    assert outcomes[200] > PER_SECOND


async def test_a_rolling_restart_of_a_service_loses_no_request(
    builder: Builder, redis_url: str, tmp_path: Path
) -> None:
    port = str(free_port())
    async with AsyncExitStack() as stack, until_the_end(stack) as owned:

        async def next_one() -> Running:
            started = start(tmp_path / "service", "plain_service", PORT=port, REUSE_PORT="true")
            owned(started)
            await answering(started)
            return started

        service = await next_one()
        platform = await builder.gateway(strava_url=service.url, redis_url=redis_url)

        async def restart() -> None:
            old = service
            for _ in range(2):
                new = await next_one()
                assert await old.stop() in {0, -15}
                old = new

        outcomes = await outcomes_under_load(Balancer([platform.url]), platform.auth, restart)
    assert set(outcomes) == {200}, outcomes
    assert outcomes[200] > PER_SECOND


async def test_who_is_to_stop_says_so_and_still_answers(redis_url: str, tmp_path: Path, builder: Builder) -> None:
    auth = AuthDouble()
    told = {"AUTH_URL": await builder.serve(auth), "STRAVA_URL": await builder.serve(Echo()), "REDIS_URL": redis_url}
    async with AsyncExitStack() as stack, until_the_end(stack) as owned:
        gateway = start(tmp_path / "log", **told)
        owned(gateway)
        await answering(gateway)
        async with httpx2.AsyncClient(trust_env=False, base_url=gateway.url) as client:
            assert (await client.get("/health")).status_code == 200
            stopping = asyncio.create_task(gateway.stop())
            async with asyncio.timeout(1):
                while (await client.get("/health")).status_code == 200:
                    pass
            answer = await client.get("/api/v1/activities", headers=auth.mint.headers())
            assert (answer.status_code, answer.headers["connection"]) == (200, "close")
        await stopping
