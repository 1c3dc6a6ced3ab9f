import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from common.testing.plugin import Environment, serving
from common.testing.tokens import TokenMint

TOY_SOURCE = Path(__file__).parent / "toyservice/src"
sys.path.insert(0, str(TOY_SOURCE))


@pytest.fixture
async def toy_environment(environment_of: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Environment of the toy service, also set in this process."""
    environment: Environment = await environment_of("toy")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    paths = [str(TOY_SOURCE), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    return environment


@pytest.fixture
async def toy(toy_environment: Environment, mint: TokenMint) -> AsyncIterator[httpx2.AsyncClient]:
    """Client of a running toy service."""
    from toy.main import create

    async with serving(create(), mint) as client:
        yield client
