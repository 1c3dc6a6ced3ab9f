"""Strava waits two seconds for an answer, whatever hangs here, and tells again what was not taken in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx2
import pytest
import stalling
from emulated import Emulated, Runner
from looking import somebody_waits
from sqlalchemy import func, make_url, select, text

from common.db.tables import Job
from common.resources import Resources
from common.testing.plugin import Environment, serving
from common.testing.tokens import TokenMint
from common.testing.wait import eventually
from strava.main import create
from strava.models import WebhookEvent
from strava.sync.queueing import EVENT

PATH = "/api/v1/strava/webhook/path-of-the-test"
STRAVAS_PATIENCE = 2.0  # s


def event(object_id: int) -> dict[str, Any]:
    return {
        "aspect_type": "create",
        "event_time": 1_795_000_000,
        "object_id": object_id,
        "object_type": "activity",
        "owner_id": 4_000_000_000,
        "subscription_id": 1,
        "updates": {},
    }


async def answers(client: httpx2.AsyncClient, *numbers: int) -> list[int]:
    """Statuses of events that are told at once, each within Strava's patience."""
    async with asyncio.timeout(STRAVAS_PATIENCE):
        told = await asyncio.gather(*(client.post(PATH, json=event(number)) for number in numbers))
    return [each.status_code for each in told]


async def kept(resources: Resources) -> tuple[list[int], int]:
    """(Activities that events in the inbox are about, jobs for events)."""
    async with resources.database.reading() as session:
        numbers = await session.scalars(select(WebhookEvent.object_id).order_by(WebhookEvent.object_id))
        jobs = await session.scalar(select(func.count()).select_from(Job).where(Job.kind == EVENT))
        return list(numbers), jobs or 0


@asynccontextmanager
async def locked(resources: Resources, table: str) -> AsyncIterator[None]:
    """Nobody else gets at a table, as while it is migrated."""
    async with resources.database.transaction() as session:
        await session.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


@pytest.mark.parametrize("table", ["webhook_events", "jobs"])
async def test_a_locked_table_is_answered_in_time_and_nothing_is_half_stored(
    strava: httpx2.AsyncClient, resources: Resources, table: str
) -> None:
    async with locked(resources, table):
        assert await answers(strava, *range(8)) == [503] * 8  # more than there are connections
        assert await answers(strava, 3) == [503]
    assert await kept(resources) == ([], 0)
    assert await answers(strava, *range(8)) == [200] * 8
    assert await kept(resources) == (list(range(8)), 8)


async def test_who_is_answered_does_not_wait_at_the_database_any_more(
    strava: httpx2.AsyncClient, resources: Resources
) -> None:
    async with Resources.open("strava", resources.settings) as looking, locked(resources, "webhook_events"):
        asking = asyncio.create_task(answers(strava, 1))
        storing = partial(somebody_waits, looking, "INSERT INTO webhook_events")  # its worker has business there too
        await eventually(storing, within=2, what="the statement")
        assert await asking == [503]

        async def nobody_waits() -> bool:
            return not await storing()

        await eventually(nobody_waits, within=5, what="the end of the statement")


async def test_a_database_that_hangs_is_answered_in_time_and_once_it_goes_on_all_is_taken(
    strava: httpx2.AsyncClient,
    strava_environment: Environment,
    mint: TokenMint,
    resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = make_url(strava_environment["DATABASE_URL"])
    async with stalling.before(url.host or "127.0.0.1", url.port or 5432) as between:
        host, _, port = between.address.partition(":")
        there = url.set(host=host, port=int(port)).render_as_string(hide_password=False)
        monkeypatch.setenv("DATABASE_URL", there)
        async with serving(create(), mint) as client:
            assert await answers(client, 0) == [200]
            between.stall()
            assert await answers(client, *range(1, 9)) == [503] * 8
            assert await answers(client, 1) == [503]
            between.go_on()

            async def taken() -> bool:
                return await answers(client, *range(1, 9)) == [200] * 8

            await eventually(taken, within=20, what="a database that answers")
    assert await kept(resources) == (list(range(9)), 9)


async def test_what_is_refused_while_a_table_is_locked_is_told_again_and_arrives(
    runner: Runner, resources: Resources
) -> None:
    async with locked(resources, "webhook_events"):
        strava_id = await runner.runs(name="Told again")

        async def refused() -> bool:
            [last] = [each for each in await deliveries(runner.emulated) if each["event"]["object_id"] == strava_id]
            return bool(last["attempts"] == [503])

        await eventually(refused, within=10, what="the first attempt")
    assert (await runner.sees(strava_id))["name"] == "Told again"


async def deliveries(emulated: Emulated) -> Any:
    return await emulated.control("GET", "/webhooks")


async def test_a_slow_strava_holds_no_answer_up(
    runner: Runner, resources: Resources, strava: httpx2.AsyncClient
) -> None:
    await runner.emulated.control("PUT", "/faults", json={"delay_s": 4})
    strava_id = await runner.runs(name="Slowly")

    async def told() -> bool:
        return strava_id in (await kept(resources))[0]

    await eventually(told, within=5, what="the event of the run")  # whose fetch hangs by now
    assert await answers(strava, *range(20)) == [200] * 20
    assert await runner.stored(strava_id) is None
    assert (await runner.sees(strava_id, within=30))["name"] == "Slowly"
