"""How often reads that are made often ask the database: what they need comes at once, and only what they need."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import made_up
import pytest
from emulated import Runner
from fastapi import FastAPI
from sqlalchemy import event

from common.testing.tokens import TokenMint

Athlete = Any
Counted = Callable[[], list[str]]


@pytest.fixture
def asked(strava: Any, application: FastAPI) -> Counted:
    """Give the statements since it was called last."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(application.state.resources.database.engine.sync_engine, "before_cursor_execute", note)

    def since() -> list[str]:
        found = statements.copy()
        statements.clear()
        return found

    return since


async def test_reads_of_an_activity_ask_at_once_for_what_they_show(athlete: Athlete, asked: Counted) -> None:
    [item] = (await athlete.give(("a.gpx", made_up.run()))).values()
    path = f"/activities/{item['activity_ids'][0]}"
    most = {"": 2, "/map": 1, "/streams": 1, "/splits": 2, "/laps": 2, "/gpx": 3, "/original": 1}
    for read, statements in most.items():
        asked()
        assert (await athlete.request("GET", f"{path}{read}")).status_code == 200
        assert len(asked()) <= statements, read


async def test_a_track_is_read_without_what_else_a_recording_holds(athlete: Athlete, asked: Counted) -> None:
    [item] = (await athlete.give(("a.gpx", made_up.run()))).values()
    asked()
    await athlete.get(f"/activities/{item['activity_ids'][0]}/map")
    [statement] = asked()
    assert not any(name in statement for name in ("summary", "quality", "polyline", "bounds"))


async def test_an_import_is_read_without_what_it_does_not_show(athlete: Athlete, asked: Counted) -> None:
    batch = await athlete.import_files(("a.gpx", made_up.run()))
    asked()
    assert await athlete.get(f"/imports/{batch['id']}") == batch
    statements = asked()
    assert len(statements) == 2
    assert not any(name in "".join(statements) for name in ("object_key", "recording_ids", "told"))


async def test_the_status_of_a_connection_takes_three_questions(runner: Runner, asked: Counted) -> None:
    asked()
    assert (await runner.status())["state"] == "connected"
    assert len(asked()) <= 3


async def test_the_list_of_jobs_asks_for_jobs_only(strava: Any, mint: TokenMint, asked: Counted) -> None:
    asked()
    headers = mint.headers(str(uuid4()), roles=("athlete", "admin"))
    assert (await strava.get("/api/v1/admin/activity-jobs", headers=headers)).status_code == 200
    assert len(statements := asked()) == 2
    assert not any("outbox" in statement or "inbox" in statement for statement in statements)
