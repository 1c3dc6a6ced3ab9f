from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from common.audit import AuditRecorded, record
from common.db import Database
from common.db.tables import OutboxEvent
from common.middleware import RequestMiddleware


@pytest.fixture
async def database(environment_of: Callable[[str], Any]) -> AsyncIterator[Database]:
    database = Database((await environment_of("toy"))["DATABASE_URL"], service="toy", pool_size=1)
    yield database
    await database.aclose()


@pytest.fixture
def app(database: Database) -> FastAPI:
    app = FastAPI()
    app.add_middleware(RequestMiddleware, max_body_size=1000, body_limits={})

    @app.post("/act")
    async def act() -> None:
        async with database.transaction() as session:
            record(session, "toy", actor="somebody", action="thing.done", target="a thing")

    return app


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (None, "192.0.2.1"),
        ("203.0.113.9", "203.0.113.9"),
        ("10.0.0.1, 2001:db8::7", "2001:db8::7"),
        ("203.0.113.9, not an address", "192.0.2.1"),
        ("", "192.0.2.1"),
    ],
)
async def test_an_audit_event_tells_where_the_request_came_from(
    app: FastAPI, database: Database, header: str | None, address: str
) -> None:
    transport = httpx2.ASGITransport(app=app, client=("192.0.2.1", 5000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://toy.test") as client:
        headers = {} if header is None else {"X-Forwarded-For": header}
        assert (await client.post("/act", headers=headers)).status_code == 200
    async with database.reading() as session:
        [event] = await session.scalars(select(OutboxEvent))
    assert AuditRecorded.model_validate(event.payload).address == address


async def test_what_a_service_does_by_itself_comes_from_nowhere(database: Database) -> None:
    async with database.transaction() as session:
        record(session, "toy", actor="toy", action="thing.renewed", target="a thing")
    async with database.reading() as session:
        [event] = await session.scalars(select(OutboxEvent))
    assert event.payload["address"] == ""
