"""What passes through does not stay: the memory of a gateway process while large bodies pass."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest
from gateway_doubles import AuthDouble, Builder
from gateway_processes import Running, answering, start

MIB = 1 << 20
PIECES = 3200  # of 64 KiB: 200 MiB
MOST_MIB = 40


async def pieces() -> AsyncIterator[bytes]:
    for number in range(PIECES):
        yield bytes([number % 251]) * 65536


async def upload(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/v1/imports", content=pieces())
    assert answer.json()["size"] == 200 * MIB


async def download(client: httpx2.AsyncClient) -> None:
    async with client.stream("GET", f"/api/v1/activities.csv?pieces={PIECES}") as answer:
        assert answer.status_code == 200
        assert sum([len(piece) async for piece in answer.aiter_raw()]) == 200 * MIB


@pytest.mark.parametrize("transfer", [upload, download])
async def test_200_mib_pass_and_leave_no_trace_in_memory(
    builder: Builder, redis_url: str, tmp_path: Path, transfer: Callable[[httpx2.AsyncClient], Awaitable[None]]
) -> None:
    auth = AuthDouble()
    told = {"AUTH_URL": await builder.serve(auth), "REDIS_URL": redis_url}
    async with AsyncExitStack() as stack:

        async def started(name: str, **more: str) -> Running:
            process = start(tmp_path / name, name, **told, **more)
            stack.callback(process.running.wait)
            stack.callback(process.running.kill)
            await answering(process)
            return process

        service = await started("plain_service")
        gateway = await started("gateway", STRAVA_URL=service.url)
        client = httpx2.AsyncClient(base_url=gateway.url, headers=auth.mint.headers(), trust_env=False, timeout=60)
        await stack.enter_async_context(client)
        await client.get("/api/v1/activities")
        before = gateway.peak_mib()
        await transfer(client)
        grown = gateway.peak_mib() - before
    assert grown < MOST_MIB, f"{grown:.0f} MiB more"
