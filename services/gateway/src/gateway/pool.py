"""The connections to one service."""

import asyncio
from collections import deque

from gateway.connection import ConnectFailed, Connection, NoneFree, UpstreamError

CONNECT_SECONDS = 1.0
QUEUE_SECONDS = 1.0
# Below the 75 s after which a service closes an idle connection, so that it never does so under our hands.
IDLE_SECONDS = 30.0


class Pool:
    """Keeps idle connections, the latest used first; ``limit`` bounds how many there are."""

    def __init__(self, host: str, port: int, *, limit: int) -> None:
        self._host = host
        self._port = port
        self._limit = limit
        self._idle: list[Connection] = []
        self._queue: deque[asyncio.Future[None]] = deque()
        self._connections: set[Connection] = set()
        self._opening = 0
        # Kept, since asking for the running loop costs a system call each time before Python 3.12.
        self._loop: asyncio.AbstractEventLoop | None = None

    def now(self) -> float:
        """Return the loop's time."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop.time()

    @property
    def size(self) -> int:
        """How many connections there are, with those being opened."""
        return len(self._connections) + self._opening

    def take_idle(self) -> Connection | None:
        """Return an idle connection that the service has not closed; None when there is none."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            if not connection.is_closing:
                return connection
        return None

    def put_back(self, connection: Connection) -> None:
        """Return an idle connection that was not used."""
        self._idle.append(connection)

    async def acquire(self) -> Connection:
        """Return an idle or a new connection.

        Raises ``NoneFree`` when none comes free within 1 s, ``ConnectFailed`` when it cannot be made within 1 s.
        """
        while (connection := self.take_idle()) is None:
            if self.size < self._limit:
                return await self._open()
            await self._turn()
        return connection

    def give_back(self, connection: Connection) -> None:
        """End the connection's exchange and keep it where it may serve again."""
        if connection.finish():
            connection.idle_since = self.now()
            self._idle.append(connection)
        if self._queue:
            self._next()

    def discard(self, connection: Connection, error: Exception | None = None) -> None:
        """Close a connection whose exchange was broken off."""
        connection.fail(error or UpstreamError())
        connection.finish()

    def expire(self, now: float) -> None:
        """Close what was idle for too long; ``now`` is the loop's time."""
        while self._idle and now - self._idle[0].idle_since > IDLE_SECONDS:
            self._idle.pop(0).close()

    def close(self) -> None:
        """Close all connections, also those in use."""
        for connection in list(self._connections):
            self.discard(connection)
        self._idle.clear()

    async def _open(self) -> Connection:
        self._opening += 1
        loop = asyncio.get_running_loop()
        connection = Connection(self._lost)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await loop.create_connection(lambda: connection, self._host, self._port)
        except (OSError, TimeoutError):
            connection.abort()
            raise ConnectFailed from None
        except BaseException:
            connection.abort()  # it may have come about while we were told to stop
            raise
        finally:
            self._opening -= 1
            self._next()
        self._connections.add(connection)
        return connection

    async def _turn(self) -> None:
        """Wait until a connection comes free or may be opened. Raises ``NoneFree`` after 1 s."""
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await turn
        except (TimeoutError, asyncio.CancelledError) as error:
            if turn in self._queue:
                self._queue.remove(turn)
            elif not turn.cancelled():
                self._next()  # it was our turn, and we cannot take it
            if isinstance(error, TimeoutError):
                raise NoneFree from None
            raise

    def _next(self) -> None:
        while self._queue and (self._idle or self.size < self._limit):
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._next()
