import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from leaving import PASSWORD, Leaver

from auth.accounts import departures
from auth.accounts.holdings import FOLDER, HOLDERS
from common.outbox import PublishedEvent
from common.storage import ObjectStore
from common.testing.plugin import Environment
from common.testing.wait import eventually


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds follow each other at once."""
    monkeypatch.setattr(departures, "_PAUSES", (0.05,))


async def leave(leaver: Leaver, password: str | None = PASSWORD) -> Any:
    return await leaver.ask("DELETE", "/auth/me", json={"password": password} if password else {})


async def done(leaver: Leaver, status_url: str) -> dict[str, Any]:
    async def found() -> dict[str, Any]:
        await leaver.auth.waker.wake("auth")  # the next round is due before the next poll
        told: dict[str, Any] = (await leaver.auth.client.get(status_url)).json()
        return told if told["state"] == "done" else {}

    return await eventually(found, within=30, what="the deletion")


async def test_all_services_report_that_nothing_is_left(leaver: Leaver) -> None:
    answer = await leave(leaver)
    assert answer.status_code == 202, answer.text
    told = await done(leaver, answer.json()["status_url"])
    assert set(told["services"]) == {"auth", *HOLDERS}
    assert told["services"]["strava"] == {"deleted": 2, "remaining": 0}
    assert {each["remaining"] for each in told["services"].values()} == {0}
    assert told["progress"] == 1.0
    assert await leaver.auth.scalar("SELECT count(*) FROM users") == 0
    assert await leaver.auth.scalar("SELECT count(*) FROM sessions") == 0


async def test_the_account_cannot_be_used_from_that_moment(leaver: Leaver) -> None:
    leaver.holders["strava"].away = True
    assert (await leave(leaver)).status_code == 202
    assert await leaver.sign_in() == 401
    revoked = await leaver.auth.rows("SELECT kind FROM revocations")
    assert [row.kind for row in revoked] == ["sid"]
    leaver.holders["strava"].away = False


async def test_what_comes_while_others_delete_is_found_in_another_round(leaver: Leaver) -> None:
    leaver.holders["analytics"].late[leaver.id] = [{"effort": b"1"}, {"effort": b"2", "other": b"3"}]
    told = await done(leaver, (await leave(leaver)).json()["status_url"])
    assert told["services"]["analytics"] == {"deleted": 3, "remaining": 0}


async def test_a_service_that_is_away_is_waited_for_and_shown(leaver: Leaver) -> None:
    leaver.holders["analytics"].away = True
    status_url = (await leave(leaver)).json()["status_url"]
    await eventually(lambda: leaver.has_asked("analytics", "delete"), within=20)
    told = (await leaver.auth.client.get(status_url)).json()
    assert told["state"] == "running"
    assert told["services"]["trainer"]["remaining"] == 0
    assert "analytics" not in told["services"]
    assert 0 < told["progress"] < 1
    leaver.holders["analytics"].away = False
    assert (await done(leaver, status_url))["services"]["analytics"]["remaining"] == 0


@pytest.mark.parametrize("password", [None, "a wrong password of hers"])
async def test_without_the_password_nothing_happens(leaver: Leaver, password: str | None) -> None:
    answer = await leave(leaver, password)
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.password_wrong")
    assert await leaver.sign_in() == 200
    assert leaver.holders["strava"].files[leaver.id]


async def test_the_last_administrator_stays(leaver: Leaver) -> None:
    await leaver.auth.execute("UPDATE users SET roles = '{athlete,admin}'")
    answer = await leave(leaver)
    assert (answer.status_code, answer.json()["code"]) == (409, "auth.last_admin")
    assert await leaver.sign_in() == 200


async def test_the_report_is_shown_to_whoever_has_its_address_only(leaver: Leaver) -> None:
    status_url = (await leave(leaver)).json()["status_url"]
    await done(leaver, status_url)
    bare = status_url.partition("?")[0]
    assert (await leaver.auth.client.get(bare)).status_code == 422
    wrong = await leaver.auth.client.get(f"{bare}?token=wrong")
    assert (wrong.status_code, wrong.json()["code"]) == (404, "auth.deletion_not_found")


async def test_the_log_keeps_what_was_done_but_not_from_where(leaver: Leaver) -> None:
    await done(leaver, (await leave(leaver)).json()["status_url"])
    rows = await leaver.auth.rows("SELECT action, address, details FROM audits")
    assert {"login", "account.deleted"} <= {row.action for row in rows}
    assert all(not row.address and not row.details for row in rows)


async def test_services_are_told_how_far_the_log_has_read_their_events(leaver: Leaver) -> None:
    audited = {"actor": str(leaver.id), "action": "plan.created", "target": "1", "outcome": "ok"}
    event = {"position": 7, "id": uuid4(), "type": "audit.recorded.v1", "payload": audited, "req_id": ""}
    made = PublishedEvent(**event, traceparent=None, created_at=datetime.now(UTC))
    leaver.holders["trainer"].events.append(made)

    async def logged() -> bool:
        await leaver.auth.waker.wake("auth")
        return bool(await leaver.auth.scalar("SELECT count(*) FROM audits WHERE service = 'trainer'"))

    await eventually(logged, within=20, what="the event in the log")
    await done(leaver, (await leave(leaver)).json()["status_url"])
    assert {*leaver.holders["trainer"].logged} == {7}
    assert {*leaver.holders["thumbnails"].logged} == {0}


async def test_archives_go_with_the_account(leaver: Leaver, objects: Path) -> None:
    await leaver.ask("POST", "/auth/export")
    await leaver.auth.settle()
    told = await done(leaver, (await leave(leaver)).json()["status_url"])
    assert told["services"]["auth"]["remaining"] == 0
    assert await leaver.auth.scalar("SELECT count(*) FROM exports") == 0
    assert list((objects / FOLDER).iterdir()) == []


async def test_the_address_can_be_registered_anew(leaver: Leaver) -> None:
    await done(leaver, (await leave(leaver)).json()["status_url"])
    body = {"email": leaver.email, "password": PASSWORD, "display_name": "Ana"}
    made = await leaver.auth.client.post("/api/v1/auth/register", json=body)
    assert made.status_code == 201
    assert made.json()["id"] != str(leaver.id)


async def test_they_are_asked_once_more_two_hours_later(leaver: Leaver) -> None:
    await done(leaver, (await leave(leaver)).json()["status_url"])
    leaver.holders["strava"].files[leaver.id] = {"late": b"upload"}
    await leaver.auth.execute("UPDATE jobs SET run_after = now() WHERE kind = 'look-for-remains'")
    await leaver.auth.waker.wake("auth")
    await eventually(lambda: leaver.has_nothing_at("strava"), within=20)


async def test_an_archive_and_log_entries_that_came_late_go_two_hours_later(
    leaver: Leaver, auth_environment: Environment
) -> None:
    await done(leaver, (await leave(leaver)).json()["status_url"])
    objects = ObjectStore.from_url(auth_environment["OBJECT_STORE_URL"])
    await objects.put(f"{FOLDER}/{leaver.id}/late.zip", b"everything")
    await leaver.auth.execute(
        "INSERT INTO audits (id, actor, action, outcome, address, service)"
        f" VALUES ('{uuid4()}', '{leaver.id}', 'strava.sync', 'ok', '192.0.2.7', 'strava')"
    )
    await leaver.auth.execute("UPDATE jobs SET run_after = now() WHERE kind = 'look-for-remains'")
    await leaver.auth.waker.wake("auth")

    async def gone() -> bool:
        addresses = await leaver.auth.scalar("SELECT count(*) FROM audits WHERE address <> ''")
        return [each.key async for each in objects.list(FOLDER)] == [] and not addresses

    await eventually(gone, within=20)


async def test_asking_twice_at_once_is_one_deletion(leaver: Leaver) -> None:
    answers = await asyncio.gather(*(leave(leaver) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [202, 403, 403]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 403} == {"auth.account_disabled"}
    assert await leaver.auth.scalar("SELECT count(*) FROM departures") == 1


async def test_of_two_administrators_who_go_at_once_one_stays(leaver: Leaver) -> None:
    body = {"email": "eve@example.org", "password": PASSWORD, "display_name": "Eve"}
    other = Leaver(
        leaver.auth, leaver.holders, (await leaver.auth.client.post("/api/v1/auth/register", json=body)).json()
    )
    await leaver.auth.execute("UPDATE users SET roles = '{athlete,admin}'")
    assert [await each.sign_in() for each in (leaver, other)] == [200, 200]
    answers = await asyncio.gather(leave(leaver), leave(other))
    assert sorted(answer.status_code for answer in answers) == [202, 409]
