import asyncio
import time
from collections.abc import AsyncIterator

import httpx2
import pytest

from common.health import Check, Degraded, examine
from common.testing.plugin import serving
from common.testing.tokens import TokenMint


async def well() -> None:
    pass


async def broken() -> None:
    raise OSError("gone")


async def limping() -> None:
    raise Degraded


async def stubborn() -> None:
    """Hang, and do so for a while when told to stop."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(20)


@pytest.mark.parametrize(
    ("checks", "status", "each"),
    [
        ([Check("a", well)], "ok", ["ok"]),
        ([Check("a", well), Check("b", broken, required=False)], "degraded", ["ok", "down"]),
        ([Check("a", limping), Check("b", well)], "degraded", ["degraded", "ok"]),
        ([Check("a", broken), Check("b", limping)], "down", ["down", "degraded"]),
    ],
)
async def test_the_worst_of_what_is_needed_counts(checks: list[Check], status: str, each: list[str]) -> None:
    report = await examine(checks, "1")
    assert (report.status, [result.status for result in report.checks.values()]) == (status, each)


async def test_what_hangs_is_down_soon_and_hides_nothing_else() -> None:
    started = time.perf_counter()
    report = await examine([Check("a", stubborn), Check("b", stubborn, required=False), Check("c", well)], "1")
    assert time.perf_counter() - started < 10
    assert [result.status for result in report.checks.values()] == ["down", "down", "ok"]


@pytest.fixture
async def silent_port() -> AsyncIterator[int]:
    """Port of somebody who takes connections and never says a word."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def asked(client: httpx2.AsyncClient) -> tuple[int, str, float]:
    started = time.perf_counter()
    answer = await client.get("/health")
    return answer.status_code, answer.json()["status"], time.perf_counter() - started


@pytest.mark.parametrize(
    ("name", "address", "expected"),
    [
        ("REDIS_URL", "redis://127.0.0.1:{port}/0", (200, "degraded")),
        ("DATABASE_URL", "postgresql+asyncpg://a:b@127.0.0.1:{port}/c", (503, "down")),
    ],
)
@pytest.mark.usefixtures("toy_environment")
async def test_a_service_says_in_time_what_hangs(
    monkeypatch: pytest.MonkeyPatch,
    mint: TokenMint,
    silent_port: int,
    name: str,
    address: str,
    expected: tuple[int, str],
) -> None:
    from toy.main import create

    monkeypatch.setenv(name, address.format(port=silent_port))
    async with serving(create(), mint) as client:
        for _ in range(2):
            status, word, seconds = await asked(client)
            assert ((status, word), seconds < 10) == (expected, True)
