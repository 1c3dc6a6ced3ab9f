import asyncio
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from auth.admin import ensure_account
from auth.settings import AuthSettings
from common.testing.plugin import Environment

API = "/api/v1/auth"
HERE = "127.0.0.1"


async def signed_in(auth: httpx2.AsyncClient, email: str, password: Any) -> dict[str, str]:
    answer = await auth.post(f"{API}/login", json={"email": email, "password": password})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def command(email: str, role: str) -> dict[str, Any]:
    """Run the operator's command as a process of its own would: in no request."""
    made = ensure_account(AuthSettings.from_environment(), email, role)
    return await asyncio.create_task(made, context=Context())


class Log:
    """The log as an administrator reads it."""

    def __init__(self, auth: httpx2.AsyncClient, headers: dict[str, str]) -> None:
        self._auth = auth
        self._headers = headers

    async def rows(self, action: str) -> list[dict[str, Any]]:
        """Rows of this action that were written just now, the newest first."""
        answer = await self._auth.get("/api/v1/admin/audit", params={"action": action}, headers=self._headers)
        found: list[dict[str, Any]] = answer.json()["items"]
        for row in found:
            assert datetime.now(UTC) - datetime.fromisoformat(row["created_at"]) < timedelta(minutes=1)
            assert row["service"] == "auth"
        return found


@pytest.fixture
async def log(auth: httpx2.AsyncClient, auth_environment: Environment) -> Log:
    made = await command("root@example.org", "admin")
    return Log(auth, await signed_in(auth, "root@example.org", made["password"]))


def told(row: dict[str, Any]) -> tuple[str, str, str, str, Any]:
    return row["actor"], row["target"], row["outcome"], row["address"], row["details"]


async def id_of(auth: httpx2.AsyncClient, email: str, password: Any) -> str:
    return str((await auth.get(f"{API}/me", headers=await signed_in(auth, email, password))).json()["id"])


async def test_making_an_account_by_command_is_logged_and_making_it_again_is_not(
    auth: httpx2.AsyncClient, log: Log
) -> None:
    made = await command("eve@example.org", "coach")
    await command("eve@example.org", "coach")
    eve = await id_of(auth, "eve@example.org", made["password"])
    rows = [row for row in await log.rows("user.created") if row["target"] == eve]
    assert [told(row) for row in rows] == [("operator", eve, "ok", "", {"roles": ["athlete", "coach"]})]
    assert await log.rows("user.changed") == []


async def test_giving_the_admin_role_by_command_is_logged_once_and_changes_the_version(
    auth: httpx2.AsyncClient, ana: dict[str, Any], tokens: dict[str, Any], log: Log
) -> None:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    before = (await auth.get(f"{API}/me", headers=bearer)).headers["etag"]
    for _ in range(2):
        await command(ana["email"], "admin")
    given = {"roles": {"from": ["athlete"], "to": ["athlete", "admin"]}}
    assert [told(row) for row in await log.rows("user.changed")] == [("operator", ana["id"], "ok", "", given)]
    now = await auth.get(f"{API}/me", headers={**bearer, "If-None-Match": before})
    assert (now.status_code, now.json()["roles"]) == (200, ["athlete", "admin"])


async def test_a_change_of_the_profile_is_logged_by_the_names_of_its_fields(
    auth: httpx2.AsyncClient, ana: dict[str, Any], tokens: dict[str, Any], log: Log
) -> None:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    change = {"weight": 61.5, "display_name": "Somebody Else"}
    assert (await auth.patch(f"{API}/me", json=change, headers=bearer)).status_code == 200
    assert (await auth.patch(f"{API}/me", json={"weight": -1}, headers=bearer)).status_code == 422
    [row] = await log.rows("profile.changed")
    assert told(row) == (ana["id"], ana["id"], "ok", HERE, {"fields": ["display_name", "weight"]})
    assert "Somebody" not in str(row)


async def test_asking_for_all_data_is_logged_once_for_one_export(
    auth: httpx2.AsyncClient, ana: dict[str, Any], tokens: dict[str, Any], log: Log
) -> None:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    begun = [(await auth.post(f"{API}/export", headers=bearer)).json()["id"] for _ in range(2)]
    assert begun[0] == begun[1]
    rows = await log.rows("account.export_requested")
    assert [told(row) for row in rows] == [(ana["id"], begun[0], "ok", HERE, {})]


async def test_making_a_personal_token_is_logged_with_its_scopes(
    auth: httpx2.AsyncClient, ana: dict[str, Any], tokens: dict[str, Any], log: Log
) -> None:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    body = {"name": "Nightly backup", "scopes": ["activities:read", "documents:write"]}
    made = (await auth.post(f"{API}/tokens", json=body, headers=bearer)).json()
    [row] = await log.rows("token.made")
    assert told(row) == (ana["id"], made["id"], "ok", HERE, {"scope": "activities:read documents:write"})
    assert "Nightly" not in str(row)
