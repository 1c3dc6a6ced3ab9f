from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from emulated import Runner
from looking import Outcomes, Woken
from sqlalchemy import select

from common.resources import Resources
from common.testing.wait import eventually
from strava.models import WebhookEvent


@pytest.fixture
def woken(resources: Resources) -> Woken:
    """Wait for something that delayed jobs do, and wake the worker meanwhile: its own poll is every five seconds."""

    async def wait(probe: Callable[[], Awaitable[Any]], what: str) -> Any:
        async def try_it() -> Any:
            await resources.waker.wake("strava")
            return await probe()

        return await eventually(try_it, within=30, what=what)

    return wait


@pytest.fixture
def outcomes(runner: Runner, resources: Resources, woken: Woken) -> Outcomes:
    """Wait until so many events about the runner are worked through; (aspect, outcome) of each as they came.

    Strava may still tell of somebody whom an earlier test knew.
    """
    mine = select(WebhookEvent).where(WebhookEvent.owner_id == runner.strava_id).order_by(WebhookEvent.id)

    async def read(count: int) -> list[tuple[str, str]]:
        async def settled() -> Sequence[WebhookEvent]:
            async with resources.database.transaction() as session:
                rows = (await session.scalars(mine)).all()
            return rows if len(rows) >= count and all(row.outcome for row in rows) else []

        return [(row.aspect_type, row.outcome or "") for row in await woken(settled, f"{count} settled events")]

    return read
