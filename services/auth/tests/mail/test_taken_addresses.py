"""Registering an address that has an account already: only its owner learns of it, by mail."""

import asyncio
from typing import Any
from uuid import UUID

import httpx2
import pytest
from post_office import PostOffice

from common.testing.atwork import ServiceAtWork

API = "/api/v1/auth"
EMAIL = "ana@example.org"
PASSWORD = "a long enough password"
OTHER = "another long password"


async def register(service: ServiceAtWork, key: str = "", **changes: Any) -> httpx2.Response:
    body = {"email": EMAIL, "password": PASSWORD, "display_name": "Ana", **changes}
    headers = {"Idempotency-Key": key} if key else {}
    return await service.client.post(f"{API}/register", json=body, headers=headers)


async def again(service: ServiceAtWork) -> httpx2.Response:
    return await register(service, password=OTHER, display_name="Somebody")


async def login(service: ServiceAtWork, password: str) -> tuple[int, str]:
    answer = await service.client.post(f"{API}/login", json={"email": EMAIL, "password": password})
    return answer.status_code, answer.json().get("code", "")


async def confirm(service: ServiceAtWork, token: str) -> int:
    return (await service.client.post(f"{API}/verify-email", json={"token": token})).status_code


def shape(answer: httpx2.Response) -> Any:
    """All of an answer that is not of this request alone."""
    passing = {"x-request-id", "date"}
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in passing)
    return answer.status_code, headers, {**answer.json(), "id": "", "email": ""}


async def make(service: ServiceAtWork, office: PostOffice, state: str) -> None:
    """Bring Ana's account so far: it is ``pending`` until she confirms the address, then it is ``owned``."""
    if state in {"pending", "owned"}:
        assert (await register(service)).status_code == 201
        await service.settle()
    if state == "owned":
        assert await confirm(service, office.token()) == 204
        office.mails.clear()
    await service.execute("DELETE FROM throttles")


@pytest.fixture
async def pending(mailing: ServiceAtWork, office: PostOffice) -> ServiceAtWork:
    await make(mailing, office, "pending")
    return mailing


@pytest.fixture
async def owned(mailing: ServiceAtWork, office: PostOffice) -> ServiceAtWork:
    await make(mailing, office, "owned")
    return mailing


@pytest.mark.parametrize("state", ["pending", "owned"])
@pytest.mark.parametrize("key", ["", "the-same-key"])
async def test_the_answer_is_that_of_a_new_registration(
    state: str, key: str, mailing: ServiceAtWork, office: PostOffice
) -> None:
    await make(mailing, office, state)
    taken = await register(mailing, key, email="ANA@example.org")
    new = await register(mailing, key and "another-key", email="ZOE@example.org")
    assert shape(taken) == shape(new)
    assert taken.json()["email"] == "ANA@example.org"
    ids = [UUID(answer.json()["id"]) for answer in (taken, new)]
    assert ids[0].version == ids[1].version == 7
    assert 0 <= (ids[1].int >> 80) - (ids[0].int >> 80) < 60_000, "made within a minute of each other"


@pytest.mark.parametrize("state", ["new", "pending", "owned"])
async def test_signing_in_with_what_was_just_registered_does_not_tell_whether_the_address_was_free(
    state: str, mailing: ServiceAtWork, office: PostOffice
) -> None:
    await make(mailing, office, state)
    await again(mailing)
    await mailing.settle()  # what registering leaves to the worker is in the log, too
    tables = ("audits", "throttles")
    before = [await mailing.scalar(f"SELECT count(*) FROM {table}") for table in tables]
    answer = await mailing.client.post(f"{API}/login", json={"email": EMAIL, "password": OTHER})
    after = [await mailing.scalar(f"SELECT count(*) FROM {table}") for table in tables]
    assert [now - then for then, now in zip(before, after, strict=True)] == [1, 2]  # tries: account, origin
    stranger = await mailing.client.post(f"{API}/login", json={"email": "nobody@example.org", "password": OTHER})
    refusals = [{**each.json(), "request_id": ""} for each in (answer, stranger)]
    assert refusals[0] == refusals[1]
    assert (answer.status_code, refusals[0]["code"]) == (401, "auth.login_refused")


async def test_what_the_answer_names_is_nobody(owned: ServiceAtWork) -> None:
    answer = await again(owned)
    known = await owned.scalar("SELECT id FROM users")
    assert answer.json()["id"] != str(known)


async def test_a_repeated_request_gets_the_same_answer(owned: ServiceAtWork) -> None:
    first, second = [await register(owned, "the-key", display_name="Bo") for _ in range(2)]
    assert (first.status_code, second.content) == (201, first.content)
    assert second.headers["idempotency-replayed"] == "true"
    other = await register(owned, "the-key", display_name="Cy")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")


async def test_nothing_of_the_new_registration_is_kept(owned: ServiceAtWork) -> None:
    before = await owned.rows("SELECT users::text FROM users")
    await again(owned)
    assert await owned.rows("SELECT users::text FROM users") == before
    for table in ("jobs", "audits", "mailed_tokens", "outbox", "throttles"):
        rows = await owned.rows(f"SELECT t::text FROM {table} t")
        assert not [row for row in rows if "Somebody" in row[0]], table
    assert (await login(owned, OTHER))[0] == 401
    assert (await login(owned, PASSWORD))[0] == 200


async def test_the_owner_is_told_by_mail(owned: ServiceAtWork, office: PostOffice) -> None:
    await again(owned)
    await owned.settle()
    [mail] = office.mails
    assert (mail["To"], mail["Subject"]) == (EMAIL, "You have an account already")
    for text in (office.text(), office.html()):
        assert "somebody tried to register this e-mail address" in text
        assert "https://run.example.org/" in text
        assert "Somebody" not in text
    assert "Hello Ana," in office.text()
    assert await owned.scalar("SELECT count(*) FROM mailed_tokens WHERE used_at IS NULL") == 0


async def test_a_disabled_account_gets_no_mail(owned: ServiceAtWork, office: PostOffice) -> None:
    await owned.execute("UPDATE users SET disabled_at = now()")
    assert (await again(owned)).status_code == 201
    await owned.settle()
    assert office.mails == []


@pytest.mark.parametrize("state", ["pending", "owned"])
async def test_at_most_one_mail_a_minute_goes_to_an_address(
    state: str, mailing: ServiceAtWork, office: PostOffice
) -> None:
    await make(mailing, office, state)
    before = len(office.mails)
    await asyncio.gather(*(register(mailing) for _ in range(5)))
    await mailing.client.post(f"{API}/verify-email", json={"email": EMAIL})  # shares the turns
    await mailing.settle()
    assert len(office.mails) == before + 1


@pytest.mark.parametrize("state", ["new", "pending", "owned"])
async def test_one_registration_writes_as_much_as_another(
    state: str, mailing: ServiceAtWork, office: PostOffice
) -> None:
    await make(mailing, office, state)
    tables = ("jobs", "audits", "throttles")
    before = [await mailing.scalar(f"SELECT count(*) FROM {table}") for table in tables]
    await register(mailing)
    after = [await mailing.scalar(f"SELECT count(*) FROM {table}") for table in tables]
    assert [now - then for then, now in zip(before, after, strict=True)] == [1, 1, 1]


async def test_a_refused_registration_is_in_the_audit_log(owned: ServiceAtWork) -> None:
    await again(owned)
    query = "SELECT actor, target, outcome, details FROM audits WHERE action = 'account.registered' ORDER BY id"
    first, second = await owned.rows(query)
    assert (first.outcome, first.actor) == ("ok", first.target)
    assert (second.outcome, second.actor, second.target, second.details) == ("refused", "unknown", first.target, {})


async def test_of_many_at_once_one_makes_the_account(mailing: ServiceAtWork, office: PostOffice) -> None:
    answers = await asyncio.gather(*(register(mailing, email=email) for email in (EMAIL, EMAIL.upper()) * 5))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 10
    assert await mailing.scalar("SELECT count(*) FROM users") == 1
    await mailing.settle()
    assert len(office.mails) == 1


async def test_an_address_that_waits_is_asked_to_confirm_again(pending: ServiceAtWork, office: PostOffice) -> None:
    await again(pending)
    await pending.settle()
    assert len(office.mails) == 2
    assert await confirm(pending, office.token()) == 204
    assert (await login(pending, OTHER))[0] == 401
    assert (await login(pending, PASSWORD))[0] == 200


async def test_who_registers_first_keeps_no_way_into_what_the_reader_of_the_mail_takes_over(
    pending: ServiceAtWork, office: PostOffice
) -> None:
    """Somebody registered Ana's address before she did; she confirms it, and her password is not the account's."""
    await again(pending)
    await pending.settle()
    await confirm(pending, office.token())
    begun = await pending.client.post(f"{API}/login", json={"email": EMAIL, "password": PASSWORD})
    stranger = {"Authorization": f"Bearer {begun.json()['access_token']}"}
    token = {"name": "way back", "scopes": ["profile:read"]}
    made = await pending.client.post(f"{API}/tokens", json=token, headers=stranger)
    assert made.status_code == 201
    await pending.client.post(f"{API}/password/forgot", json={"email": EMAIL})
    await pending.settle()
    reset = {"token": office.token(), "new_password": OTHER}
    assert (await pending.client.post(f"{API}/password/reset", json=reset)).status_code == 204
    used = {"Authorization": f"Bearer {made.json()['token']}"}
    assert (await pending.client.get(f"{API}/me", headers=used)).status_code == 401
    assert (await login(pending, OTHER))[0] == 200
