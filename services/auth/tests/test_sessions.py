import asyncio
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, ClassVar, Self, cast

import httpx2
import jwt
import pytest
from sqlalchemy import text

from auth.main import create
from common.db import Database
from common.testing.plugin import Environment, serving

PASSWORD = "a long enough password"


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def refresh(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> httpx2.Response:
    return await auth.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})


async def scalar(environment: Environment, query: str) -> Any:
    database = Database(environment["DATABASE_URL"], service="auth", pool_size=1)
    async with database.transaction() as session:
        value = await session.scalar(text(query))
    await database.aclose()
    return value


async def grace_is_over(environment: Environment) -> None:
    database = Database(environment["DATABASE_URL"], service="auth", pool_size=1)
    async with database.transaction() as session:
        await session.execute(text("UPDATE refresh_tokens SET used_at = used_at - interval '11 seconds'"))
    await database.aclose()


async def revoked(auth: httpx2.AsyncClient) -> list[str]:
    form = {
        "grant_type": "client_credentials",
        "client_id": "strava",
        "client_secret": "secret of strava for tests",
    }
    token = (await auth.post("/internal/token", data=form)).json()
    answer = await auth.get("/internal/revocations", headers=bearer(token))
    return [item["value"] for item in answer.json()["items"]]


async def test_the_access_token_is_rfc_9068_and_verifies_with_the_published_key(
    auth: httpx2.AsyncClient, ana: dict[str, Any], tokens: dict[str, Any]
) -> None:
    token = tokens["access_token"]
    header = jwt.get_unverified_header(token)
    assert (header["typ"], header["alg"]) == ("at+jwt", "EdDSA")
    keys = (await auth.get("/.well-known/jwks.json")).json()["keys"]
    assert [key["kid"] for key in keys] == [header["kid"]]
    assert "d" not in keys[0]
    claims = jwt.decode(token, jwt.PyJWK(keys[0]), algorithms=["EdDSA"], audience="running-trainer")
    assert (claims["sub"], claims["roles"], claims["exp"] - claims["iat"]) == (ana["id"], ["athlete"], 600)
    assert {"iss", "aud", "jti", "sid", "scope"} <= claims.keys()
    assert tokens["expires_in"] == 600


@pytest.mark.parametrize("login", [{"password": "wrong password!"}, {"email": "nobody@example.org"}])
async def test_wrong_password_and_unknown_account_are_refused_alike(
    auth: httpx2.AsyncClient, ana: dict[str, Any], login: dict[str, str]
) -> None:
    response = await auth.post("/api/v1/auth/login", json={"email": ana["email"], "password": PASSWORD, **login})
    body = response.json()
    assert response.status_code == 401
    assert (body["code"], body["detail"]) == ("auth.login_refused", "The address or the password is wrong")


async def test_answers_with_tokens_are_not_stored_anywhere(auth: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    login = {"email": ana["email"], "password": PASSWORD}
    answers = [await auth.post("/api/v1/auth/login", json=login, headers={"Idempotency-Key": "same"}) for _ in range(2)]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert answers[0].json()["refresh_token"] != answers[1].json()["refresh_token"]


async def test_refreshing_rotates_the_token(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    second = (await refresh(auth, tokens)).json()
    assert second["refresh_token"] != tokens["refresh_token"]
    assert (await refresh(auth, second)).status_code == 200


async def test_a_lost_answer_within_the_grace_gets_a_sibling(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    lost = (await refresh(auth, tokens)).json()
    again = await refresh(auth, tokens)
    assert again.status_code == 200
    assert (await refresh(auth, again.json())).status_code == 200
    assert (await refresh(auth, lost)).status_code == 401


async def test_reuse_after_the_grace_ends_the_family_with_its_descendants(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], auth_environment: Environment
) -> None:
    child = (await refresh(auth, tokens)).json()
    await grace_is_over(auth_environment)
    reuse = await refresh(auth, tokens)
    assert (reuse.status_code, reuse.json()["code"]) == (401, "auth.refresh_refused")
    assert (await refresh(auth, child)).status_code == 401
    sid = jwt.decode(tokens["access_token"], options={"verify_signature": False})["sid"]
    assert await revoked(auth) == [sid]


class Clock(datetime):
    """What the sessions take for the clock; stands still."""

    instant: ClassVar[datetime]

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cast("Self", cls.instant.astimezone(tz))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    Clock.instant = datetime.now(UTC)
    monkeypatch.setattr("auth.sessions.service.datetime", Clock)
    return Clock


@pytest.mark.parametrize(("later", "status"), [(9.999, 200), (10.001, 401)])
async def test_the_grace_is_ten_seconds(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], clock: type[Clock], later: float, status: int
) -> None:
    child = (await refresh(auth, tokens)).json()
    clock.instant += timedelta(seconds=later)
    assert (await refresh(auth, tokens)).status_code == status
    # A sibling takes the child's place within the grace; past it the whole family ends.
    assert (await refresh(auth, child)).status_code == 401
    assert len(await revoked(auth)) == 1


async def test_a_session_ends_after_thirty_days_however_often_it_is_used(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], auth_environment: Environment, clock: type[Clock]
) -> None:
    assert await scalar(
        auth_environment, "SELECT round(extract(epoch FROM expires_at - created_at)) FROM sessions"
    ) == (30 * 86_400)
    ends = await scalar(auth_environment, "SELECT expires_at FROM sessions")
    clock.instant = ends - timedelta(milliseconds=1)
    last = await refresh(auth, tokens)
    assert last.status_code == 200
    clock.instant = ends
    refused = await refresh(auth, last.json())
    assert (refused.status_code, refused.json()["code"]) == (401, "auth.refresh_refused")


async def test_reuse_once_the_child_was_used_ends_the_family_within_the_grace_too(
    auth: httpx2.AsyncClient, tokens: dict[str, Any]
) -> None:
    child = (await refresh(auth, tokens)).json()
    grandchild = (await refresh(auth, child)).json()
    assert (await refresh(auth, tokens)).status_code == 401
    assert (await refresh(auth, grandchild)).status_code == 401


async def test_of_concurrent_refreshes_one_line_of_descent_remains(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], auth_environment: Environment
) -> None:
    answers = await asyncio.gather(*(refresh(auth, tokens) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    query = "SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL AND replaced_at IS NULL"
    assert await scalar(auth_environment, query) == 1


async def test_logout_ends_the_session_and_announces_it(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    assert (await auth.post("/api/v1/auth/logout", headers=bearer(tokens))).status_code == 204
    assert (await refresh(auth, tokens)).status_code == 401
    assert len(await revoked(auth)) == 1
    assert (await auth.post("/api/v1/auth/logout", headers=bearer(tokens))).status_code == 204
    assert len(await revoked(auth)) == 1


async def test_logout_all_ends_every_session(
    auth: httpx2.AsyncClient, ana: dict[str, Any], tokens: dict[str, Any]
) -> None:
    other = (await auth.post("/api/v1/auth/login", json={"email": ana["email"], "password": PASSWORD})).json()
    assert (await auth.post("/api/v1/auth/logout-all", headers=bearer(other))).status_code == 204
    assert [(await refresh(auth, each)).status_code for each in (tokens, other)] == [401, 401]


async def test_a_service_with_a_wrong_secret_gets_no_token(auth: httpx2.AsyncClient) -> None:
    form = {"grant_type": "client_credentials", "client_id": "strava", "client_secret": "guessed"}
    response = await auth.post("/internal/token", data=form)
    assert (response.status_code, response.json()["code"]) == (401, "auth.client_refused")


async def test_a_person_cannot_read_revocations(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    assert (await auth.get("/internal/revocations", headers=bearer(tokens))).status_code == 403


async def test_private_keys_are_encrypted_in_the_database(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], auth_environment: Environment
) -> None:
    assert tokens
    sealed = await scalar(auth_environment, "SELECT private_key FROM signing_keys")
    assert sealed[0] == 1
    assert len(sealed) > 32 + 12 + 16


async def test_reuse_of_a_grandparent_ends_the_youngest_descendant_within_the_answer(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], auth_environment: Environment
) -> None:
    line = [tokens]
    for _ in range(3):
        line.append((await refresh(auth, line[-1])).json())
    assert (await refresh(auth, line[0])).status_code == 401
    query = "SELECT count(*) FROM sessions WHERE revoked_reason = 'refresh token used twice'"
    assert await scalar(auth_environment, query) == 1
    assert [(await refresh(auth, each)).status_code for each in line] == [401] * 4
    sid = jwt.decode(tokens["access_token"], options={"verify_signature": False})["sid"]
    assert await revoked(auth) == [sid]


async def test_a_child_used_by_two_at_once_has_one_line_of_descent(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], auth_environment: Environment
) -> None:
    child = (await refresh(auth, tokens)).json()
    both = await asyncio.gather(refresh(auth, child), refresh(auth, child))
    assert [answer.status_code for answer in both] == [200, 200]
    query = "SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL AND replaced_at IS NULL"
    assert await scalar(auth_environment, query) == 1
    used = [(await refresh(auth, answer.json())).status_code for answer in both]
    assert sorted(used) in ([200, 401], [401, 401])
    # Whoever came with the one that was replaced has shown that there are two of them: all of it is over.
    assert await scalar(auth_environment, "SELECT count(*) FROM sessions WHERE revoked_at IS NULL") == 0


async def test_the_last_refresh_before_the_end_does_not_move_the_end(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], auth_environment: Environment
) -> None:
    before = await scalar(auth_environment, "SELECT expires_at FROM sessions")
    await refresh(auth, tokens)
    assert await scalar(auth_environment, "SELECT expires_at FROM sessions") == before


class CountingScheme:
    """Does what the scheme does, and counts."""

    def __init__(self, scheme: Any) -> None:
        self._scheme = scheme
        self.verified = 0

    def hash(self, password: str) -> str:
        return str(self._scheme.hash(password))

    def verify(self, password: str, known_hash: str) -> bool:
        self.verified += 1
        return bool(self._scheme.verify(password, known_hash))


@pytest.mark.parametrize("email", ["ana@example.org", "nobody@example.org"])
async def test_signing_in_costs_one_password_hash_for_known_and_unknown_alike(
    auth_environment: Environment, ana: dict[str, Any], email: str
) -> None:
    """Counted, since times of a test run say nothing; ``benchmarks/login_timing.py`` measures them."""
    app = create()
    async with serving(app) as auth:
        scheme = CountingScheme(app.state.passwords._scheme)
        app.state.passwords._scheme = scheme
        answer = await auth.post("/api/v1/auth/login", json={"email": email, "password": "wrong"})
    assert (answer.status_code, scheme.verified) == (401, 1)
