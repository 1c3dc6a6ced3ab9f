"""Engine, sessions and the one place where transactions are committed."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import orjson
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.util import greenlet_spawn

from common.errors import ServiceError, Unavailable
from common.logs import get_logger
from common.metrics import DB_POOL_IN_USE

WAKE_KEY = "wake"
_TRIM_SECONDS = 20.0
# What works now and then, such as chores that meet, would else have connections made anew all the time.
_TRIMS_UNUSED = 3
_AFTER_COMMIT = "after_commit"
_CONNECTION_LOST = (ConnectionError, TimeoutError, PoolTimeout)
_UNAVAILABLE_CLASSES = {"08", "53", "57"}


class Waker(Protocol):
    """Tells workers that there is work. Best effort: their poll makes up for a lost wake-up."""

    async def wake(self, *queues: str) -> None: ...


class ConnectionBroke(Unavailable):
    """A connection that had stood was found dead; a new one may well work."""

    code = "database.unavailable"


class Database:
    """Connections of one process to its service's schema.

    At most ``pool_size`` connections; a request waits up to 5 s for one, then answers 503.
    """

    def __init__(self, url: str, *, service: str, pool_size: int = 5, waker: Waker | None = None) -> None:
        self.waker = waker
        self.engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_recycle=1800,
            pool_use_lifo=True,  # what is not needed stays unused, and can be closed
            pool_pre_ping=False,
            json_deserializer=orjson.loads,
            hide_parameters=True,  # errors go to the log, which holds no names, addresses or hashes
            connect_args={
                "timeout": 5,
                "command_timeout": 30,
                "server_settings": {"application_name": service, "jit": "off"},
            },
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._reading_engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reading_sessions = async_sessionmaker(self._reading_engine, expire_on_commit=False)
        # The pool lets a newcomer take a connection ahead of those who wait; reads queue up fairly before it.
        self._readers = asyncio.Semaphore(pool_size)
        self._in_use = 0
        self._peaks: deque[int] = deque([0], maxlen=_TRIMS_UNUSED)
        event.listen(self.engine.sync_engine, "checkout", self._on_checkout)
        event.listen(self.engine.sync_engine, "checkin", self._on_checkin)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back on an error unless the error ``commits``.

        A connection is taken at the first statement. Wake-ups and the actions of ``after_commit`` follow the
        commit. Raises ``Unavailable`` when Postgres cannot be reached.
        """
        refusal: ServiceError | None = None
        async with self._sessions() as session:
            try:
                try:
                    yield session
                except ServiceError as error:
                    if not error.commits:
                        raise
                    refusal = error
                await session.commit()
            except BaseException as error:
                await session.rollback()
                if is_connection_failure(error):
                    raise Unavailable("The database cannot be reached.", code="database.unavailable") from error
                raise
        for action in session.info.get(_AFTER_COMMIT, ()):
            await action()
        if self.waker is not None and (queues := session.info.get(WAKE_KEY)):
            await self.waker.wake(*queues)
        if refusal is not None:
            raise refusal

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads, without the two round trips of a transaction.

        Each statement sees what is committed, as it would in one. Raises ``Unavailable`` when Postgres cannot be
        reached, ``ConnectionBroke`` when it could until now.
        """
        async with self._readers:
            session = self._reading_sessions()
            try:
                yield session
            except Exception as error:
                if isinstance(error, DBAPIError) and error.connection_invalidated:
                    raise ConnectionBroke("The connection to the database broke.") from error
                if is_connection_failure(error):
                    raise Unavailable("The database cannot be reached.", code="database.unavailable") from error
                raise
            finally:
                # There is nothing to roll back, so this waits for nothing that a cancellation could cut off, and
                # needs no task of its own as `async with` would make.
                await session.close()

    def _on_checkout(self, *_: Any) -> None:
        DB_POOL_IN_USE.inc()
        self._in_use += 1
        self._peaks[-1] = max(self._peaks[-1], self._in_use)

    def _on_checkin(self, *_: Any) -> None:
        DB_POOL_IN_USE.dec()
        self._in_use -= 1

    async def trim(self) -> None:
        """Close all connections when more are open than were in use at once in the last three rounds, and none is now.

        Each costs the server some megabytes; those that are needed are opened again.
        """
        peak = max(self._peaks)
        self._peaks.append(self._in_use)
        pool = self.engine.sync_engine.pool
        if self._in_use == 0 and pool.checkedin() > peak:  # type: ignore[attr-defined] # every queue pool has it
            self.engine.sync_engine.dispose(close=False)  # from here on a new pool is in use
            await greenlet_spawn(pool.dispose)

    async def keep_small(self) -> None:
        """Trim now and then, for ever."""
        while True:
            await asyncio.sleep(_TRIM_SECONDS)
            try:
                await self.trim()
            except DBAPIError as error:
                get_logger().warning("connections_not_trimmed", error=type(error.orig).__name__)

    async def check(self) -> None:
        """Ask for one row; raises when Postgres does not answer."""
        async with self._reading_engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def aclose(self) -> None:
        await self.engine.dispose()


def after_commit(session: AsyncSession, action: Callable[[], Awaitable[None]]) -> None:
    """Do ``action`` once the transaction is committed, also by an error that commits; it must not raise."""
    session.info.setdefault(_AFTER_COMMIT, []).append(action)


def is_connection_failure(error: BaseException) -> bool:
    """Tell a database that cannot serve (lost, refused, starting, full) from an error in a statement.

    SQLSTATE classes: 08 connection, 53 out of resources, 57 operator intervention (shutdown, starting up,
    statement timeout).
    """
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _sqlstate(error.orig)[:2] in _UNAVAILABLE_CLASSES
    return isinstance(error, _CONNECTION_LOST) or _sqlstate(error)[:2] in _UNAVAILABLE_CLASSES


def _sqlstate(error: BaseException | None) -> str:
    return str(getattr(error, "sqlstate", None) or "")
