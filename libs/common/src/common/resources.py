"""What a process holds open: database, Redis, objects, token keys, clients of other services."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeVar

from redis.asyncio import Redis

from common.db.engine import Database
from common.http import ServiceClient
from common.queue import QueueWaker, redis_client
from common.settings import DataSettings
from common.storage import ObjectStore
from common.tokens import JwksKeySource, PersonalTokenExchange, ServiceTokenSource, Verifier


class Closable(Protocol):
    """Something a process holds open."""

    async def aclose(self) -> None: ...


SharedT = TypeVar("SharedT", bound=Closable)


def _closed_by(stack: AsyncExitStack, closable: SharedT) -> SharedT:
    stack.push_async_callback(closable.aclose)
    return closable


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@dataclass
class Resources:
    """Made once per process by ``Resources.open`` and closed with it."""

    service: str
    settings: DataSettings
    database: Database
    redis: Redis
    waker: QueueWaker
    objects: ObjectStore
    verifier: Verifier
    service_tokens: ServiceTokenSource
    personal_tokens: PersonalTokenExchange
    _stack: AsyncExitStack
    _clients: dict[str, ServiceClient] = field(default_factory=dict)
    _shared: dict[type, Any] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def open(cls, service: str, settings: DataSettings) -> AsyncIterator[Self]:
        """Open everything lazily: nothing is connected until it is used, so a process starts without its peers."""
        async with AsyncExitStack() as stack:
            redis_url = settings.redis_url.get_secret_value()
            waker = _closed_by(stack, QueueWaker(redis_url))
            redis = _closed_by(stack, redis_client(redis_url))
            url = settings.database_url.get_secret_value()
            database = Database(url, service=service, pool_size=settings.database_pool_size, waker=waker)
            _closed_by(stack, database)
            stack.push_async_callback(_end, asyncio.create_task(database.keep_small()))
            keys = _closed_by(stack, JwksKeySource(settings.auth_url))
            secret = settings.service_client_secret.get_secret_value()
            tokens = _closed_by(stack, ServiceTokenSource(settings.auth_url, client_id=service, secret=secret))
            auth = _closed_by(stack, ServiceClient(settings.auth_url, name="auth-personal-tokens", tokens=tokens))
            yield cls(
                service=service,
                settings=settings,
                database=database,
                redis=redis,
                waker=waker,
                objects=settings.object_store(),
                verifier=Verifier(keys, issuer=settings.token_issuer, audience=settings.token_audience),
                service_tokens=tokens,
                personal_tokens=_closed_by(stack, PersonalTokenExchange(auth)),
                _stack=stack,
            )

    def client(self, name: str, base_url: str, **options: Any) -> ServiceClient:
        """Return the process's one client of another service, made at first use with service tokens."""
        if name not in self._clients:
            client = ServiceClient(base_url, name=name, tokens=self.service_tokens, **options)
            self._clients[name] = client
            self._stack.push_async_callback(client.aclose)
        return self._clients[name]

    def shared(self, kind: type[SharedT], make: Callable[["Resources"], SharedT]) -> SharedT:
        """Return the process's one object of a kind, made at first use and closed with the rest."""
        if kind not in self._shared:
            made = make(self)
            self._shared[kind] = made
            self._stack.push_async_callback(made.aclose)
        found: SharedT = self._shared[kind]
        return found
