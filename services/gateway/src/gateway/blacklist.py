"""Revoked tokens and sessions, kept in the process.

Redis pushes news within a moment, and the list of auth is read every few seconds, so a revocation that Redis lost is
still found. Nothing but the expiry of the token takes an entry off: an emptied Redis revokes nothing back, and when
neither can be reached the last known list holds.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.errors import ServiceError
from common.http import ServiceClient, UpstreamRejected
from common.logs import get_logger
from common.tokens import Identity

CHANNEL = "revocations"
PATH = "/internal/revocations"

_PAGE = 1000
# Rows become visible when their transaction commits, not in the order of their ids: the latest are read again.
_OVERLAP = 1000
_FIRST_TRY_SECONDS = 0.5
_LISTEN_SECONDS = 1.0


class Blacklist:
    """``watch`` keeps it up to date until it is cancelled."""

    def __init__(
        self, redis: Redis, auth: ServiceClient, *, poll_seconds: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._redis = redis
        self._auth = auth
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._entries: dict[tuple[str, str], float] = {}
        self._highest = 0
        self._loaded = False
        self._reconciling = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_known(self) -> bool:
        """Whether the list was read at least once; before, nobody can say that a token was not revoked."""
        return self._loaded

    def revokes(self, identity: Identity) -> bool:
        """Tell whether the token or its session was revoked."""
        entries = self._entries
        if not entries:
            return False
        return ("jti", identity.token_id) in entries or ("sid", identity.session_id) in entries

    async def learn(self, within: float) -> bool:
        """Tell whether the list is known; where it is not, auth is asked now, for so many seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within), self._reconciling:
                return self._loaded or await self._read()
        return self._loaded

    async def watch(self) -> None:
        """Listen and reconcile until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen_for_ever())
            group.create_task(self._reconcile_for_ever())

    async def reconcile(self) -> bool:
        """Read the list of auth; False when it cannot be had, and what is known stays."""
        async with self._reconciling:
            return await self._read()

    async def _read(self) -> bool:
        try:
            await self._read_pages(max(0, self._highest - _OVERLAP))
        except (ServiceError, UpstreamRejected, ValueError, KeyError, TypeError) as error:
            get_logger().warning("revocations_not_read", error=type(error).__name__, reason=str(error))
            return False
        self._forget_expired()
        self._loaded = True
        return True

    async def _read_pages(self, after: int) -> None:
        while True:
            response = await self._auth.get(PATH, params={"after": after, "limit": _PAGE})
            items: list[dict[str, Any]] = response.json()["items"]
            for item in items:
                self._add(item)
                after = max(after, int(item["id"]))
            self._highest = max(self._highest, after)
            if len(items) < _PAGE:
                return

    def _add(self, entry: dict[str, Any]) -> None:
        expires_at = datetime.fromisoformat(entry["expires_at"]).timestamp()
        self._entries[(str(entry["kind"]), str(entry["value"]))] = expires_at

    def _forget_expired(self) -> None:
        now = self._clock()
        for key in [key for key, expires_at in self._entries.items() if expires_at <= now]:
            del self._entries[key]

    async def _reconcile_for_ever(self) -> None:
        while True:
            await self.reconcile()
            await asyncio.sleep(self._poll_seconds if self._loaded else min(_FIRST_TRY_SECONDS, self._poll_seconds))

    async def _listen_for_ever(self) -> None:
        while True:
            with suppress(RedisError, OSError, TimeoutError):
                await self._listen()
            await asyncio.sleep(_LISTEN_SECONDS)

    async def _listen(self) -> None:
        async with self._redis.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            await self.reconcile()  # what was announced while nobody listened
            while True:
                message = await channel.get_message(ignore_subscribe_messages=True, timeout=_LISTEN_SECONDS)
                if message is not None:
                    self._hear(message["data"])

    def _hear(self, news: bytes) -> None:
        try:
            self._add(orjson.loads(news))
        except (ValueError, KeyError, TypeError):
            get_logger().warning("revocation_not_understood")
