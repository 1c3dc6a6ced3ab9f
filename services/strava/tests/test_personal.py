import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
from emulated import Emulated, Runner
from looking import idle
from made_up import START, run
from sqlalchemy import insert

from common.resources import Resources
from common.testing.personal import unreached
from common.testing.tokens import TokenMint
from common.testing.wait import eventually
from strava.models import ActivityAudit, Base
from strava.personal import PERSONAL


class Auth:
    """Asks as the auth service does."""

    def __init__(self, client: httpx2.AsyncClient, mint: TokenMint, person: Any) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {mint.service_token('auth')}"}
        self._path = f"/internal/people/{person}"

    async def ask(self, method: str = "GET", path: str = "") -> httpx2.Response:
        response = await self._client.request(method, self._path + path, headers=self._headers)
        assert response.status_code == 200, response.text
        return response

    async def erase(self) -> Any:
        """Have it deleted, when the log has read all that the service published."""
        return (await self.ask("DELETE", f"?logged={(1 << 63) - 1}")).json()

    async def total(self) -> int:
        tally = (await self.ask()).json()
        return int(sum(tally["tables"].values()) + tally["files"])


def test_no_table_is_forgotten() -> None:
    assert unreached(Base, PERSONAL) == {"subscription_views", "webhook_subscriptions"}


async def test_all_of_a_person_is_deleted_and_nothing_of_others(
    strava: httpx2.AsyncClient, mint: TokenMint, new_athlete: Callable[[], Any]
) -> None:
    leaving, staying = new_athlete(), new_athlete()
    shared, own = run(), run(START + timedelta(days=1))
    await leaving.give(("shared.gpx", shared), ("own.gpx", own), ("broken.gpx", b"<gpx"))
    [kept] = (await staying.give(("shared.gpx", shared)))["shared.gpx"]["activity_ids"]
    auth = Auth(strava, mint, leaving.id)
    assert (await auth.ask()).json()["tables"]["activities"] == 2

    deleted = await auth.erase()
    assert {name: deleted["tables"][name] for name in ("activities", "recordings", "import_items")} == {
        "activities": 2,
        "recordings": 2,
        "import_items": 3,
    }
    assert deleted["files"] == 3
    assert await auth.total() == 0
    assert (await leaving.get("/activities"))["items"] == []
    again = await auth.erase()
    assert sum(again["tables"].values()) == 0
    original = await staying.request("GET", f"/activities/{kept}/original")
    assert (original.status_code, original.content) == (200, shared)


async def test_the_grant_at_strava_goes_with_the_account(
    runner: Runner, strava: httpx2.AsyncClient, mint: TokenMint, emulated: Emulated, resources: Resources
) -> None:
    strava_id = await runner.runs(distance=5000, moving_time=1500)
    await runner.sees(strava_id)
    auth = Auth(strava, mint, runner.here.id)
    await auth.erase()
    assert (await runner.status())["state"] == "disconnected"

    async def revoked() -> bool:
        people = await emulated.control("GET", "/athletes")
        return await idle(resources) and not next(e["authorized"] for e in people if e["id"] == runner.strava_id)

    await eventually(revoked, within=15, what="the revocation at Strava")
    await auth.erase()
    assert await auth.total() == 0


async def test_data_are_given_out_as_json_csv_and_original_files(
    strava: httpx2.AsyncClient, mint: TokenMint, athlete: Any
) -> None:
    recorded = run(name="=cmd|' /C calc'!A0")
    await athlete.give(("../../morning, run.gpx", recorded))
    auth = Auth(strava, mint, athlete.id)
    names = (await auth.ask(path="/given")).json()["names"]
    assert {"activities.json", "activities.csv", "recordings.json", "imports.json", "audits.json"} <= set(names)
    [original] = [name for name in names if name.startswith("originals/")]
    assert original.endswith("-morning, run.gpx")
    assert original.count("/") == 1
    assert (await auth.ask(path=f"/given/{original}")).content == recorded

    [activity] = json.loads((await auth.ask(path="/given/activities.json")).content)
    assert activity["athlete_id"] == str(athlete.id)
    [row] = csv.DictReader(io.StringIO((await auth.ask(path="/given/activities.csv")).text))
    assert row["name"].startswith("'=")  # a spreadsheet must not run it
    assert float(row["distance"]) == activity["distance"]
    recordings = (await auth.ask(path="/given/recordings.json")).json()
    assert "object_key" not in recordings[0]
    assert [batch["state"] for batch in (await auth.ask(path="/given/imports.json")).json()] == ["done"]


async def test_many_rows_are_given_out_whole(
    strava: httpx2.AsyncClient, mint: TokenMint, athlete: Any, resources: Resources
) -> None:
    rows = [
        {"activity_id": athlete.id, "athlete_id": athlete.id, "action": "created", "reason": str(n), "actor": "x"}
        for n in range(1201)
    ]
    async with resources.database.transaction() as session:
        await session.execute(insert(ActivityAudit), rows)
    auth = Auth(strava, mint, athlete.id)
    given = (await auth.ask(path="/given/audits.json")).json()
    assert {row["reason"] for row in given} == {str(n) for n in range(1201)}
    assert len(given) == 1201
    assert len((await auth.ask(path="/given/audits.csv")).text.splitlines()) == 1202


async def test_only_services_may_ask(strava: httpx2.AsyncClient, athlete: Any, mint: TokenMint) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/given"), ("GET", "/given/activities.json")):
        url = f"/internal/people/{athlete.id}{path}"
        assert (await strava.request(method, url)).status_code == 401
        refused = await strava.request(method, url, headers=mint.headers(str(athlete.id)))
        assert refused.status_code == 403
    service = {"Authorization": f"Bearer {mint.service_token('auth')}"}
    for name in ("strava_tokens.json", "nothing.json", "originals/../x", "oauth_states.json"):
        url = f"/internal/people/{athlete.id}/given/{name}"
        expected = 200 if name == "strava_tokens.json" else 404
        assert (await strava.get(url, headers=service)).status_code == expected
