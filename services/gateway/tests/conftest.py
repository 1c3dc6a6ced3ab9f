import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "support/src"))

from gateway_doubles import Builder, Echo, Platform


@pytest.fixture
async def builder(redis_url: str) -> AsyncIterator[Builder]:
    async with AsyncExitStack() as stack:
        yield Builder(stack, redis_url)


@pytest.fixture
def strava() -> Echo:
    return Echo("strava")


@pytest.fixture
async def platform(builder: Builder, strava: Echo) -> Platform:
    """A gateway before echoing services."""
    return await builder.gateway(strava=strava, analytics=Echo("analytics"))
