"""Athletes' tokens: sealed at rest, refreshed in time, by one task at a time per athlete."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common.audit import record
from common.crypto import DecryptionFailed, KeyRing
from common.db import Database
from common.errors import ServiceError
from common.logs import get_logger
from common.outbox import publish
from common.resources import Resources
from contracts.strava.events import ConnectionDegraded as DegradedEvent
from strava.connections import repository
from strava.metrics import REFRESHES
from strava.models import Connection
from strava.purging import service as purging
from strava.remote.errors import ConnectionDegraded, NotConnected, TokenInvalid
from strava.remote.oauth import StravaOAuth
from strava.remote.remote import Remote
from strava.remote.shapes import TokenPair

SERVICE = "strava"
MARGIN = timedelta(minutes=5)
"""A token with less left is refreshed before it is used."""

_RENEWALS = 2
_REFRESHES_AT_ONCE = 2  # each holds a connection to Postgres while Strava answers
_REVOKED = "Strava no longer accepts the athlete's grant: it was taken back, or replaced elsewhere."
_UNREADABLE = "The stored tokens cannot be read with the encryption keys that are set."

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Access:
    """A token that is good for the next minutes; ``generation`` numbers the pair it belongs to."""

    athlete_id: UUID
    strava_athlete_id: int
    token: str
    generation: int


class TokenKeeper:
    """Use ``TokenKeeper.of(resources)``. Its methods have transactions of their own: what they learn stays."""

    def __init__(
        self, database: Database, oauth: StravaOAuth, keys: KeyRing, *, purge_grace: timedelta | None = None
    ) -> None:
        self._database = database
        self._oauth = oauth
        self._keys = keys
        self._purge_grace = purge_grace
        self._turns = asyncio.Semaphore(_REFRESHES_AT_ONCE)

    @classmethod
    def of(cls, resources: Resources) -> Self:
        """Return the process's own. Raises ``NotConfigured``."""
        remote = Remote.of(resources)
        grace = remote.settings.purge_grace
        return resources.shared(cls, lambda _: cls(resources.database, remote.oauth, remote.keys, purge_grace=grace))

    async def aclose(self) -> None:
        """Nothing is held open."""

    async def access(self, athlete_id: UUID) -> Access:
        """Return a token with at least 5 min left. Raises ``NotConnected``, ``ConnectionDegraded``."""
        async with self._database.reading() as session:
            connection = _usable(await repository.find(session, athlete_id))
        if connection.expires_at - datetime.now(UTC) > MARGIN:
            try:
                return self._access(connection)
            except DecryptionFailed:
                get_logger().warning("tokens_unreadable")
        return await self.renew(athlete_id, used=connection.generation)

    async def renew(self, athlete_id: UUID, *, used: int) -> Access:
        """Exchange pair number ``used``, unless somebody did already.

        The row stays locked meanwhile, so that one refresh is in flight per athlete; the new pair is committed
        before anybody uses it. Raises ``ConnectionDegraded`` when Strava refuses, which is committed too.
        """
        async with self._turns, self._database.transaction() as session:
            connection = _usable(await repository.find(session, athlete_id, lock=True))
            if connection.generation == used:
                await self._refresh(session, connection)
        return self._access(connection)

    async def with_token(self, athlete_id: UUID, ask: Callable[[str], Awaitable[ResultT]]) -> ResultT:
        """Return what ``ask`` gets with the athlete's token; one refused before its time is renewed.

        Twice at most, since the first renewal may give what somebody else got meanwhile, which is as old by then.
        """
        access = await self.access(athlete_id)
        for _ in range(_RENEWALS):
            try:
                return await ask(access.token)
            except TokenInvalid:
                access = await self.renew(athlete_id, used=access.generation)
        try:
            return await ask(access.token)
        except TokenInvalid:
            await self._give_up(athlete_id, access.generation)
            raise ConnectionDegraded from None

    async def _refresh(self, session: AsyncSession, connection: Connection) -> None:
        try:
            pair = await self._oauth.refresh(self.open(connection.athlete_id, "refresh", connection.refresh_token))
        except DecryptionFailed as unreadable:
            _audit_refresh(session, connection, "refused")
            degrade(session, connection, _UNREADABLE)
            raise ConnectionDegraded(commits=True) from unreadable
        except TokenInvalid as refused:
            _audit_refresh(session, connection, "refused")
            degrade(session, connection, _REVOKED)
            await self._purge_later(session, connection)
            raise ConnectionDegraded(commits=True) from refused
        except ServiceError as error:
            _audit_refresh(session, connection, "failed", error.code)
            error.commits = True  # the audit stays
            raise
        self.put(connection, pair)
        connection.generation += 1
        _audit_refresh(session, connection, "ok")

    async def _purge_later(self, session: AsyncSession, connection: Connection) -> None:
        """Who takes the grant back at Strava has disconnected, whether Strava tells of it or not.

        A grant that ended otherwise looks the same: connecting again keeps what is there.
        """
        if self._purge_grace is not None:
            account = str(connection.strava_athlete_id)
            await purging.request(session, connection.athlete_id, account, self._purge_grace)

    async def _give_up(self, athlete_id: UUID, generation: int) -> None:
        async with self._database.transaction() as session:
            connection = await repository.find(session, athlete_id, lock=True)
            if connection is not None and connection.generation == generation:
                degrade(session, connection, _REVOKED)

    def put(self, connection: Connection, pair: TokenPair) -> None:
        """Seal a pair into its row."""
        for name, token in (("access", pair.access_token), ("refresh", pair.refresh_token)):
            sealed = self._keys.encrypt(token.encode(), associated=place_of(connection.athlete_id, name))
            setattr(connection, f"{name}_token", sealed)
        connection.expires_at = pair.expires

    def open(self, athlete_id: UUID, name: str, sealed: bytes) -> str:
        """Return the ``access`` or ``refresh`` token. Raises ``DecryptionFailed``."""
        return self._keys.decrypt(sealed, associated=place_of(athlete_id, name)).decode()

    def _access(self, connection: Connection) -> Access:
        token = self.open(connection.athlete_id, "access", connection.access_token)
        return Access(connection.athlete_id, connection.strava_athlete_id, token, connection.generation)


def place_of(athlete_id: UUID, name: str) -> str:
    """What the ``access`` or ``refresh`` token of an athlete is sealed for; another name would open none of them."""
    return f"connections.{name}_token:{athlete_id}"


def _usable(connection: Connection | None) -> Connection:
    if connection is None:
        raise NotConnected
    if connection.state != repository.CONNECTED:
        raise ConnectionDegraded
    return connection


def degrade(session: AsyncSession, connection: Connection, reason: str) -> None:
    """Make no more calls for the athlete, and tell it once."""
    if connection.state == repository.DEGRADED:
        return
    connection.state, connection.reason = repository.DEGRADED, reason
    athlete = str(connection.athlete_id)
    record(session, SERVICE, actor=SERVICE, action="strava.degraded", target=athlete, details={"reason": reason})
    publish(session, DegradedEvent(athlete_id=connection.athlete_id, reason=reason), queue=SERVICE)


def _audit_refresh(session: AsyncSession, connection: Connection, outcome: str, code: str = "") -> None:
    REFRESHES.labels(outcome).inc()
    record(
        session,
        SERVICE,
        actor=SERVICE,
        action="strava.token_refreshed",
        target=str(connection.athlete_id),
        outcome=outcome,
        details={"code": code} if code else None,
    )
