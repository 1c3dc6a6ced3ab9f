import asyncio
import hashlib

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from common.testing.plugin import Environment
from common.testing.tokens import TokenMint

KEY = {"Idempotency-Key": "k-1"}


async def count(toy: httpx2.AsyncClient) -> int:
    return int((await toy.get("/api/v1/things/count")).json())


async def test_ten_concurrent_requests_with_one_key_have_one_effect(toy: httpx2.AsyncClient) -> None:
    body = {"name": "once", "hold": 0.3}
    answers = await asyncio.gather(*(toy.post("/api/v1/things", json=body, headers=KEY) for _ in range(10)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(201) >= 1
    assert set(statuses) == {201, 409}
    assert {answer.json()["id"] for answer in answers if answer.status_code == 201}.__len__() == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"idempotency.in_progress"}
    assert await count(toy) == 1


async def test_a_repeated_request_gets_the_first_answer(toy: httpx2.AsyncClient) -> None:
    first = await toy.post("/api/v1/things", json={"name": "a"}, headers=KEY)
    again = await toy.post("/api/v1/things", json={"name": "a"}, headers=KEY)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert await count(toy) == 1


async def test_a_key_used_for_another_payload_is_refused(toy: httpx2.AsyncClient) -> None:
    await toy.post("/api/v1/things", json={"name": "a"}, headers=KEY)
    other = await toy.post("/api/v1/things", json={"name": "b"}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")
    assert await count(toy) == 1


async def test_a_failed_request_does_not_use_up_its_key(toy: httpx2.AsyncClient) -> None:
    assert (await toy.post("/api/v1/things", json={}, headers=KEY)).status_code == 422
    assert (await toy.post("/api/v1/things", json={"name": "a"}, headers=KEY)).status_code == 201


async def test_keys_of_two_addresses_do_not_meet(toy: httpx2.AsyncClient) -> None:
    """Behind the gateway all who are not signed in have the same peer."""
    for address in ("192.0.2.1", "192.0.2.2"):
        answer = await toy.post("/api/v1/things", json={"name": address}, headers={**KEY, "X-Forwarded-For": address})
        assert answer.status_code == 201
    assert await count(toy) == 2


async def test_what_was_sent_cannot_be_guessed_from_what_is_kept(
    toy: httpx2.AsyncClient, toy_environment: Environment
) -> None:
    sent = await toy.post("/api/v1/things", json={"name": "a password"}, headers=KEY)
    engine = create_async_engine(toy_environment["DATABASE_URL"])
    async with engine.connect() as connection:
        kept = await connection.scalar(text("SELECT fingerprint FROM idempotency_keys"))
    await engine.dispose()
    plain = b"POST /api/v1/things?\n" + sent.request.content
    assert len(kept) == 32
    assert kept != hashlib.sha256(plain).digest()


async def test_keys_of_two_people_do_not_meet(toy: httpx2.AsyncClient, mint: TokenMint) -> None:
    for _ in range(2):
        answer = await toy.post("/api/v1/things", json={"name": "a"}, headers={**KEY, **mint.headers()})
        assert answer.status_code == 201
    assert await count(toy) == 2
