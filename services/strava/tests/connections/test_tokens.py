import asyncio
import base64
import json
import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from emulated import Emulated, Runner
from looking import jobs_of
from sqlalchemy import select, text

from common.crypto import KeyRing
from common.db.tables import OutboxEvent
from common.resources import Resources
from common.sealing import MARK
from common.testing.plugin import Environment
from common.testing.wait import eventually
from strava.connections.reencryption import reencrypt
from strava.connections.tokens import TokenKeeper
from strava.models import Connection
from strava.remote.remote import Remote


async def expire(runner: Runner, resources: Resources, seconds: int = 200) -> None:
    """The access token is about to end, here and at Strava."""
    await runner.emulated.control("PUT", f"/athletes/{runner.strava_id}/tokens", json={"expires_in": seconds})
    async with resources.database.transaction() as session:
        changed = text("UPDATE strava_tokens SET expires_at = now() + make_interval(secs => :seconds)")
        await session.execute(changed, {"seconds": seconds})


async def audits(resources: Resources, action: str) -> list[dict[str, Any]]:
    async with resources.database.transaction() as session:
        rows = await session.scalars(select(OutboxEvent).where(OutboxEvent.type == "audit.recorded.v1"))
        return [row.payload for row in rows if row.payload["action"] == action]


async def connection_of(runner: Runner, resources: Resources) -> Connection:
    async with resources.database.transaction() as session:
        return await session.get_one(Connection, runner.here.id)


async def test_a_token_about_to_expire_is_refreshed_once_however_many_want_it(
    runner: Runner, resources: Resources
) -> None:
    await expire(runner, resources)
    keeper = TokenKeeper.of(resources)
    others = [TokenKeeper(resources.database, keeper._oauth, keeper._keys) for _ in range(3)]  # as other processes
    tokens = await asyncio.gather(*(each.access(runner.here.id) for each in [keeper, *others] * 5))
    assert len({each.token for each in tokens}) == 1
    assert {each.generation for each in tokens} == {2}
    assert [each["outcome"] for each in await audits(resources, "strava.token_refreshed")] == ["ok"]


async def test_a_token_with_time_left_is_used_as_it_is(runner: Runner, resources: Resources) -> None:
    await TokenKeeper.of(resources).access(runner.here.id)
    assert await audits(resources, "strava.token_refreshed") == []


async def test_a_token_that_strava_refuses_early_is_refreshed_and_the_call_made_again(
    runner: Runner, resources: Resources
) -> None:
    await runner.emulated.control("PUT", f"/athletes/{runner.strava_id}/tokens", json={"expires_in": -10})
    assert (await runner.here.get("/strava/athlete"))["profile"]["id"] == str(runner.strava_id)
    assert (await connection_of(runner, resources)).generation == 2


async def test_a_pair_of_somebody_else_that_is_refused_as_well_is_refreshed_too(
    runner: Runner, resources: Resources
) -> None:
    keeper, remote = TokenKeeper.of(resources), Remote.of(resources)
    asked: list[str] = []

    async def ask(token: str) -> Any:
        if not asked:
            await keeper.renew(runner.here.id, used=1)
            await runner.emulated.control("PUT", f"/athletes/{runner.strava_id}/tokens", json={"expires_in": -10})
        asked.append(token)
        return await remote.api.athlete(token, urgent=True)

    assert await keeper.with_token(runner.here.id, ask)
    assert len(asked) == 3
    assert (await connection_of(runner, resources)).state == "connected"


async def test_a_revoked_grant_degrades_the_connection_and_tells_it_once(
    runner: Runner, resources: Resources, emulated: Emulated
) -> None:
    await emulated.control("POST", f"/athletes/{runner.strava_id}/revoke", json={"tell": False})
    for _ in range(2):
        response = await runner.here.request("GET", "/strava/athlete")
        assert (response.status_code, response.json()["code"]) == (409, "strava.degraded")
    status = await runner.status()
    assert status["state"] == "degraded"
    assert "no longer accepts" in status["reason"]
    async with resources.database.transaction() as session:
        told = (await session.scalars(select(OutboxEvent).where(OutboxEvent.type == "connection.degraded.v1"))).all()
    assert [each.payload["athlete_id"] for each in told] == [str(runner.here.id)]
    assert [each["outcome"] for each in await audits(resources, "strava.token_refreshed")] == ["refused"]
    response = await runner.here.request("POST", "/strava/sync")
    assert (response.status_code, response.json()["code"]) == (409, "strava.degraded")


async def test_a_deauthorisation_is_believed_when_a_refresh_fails(runner: Runner, emulated: Emulated) -> None:
    await emulated.control("POST", f"/athletes/{runner.strava_id}/revoke", json={"tell": True})

    async def degraded() -> bool:
        return bool((await runner.status())["state"] == "degraded")

    await eventually(degraded, within=15, what="the degraded connection")


@pytest.mark.parametrize("told", [True, False])
async def test_who_takes_the_grant_back_at_strava_has_its_data_deleted_unless_they_connect_again(
    runner: Runner, emulated: Emulated, told: bool
) -> None:
    """Told by an event, or found out by the next call where the event is lost."""
    await runner.sees(await runner.runs())
    await emulated.control("POST", f"/athletes/{runner.strava_id}/revoke", json={"tell": told})
    if not told:
        assert (await runner.here.request("GET", "/strava/athlete")).status_code == 409

    async def purged_later() -> Any:
        status = await runner.status()
        return status["state"] == "degraded" and status["purge"]

    purge = await eventually(purged_later, within=15, what="the purge that is to come")
    due = datetime.fromisoformat(purge["due_at"])
    assert (purge["activities"], timedelta(days=6.9) < due - datetime.now(UTC) <= timedelta(days=7)) == (1, True)
    assert (await runner.connect()).json()["purge"] is None


async def test_who_takes_the_grant_of_a_broken_connection_back_has_its_data_deleted_as_well(
    runner: Runner, resources: Resources, emulated: Emulated
) -> None:
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE strava_tokens SET state = 'degraded', reason = 'Its key is gone.'"))
    assert (await runner.status())["purge"] is None
    await emulated.control("POST", f"/athletes/{runner.strava_id}/revoke", json={"tell": True})

    async def purged_later() -> Any:
        return (await runner.status())["purge"]

    await eventually(purged_later, within=15, what="the purge that is to come")


async def test_a_made_up_deauthorisation_changes_nothing(
    runner: Runner, resources: Resources, emulated: Emulated
) -> None:
    values = {"object_type": "athlete", "updates": {"authorized": "false"}}
    await runner.tells(runner.strava_id, "update", **values)

    async def refreshed() -> bool:
        return (await connection_of(runner, resources)).generation == 2

    await eventually(refreshed, within=15, what="the refresh that looks")
    assert (await runner.status())["state"] == "connected"


async def test_a_failed_refresh_is_audited_and_the_connection_stays(
    runner: Runner, resources: Resources, emulated: Emulated
) -> None:
    await expire(runner, resources)
    await emulated.control("PUT", "/faults", json={"status": 500, "paths": ["/oauth/token"]})
    response = await runner.here.request("GET", "/strava/athlete")
    assert response.status_code == 502
    assert [each["outcome"] for each in await audits(resources, "strava.token_refreshed")] == ["failed"]
    assert (await runner.status())["state"] == "connected"


async def test_tokens_that_no_key_opens_ask_for_a_new_connection(runner: Runner, resources: Resources) -> None:
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE strava_tokens SET access_token = refresh_token"))
        await session.execute(text("UPDATE strava_tokens SET refresh_token = '\\x0102'"))
    response = await runner.here.request("GET", "/strava/athlete")
    assert response.json()["code"] == "strava.degraded"
    assert "encryption keys" in (await runner.status())["reason"]


@pytest.mark.parametrize(("seconds", "refreshes"), [(290, 1), (320, 0)])
async def test_a_token_is_refreshed_when_less_than_five_minutes_are_left(
    runner: Runner, resources: Resources, seconds: int, refreshes: int
) -> None:
    await expire(runner, resources, seconds)
    access = await TokenKeeper.of(resources).access(runner.here.id)
    assert access.generation == 1 + refreshes
    assert len(await audits(resources, "strava.token_refreshed")) == refreshes


async def test_tokens_are_sealed_anew_with_another_first_key(
    runner: Runner, resources: Resources, strava_environment: Environment, tmp_path: Path
) -> None:
    before = await connection_of(runner, resources)
    both = f"{KeyRing.new_setting('k2')},{strava_environment['ENCRYPTION_KEYS']}"
    original = tmp_path / "originals" / str(runner.here.id) / "a-file"
    original.parent.mkdir(parents=True)
    # Longer than what is read to look at it: what is left unread must not break the end of the process.
    original.write_bytes(random.Random(1).randbytes(3 << 20))
    command = [sys.executable, "-m", "strava.connections", "reencrypt"]
    for expected in (1, 0):
        own = {"ENCRYPTION_KEYS": both, "ENCRYPT_ORIGINALS": "true", "OBJECT_STORE_URL": f"file://{tmp_path}"}
        environment = {**os.environ, **strava_environment, **own}
        done = await asyncio.to_thread(
            subprocess.run, command, env=environment, capture_output=True, text=True, check=True
        )
        told = json.loads(done.stdout)["reencrypted"]
        assert told == {
            "strava_tokens.access_token": expected,
            "strava_tokens.refresh_token": expected,
            "jobs.payload": 0,
            "originals": expected,
        }
    assert original.read_bytes().startswith(MARK)
    after = await connection_of(runner, resources)
    assert before.access_token[:4] == b"\x01\x02k1"
    assert (after.access_token[:4], after.refresh_token[:4]) == (b"\x01\x02k2",) * 2
    keeper, new = TokenKeeper.of(resources), KeyRing.from_setting(both.split(",", maxsplit=1)[0])
    alone = TokenKeeper(resources.database, keeper._oauth, new)
    opened = alone.open(runner.here.id, "access", after.access_token)
    assert opened == keeper.open(runner.here.id, "access", before.access_token)
    assert (await audits(resources, "strava.keys_reencrypted"))[0]["actor"] == "operator"


async def test_a_grant_is_taken_back_also_after_its_key_was_changed(
    runner: Runner, emulated: Emulated, resources: Resources, strava_environment: Environment
) -> None:
    await emulated.control("PUT", "/faults", json={"status": 503, "paths": ["/oauth/revoke"]})
    await runner.here.request("DELETE", "/strava/disconnect")
    both = f"{KeyRing.new_setting('k2')},{strava_environment['ENCRYPTION_KEYS']}"
    async with resources.database.transaction() as session:
        counts = await reencrypt(session, KeyRing.from_setting(both), actor="operator")
    assert counts == {"strava_tokens.access_token": 0, "strava_tokens.refresh_token": 0, "jobs.payload": 2}
    [job] = await jobs_of(resources, "strava-revoke")
    keeper = TokenKeeper.of(resources)
    alone = TokenKeeper(resources.database, keeper._oauth, KeyRing.from_setting(both.split(",", maxsplit=1)[0]))
    assert alone.open(runner.here.id, "refresh", base64.b64decode(job.payload["refresh"]))
