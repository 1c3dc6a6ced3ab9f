import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from sqlalchemy import text

from common.db import Database
from common.testing.plugin import Environment
from common.testing.statements import statements
from common.testing.tokens import TokenMint


@pytest.fixture
def as_gateway(mint: TokenMint) -> dict[str, str]:
    return {"Authorization": f"Bearer {mint.service_token('gateway')}"}


@pytest.fixture
async def toy_database(toy_environment: Environment) -> AsyncIterator[Database]:
    database = Database(toy_environment["DATABASE_URL"], service="toy", pool_size=1)
    yield database
    await database.aclose()


@pytest.fixture
async def dead(toy: httpx2.AsyncClient, toy_database: Database) -> list[uuid.UUID]:
    """Five jobs that were given up, the latest first, and one that waits for two minutes."""
    ids = []
    async with toy_database.transaction() as session:
        for minutes in range(5):
            at = datetime(2026, 11, 1, 12, tzinfo=UTC) - timedelta(minutes=minutes // 2)
            ids.append(uuid.UUID(int=100 - minutes))
            values = {"id": ids[-1], "at": at, "reason": f"Reason {minutes}."}
            await session.execute(
                text(
                    "INSERT INTO jobs (id, kind, state, attempts, reason, updated_at)"
                    " VALUES (:id, 'record', 'dead', 8, :reason, :at)"
                ),
                values,
            )
        await session.execute(
            text("INSERT INTO jobs (id, kind, run_after) VALUES (:id, 'record', now() - interval '2 minutes')"),
            {"id": uuid.UUID(int=1)},
        )
    return ids


async def test_the_overview_counts_work_and_events(
    toy: httpx2.AsyncClient, dead: list[uuid.UUID], as_gateway: dict[str, str]
) -> None:
    await toy.post("/api/v1/things", json={"name": "x"})
    shown = (await toy.get("/internal/overview", headers=as_gateway)).json()
    assert (shown["service"], shown["status"]) == ("toy", "ok")
    assert shown["checks"]["database"]["status"] == "ok"
    (jobs,) = shown["work"]["jobs"]
    assert (jobs["kind"], jobs["dead"], jobs["queued"], jobs["running"], jobs["done"]) == ("record", len(dead), 1, 0, 0)
    assert 119 < jobs["overdue"] < 180
    published = shown["work"]["published"]
    assert (published["position"], published["pending"]) == (0, 1)
    assert published["oldest_pending"] >= 0
    assert shown["work"]["followed"] == []


async def test_the_overview_asks_little_of_the_database(toy: httpx2.AsyncClient, as_gateway: dict[str, str]) -> None:
    with statements() as asked:
        assert (await toy.get("/internal/overview", headers=as_gateway)).status_code == 200
    assert len(asked) == 4, asked  # whether it is there, jobs, events, what was read of others


async def test_dead_letters_come_in_pages_the_latest_first(
    toy: httpx2.AsyncClient, dead: list[uuid.UUID], as_gateway: dict[str, str]
) -> None:
    seen, cursor = [], None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await toy.get("/internal/dead-letters", params=params, headers=as_gateway)).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [each["id"] for each in seen] == [str(each) for each in dead]
    assert (seen[0]["reason"], seen[0]["attempts"], seen[0]["kind"]) == ("Reason 0.", 8, "record")


async def test_a_replay_is_audited_with_who_asked_for_it(
    toy: httpx2.AsyncClient, dead: list[uuid.UUID], as_gateway: dict[str, str], toy_database: Database
) -> None:
    who = uuid.uuid4()
    address = f"/internal/dead-letters/{dead[0]}/replay"
    assert (await toy.post(address, params={"by": str(who)}, headers=as_gateway)).status_code == 202
    assert (await toy.post(address, headers=as_gateway)).status_code == 404
    async with toy_database.transaction() as session:
        events = await session.scalars(text("SELECT payload FROM outbox WHERE type = 'audit.recorded.v1'"))
        (event,) = events.all()
    assert (event["actor"], event["action"], event["target"]) == (str(who), "job.replayed", str(dead[0]))


@pytest.mark.parametrize("path", ["/internal/overview", "/internal/dead-letters"])
async def test_oversight_is_for_services(toy: httpx2.AsyncClient, path: str, mint: TokenMint) -> None:
    assert (await toy.get(path, headers={"Authorization": ""})).status_code == 401
    assert (await toy.get(path, headers=mint.headers(roles=("admin",)))).status_code == 403
