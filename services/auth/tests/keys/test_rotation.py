import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import jwt
import pytest
from sqlalchemy import select, text

from auth.keys.__main__ import run
from auth.keys.reencryption import SEALED
from auth.keys.rotation import rotate, rotate_when_due
from auth.main import create
from auth.models import Audit, Base, SigningKey
from auth.settings import AuthSettings
from common.crypto import KeyRing
from common.db import Database
from common.errors import ServiceError
from common.resources import Resources
from common.testing.plugin import Environment, serving
from common.testing.upstream import serve
from common.testing.wait import eventually
from common.tokens import JwksKeySource, Verifier

LOGIN = {"email": "Ana@Example.org", "password": "a long enough password"}


@pytest.fixture
async def database(auth_environment: Environment) -> AsyncIterator[Database]:
    database = Database(auth_environment["DATABASE_URL"], service="auth", pool_size=2)
    yield database
    await database.aclose()


def kid_of(tokens: dict[str, Any]) -> str:
    return str(jwt.get_unverified_header(tokens["access_token"])["kid"])


def expiry_of(token: str) -> float:
    return float(jwt.decode(token, options={"verify_signature": False})["exp"])


async def keys_of(database: Database) -> list[SigningKey]:
    async with database.reading() as session:
        return list(await session.scalars(select(SigningKey).order_by(SigningKey.signs_from)))


async def published(auth: httpx2.AsyncClient) -> set[str]:
    return {key["kid"] for key in (await auth.get("/.well-known/jwks.json")).json()["keys"]}


async def test_a_new_key_is_published_before_it_signs_and_the_old_one_outlives_its_tokens(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], database: Database
) -> None:
    settings = AuthSettings.from_environment()
    async with database.transaction() as session:
        rotation = await rotate(session, settings, actor="somebody")
    old, new = await keys_of(database)
    assert (old.id, new.id, rotation.began) == (kid_of(tokens), rotation.kid, True)
    caches = settings.key_cache_seconds + settings.jwks_max_age_seconds
    assert new.signs_from - datetime.now(UTC) > timedelta(seconds=caches)
    assert old.retired_at is not None
    assert old.retired_at - new.signs_from > timedelta(seconds=settings.access_token_seconds)
    async with database.transaction() as session:
        again = await rotate(session, settings, actor="somebody")
    assert (again.kid, again.began, len(await keys_of(database))) == (rotation.kid, False, 2)
    async with serving(create()) as fresh:
        assert await published(fresh) == {old.id, new.id}
        assert kid_of((await fresh.post("/api/v1/auth/login", json=LOGIN)).json()) == old.id


async def test_a_leaked_key_is_gone_at_once(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], auth_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_CACHE_SECONDS", "0")
    async with serving(create()) as quick:
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await quick.get("/api/v1/auth/me", headers=bearer)).status_code == 200
        told = await run(AuthSettings.from_environment(), "rotate", at_once=True)
        assert (await quick.get("/api/v1/auth/me", headers=bearer)).json()["code"] == "auth.token_invalid"
        assert await published(quick) == {told["kid"]}
        renewed = await quick.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert kid_of(renewed.json()) == told["kid"]


async def test_the_schedule_changes_an_old_key_once_and_forgets_retired_ones(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], database: Database
) -> None:
    assert tokens
    async with Resources.open("auth", AuthSettings.from_environment()) as resources:
        await rotate_when_due(resources)
        assert len(await keys_of(database)) == 1
        await _age(database, "signs_from = now() - interval '91 days'")
        for _ in range(2):
            await rotate_when_due(resources)
        assert len(await keys_of(database)) == 2
        await _age(database, "retired_at = now() - interval '25 hours' WHERE retired_at IS NOT NULL")
        await rotate_when_due(resources)
    assert [key.retired_at for key in await keys_of(database)] == [None]
    async with database.reading() as session:
        rows = (await session.scalars(select(Audit).where(Audit.action == "keys.rotated"))).all()
    assert [row.actor for row in rows] == ["service:auth"]


async def _age(database: Database, change: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(f"UPDATE signing_keys SET {change}"))


async def test_what_was_sealed_with_an_older_key_is_sealed_anew(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], auth_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tokens
    newer = KeyRing.new_setting("k2")
    monkeypatch.setenv("ENCRYPTION_KEYS", f"{newer},{auth_environment['ENCRYPTION_KEYS']}")
    settings = AuthSettings.from_environment()
    told = await run(settings, "reencrypt")
    assert told["reencrypted"]["SigningKey.private_key"] == 1
    assert (await run(settings, "reencrypt"))["reencrypted"]["SigningKey.private_key"] == 0
    monkeypatch.setenv("ENCRYPTION_KEYS", newer)
    async with serving(create()) as without_the_older:
        assert (await without_the_older.post("/api/v1/auth/login", json=LOGIN)).status_code == 200


def test_every_column_that_says_it_is_encrypted_is_sealed_anew() -> None:
    columns = [column for table in Base.metadata.tables.values() for column in table.columns]
    said = {f"{column.table.name}.{column.name}" for column in columns if "encrypted" in (column.comment or "")}
    covered = {f"{each.column.class_.__tablename__}.{each.column.key}" for each in SEALED}
    assert covered == said


class Callers:
    """Ask 50 times a second at their own pace, whatever else goes on, with tokens of every age.

    Each token is also checked as other services do, offline. ``refused`` is what went wrong.
    """

    per_second = 50

    def __init__(self, auth: httpx2.AsyncClient, verifier: Verifier, tokens: dict[str, Any]) -> None:
        self._auth = auth
        self._verifier = verifier
        self._tokens: list[str] = []
        self.current = tokens
        self.asked = 0
        self.seconds = 0.0
        self.refused: list[str] = []
        self.kids: set[str] = set()

    async def renew(self) -> None:
        answer = await self._auth.post("/api/v1/auth/refresh", json={"refresh_token": self.current["refresh_token"]})
        assert answer.status_code == 200, answer.text
        self.current = answer.json()

    async def keep_asking(self, enough: asyncio.Event) -> None:
        """Ask until it is enough; what a busy machine held up is asked right after."""
        loop, asking = asyncio.get_running_loop(), set[asyncio.Task[None]]()
        began = loop.time()
        while not enough.is_set():
            await asyncio.sleep(1 / self.per_second)
            self.seconds = loop.time() - began
            while len(asking) < self.seconds * self.per_second:
                asking.add(asyncio.create_task(self._ask()))
        await asyncio.gather(*asking)

    async def _ask(self) -> None:
        self._tokens = [token for token in self._tokens if expiry_of(token) > time.time()]
        if self.current["access_token"] not in self._tokens:
            self._tokens.append(self.current["access_token"])
        token = self._tokens[self.asked % len(self._tokens)]
        self.asked += 1
        self.kids.add(str(jwt.get_unverified_header(token)["kid"]))
        answer = await self._auth.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
        self._note(token, "" if answer.status_code == 200 else answer.text)
        try:
            await self._verifier.verify(token)
        except ServiceError as error:
            self._note(token, repr(error))

    def _note(self, token: str, refusal: str) -> None:
        """Take note of a refusal, unless the token's time was over before a busy machine came to it."""
        if refusal and expiry_of(token) > time.time():
            self.refused.append(refusal)


async def test_a_rotation_under_load_refuses_nobody(
    auth_environment: Environment, ana: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key is changed while 50 requests a second come with tokens of every age, checked as other services do."""
    quick = {"KEY_CACHE_SECONDS": "0.1", "JWKS_MAX_AGE_SECONDS": "1", "KEY_MARGIN_SECONDS": "0.3"}
    for name, value in {**quick, "ACCESS_TOKEN_SECONDS": "2", "SERVICE_TOKEN_SECONDS": "2"}.items():
        monkeypatch.setenv(name, value)
    app = create()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        url = await stack.enter_async_context(serve(app))
        # A busy machine falls behind the 50 a second, and nobody is refused by that.
        auth = httpx2.AsyncClient(base_url=url, trust_env=False, timeout=60)
        await stack.enter_async_context(auth)
        source = JwksKeySource(str(auth.base_url).rstrip("/"), max_age_s=0.9, min_interval_s=0.9)
        stack.push_async_callback(source.aclose)
        tokens = (await auth.post("/api/v1/auth/login", json=LOGIN)).json()
        callers, enough = Callers(auth, Verifier(source), tokens), asyncio.Event()
        asking = asyncio.create_task(callers.keep_asking(enough))
        await run(AuthSettings.from_environment(), "rotate")

        async def the_old_key_is_gone() -> bool:
            await callers.renew()
            return kid_of(tokens) not in await published(auth)

        await eventually(the_old_key_is_gone, within=30, what="the end of the old key")
        enough.set()
        await asking
    assert callers.refused == []
    assert callers.asked >= callers.seconds * callers.per_second
    assert callers.seconds > 2, "a token's life"
    assert len(callers.kids) == 2
