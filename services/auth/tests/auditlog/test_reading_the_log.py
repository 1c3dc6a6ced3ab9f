from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from auth.admin import ensure_account
from auth.models import Audit
from auth.settings import AuthSettings
from common.db import Database
from common.testing.plugin import Environment

AUDIT = "/api/v1/admin/audit"
START = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = [
    {"actor": "a", "action": "activity.created", "target": "t1", "outcome": "ok", "service": "strava"},
    {"actor": "a", "action": "activity.deleted", "target": "t1", "outcome": "ok", "service": "strava"},
    {"actor": "strava", "action": "strava.token_refreshed", "target": "a", "outcome": "failed", "service": "strava"},
    {"actor": "b", "action": "plan.created", "target": "t2", "outcome": "ok", "service": "trainer"},
    {"actor": "b", "action": "plan_x.created", "target": "t3", "outcome": "ok", "service": "trainer"},
]


@pytest.fixture
async def admin(auth: httpx2.AsyncClient, auth_environment: Environment) -> dict[str, str]:
    """An administrator's headers, and a log with a row a minute."""
    made = await ensure_account(AuthSettings.from_environment(), "root@example.org", "admin")
    body = {"email": "root@example.org", "password": made["password"]}
    token = (await auth.post("/api/v1/auth/login", json=body)).json()["access_token"]
    database = Database(auth_environment["DATABASE_URL"], service="auth", pool_size=1)
    async with database.transaction() as session:
        for number, row in enumerate(ROWS):
            session.add(Audit(**row, address="192.0.2.7", created_at=START + timedelta(minutes=number)))
    await database.aclose()
    return {"Authorization": f"Bearer {token}"}


async def actions(auth: httpx2.AsyncClient, admin: dict[str, str], **query: Any) -> list[str]:
    found: list[str] = []
    query |= {"to": (START + timedelta(days=1)).isoformat()} if "to" not in query else {}
    while True:
        page = await auth.get(AUDIT, params=query, headers=admin)
        assert page.status_code == 200, page.text
        found += [each["action"] for each in page.json()["items"]]
        if page.json()["next_cursor"] is None:
            return found
        query["cursor"] = page.json()["next_cursor"]


async def test_the_log_is_read_page_by_page_the_newest_first(auth: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    newest_first = [row["action"] for row in reversed(ROWS)]
    assert await actions(auth, admin, limit=2) == newest_first
    everything = (await auth.get(AUDIT, headers=admin)).json()["items"]
    assert everything[0]["action"] == "login"
    row = everything[-1]
    assert {row[name] for name in ("actor", "target", "outcome", "service", "address")} == {
        "a",
        "t1",
        "ok",
        "strava",
        "192.0.2.7",
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"actor": "a"}, ["activity.deleted", "activity.created"]),
        ({"action": "activity."}, ["activity.deleted", "activity.created"]),
        ({"action": "plan_"}, ["plan_x.created"]),
        ({"action": "%"}, []),
        ({"target": "t2"}, ["plan.created"]),
        ({"outcome": "failed"}, ["strava.token_refreshed"]),
        ({"service": "trainer"}, ["plan_x.created", "plan.created"]),
        ({"service": "strava", "outcome": "ok", "action": "activity.c"}, ["activity.created"]),
        ({"from": "2026-03-01T01:03:00+01:00", "to": "2026-03-01T00:04:00Z"}, ["plan.created"]),
        ({"to": "0001-01-02T00:00:00Z"}, []),
        ({"from": "9999-12-31T00:00:00Z", "to": "9999-12-31T23:59:59Z"}, []),
    ],
    ids=str,
)
async def test_the_log_is_narrowed(
    auth: httpx2.AsyncClient, admin: dict[str, str], query: dict[str, str], expected: list[str]
) -> None:
    assert await actions(auth, admin, **query) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"actor": "\x00"},
        {"from": "yesterday"},
        {"from": "2026-01-01T00:00:00"},
        {"action": "x" * 201},
        {"to": "0001-01-01T00:00:00+14:00"},
        {"from": "9999-12-31T23:59:59-14:00"},
    ],
    ids=str,
)
async def test_bad_filters_are_refused(auth: httpx2.AsyncClient, admin: dict[str, str], query: dict[str, str]) -> None:
    assert (await auth.get(AUDIT, params=query, headers=admin)).status_code == 422


async def test_only_administrators_read_the_log(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    assert (await auth.get(AUDIT)).status_code == 401
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    refused = await auth.get(AUDIT, headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.role_required")


async def test_a_page_that_has_not_changed_is_not_sent_again(auth: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    query = {"actor": "a"}
    first = await auth.get(AUDIT, params=query, headers=admin)
    same = await auth.get(AUDIT, params=query, headers={**admin, "If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
