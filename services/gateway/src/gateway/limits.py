"""Rate limits shared by all gateway processes, at a fraction of a Redis call per request.

A process leases a batch of requests for a key from Redis and spends it by itself. So all processes together never let
more through than the limit and one batch each. Without Redis each process counts for itself.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import NamedTuple, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.logs import get_logger
from gateway.gcra import LEASE_SCRIPT, Limit

_REMEMBERED_KEYS = 20_000
# A request waits this long for Redis and is then judged by what the process knows.
_PATIENCE_SECONDS = 0.25
_LEAVE_REDIS_ALONE_SECONDS = 2.0
_LEASES_AT_ONCE = 32
_MICROSECONDS = 1_000_000


class Verdict(NamedTuple):
    """``remaining`` requests may come at once; seconds until the limit is whole again, or until the next may come."""

    limit: Limit
    allowed: bool
    remaining: int
    reset_s: float
    retry_after_s: float


class _Account:
    """What this process knows of one key; times are of its own monotonic clock."""

    __slots__ = ("blocked_until", "lease", "left", "tat")

    def __init__(self) -> None:
        self.left = 0
        self.tat = 0.0
        self.blocked_until = 0.0
        self.lease: asyncio.Task[bool] | None = None


class Limiter:
    """Spends requests of keys against limits. Bounded in memory: the keys that asked Redis longest ago go first."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._script = redis.register_script(LEASE_SCRIPT)
        self._clock = clock
        self._accounts: OrderedDict[tuple[str, str], _Account] = OrderedDict()
        self._redis_away_until = 0.0
        self._leases = asyncio.Semaphore(_LEASES_AT_ONCE)

    def spend_leased(self, limit: Limit, key: str) -> Verdict | None:
        """Take one request of ``key`` out of what is leased; None when nothing is left and ``spend`` must ask."""
        account = self._accounts.get((limit.name, key))
        if account is None or account.left <= 0:
            return None
        account.left -= 1
        return _verdict(limit, account, self._clock(), allowed=True)

    def refused(self, limit: Limit, key: str) -> Verdict | None:
        """Return the verdict on a key that has nothing left, as far as this process knows; takes nothing."""
        account = self._accounts.get((limit.name, key))
        if account is None or account.left > 0:
            return None
        now = self._clock()
        spent = now < account.blocked_until or limit.room(account.tat - now) <= 0
        return _verdict(limit, account, now, allowed=False) if spent else None

    async def spend(self, limit: Limit, key: str) -> Verdict:
        """Take one request of ``key``, asking Redis where nothing is leased."""
        account = self._account(limit, key)
        now = self._clock()
        while account.left <= 0:
            if now < account.blocked_until:
                return _verdict(limit, account, now, allowed=False)
            if not await self._leased(limit, key, account):
                return self._spend_locally(limit, account)
            now = self._clock()
        account.left -= 1
        return _verdict(limit, account, now, allowed=True)

    async def aclose(self) -> None:
        """Stop the leases under way."""
        tasks = [account.lease for account in self._accounts.values() if account.lease is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _account(self, limit: Limit, key: str) -> _Account:
        name = (limit.name, key)
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = _Account()
            if len(self._accounts) > _REMEMBERED_KEYS:
                self._accounts.popitem(last=False)
        else:
            self._accounts.move_to_end(name)
        return account

    async def _leased(self, limit: Limit, key: str, account: _Account) -> bool:
        """Wait for a lease, our own or one under way; False when Redis does not answer soon enough."""
        if account.lease is None:
            if self._clock() < self._redis_away_until:
                return False
            account.lease = asyncio.create_task(self._lease(limit, key, account))
        lease = account.lease
        await asyncio.wait((lease,), timeout=_PATIENCE_SECONDS)
        return lease.done() and not lease.cancelled() and lease.result()

    async def _lease(self, limit: Limit, key: str, account: _Account) -> bool:
        try:
            async with self._leases:
                arguments = [limit.interval, limit.burst, limit.batch]
                answer = await cast(
                    "Awaitable[list[int]]", self._script(keys=[f"limit:{limit.name}:{key}"], args=arguments)
                )
        except (RedisError, OSError, TimeoutError) as error:
            self._leave_redis_alone(error)
            return False
        finally:
            account.lease = None
        granted, ahead = int(answer[0]), int(answer[1]) / _MICROSECONDS
        now = self._clock()
        account.left += granted
        account.tat = now + ahead
        account.blocked_until = 0.0 if granted else now + limit.wait(ahead)
        return True

    def _leave_redis_alone(self, error: Exception) -> None:
        if self._clock() >= self._redis_away_until:
            get_logger().warning("rate_limits_count_alone", error=type(error).__name__)
        self._redis_away_until = self._clock() + _LEAVE_REDIS_ALONE_SECONDS

    def _spend_locally(self, limit: Limit, account: _Account) -> Verdict:
        now = self._clock()
        if account.left > 0:  # a lease came in after all
            account.left -= 1
            return _verdict(limit, account, now, allowed=True)
        allowed = limit.room(account.tat - now) > 0
        if allowed:
            account.tat = max(account.tat, now) + limit.interval
        return _verdict(limit, account, now, allowed=allowed)


def _verdict(limit: Limit, account: _Account, now: float, *, allowed: bool) -> Verdict:
    ahead = account.tat - now
    if ahead <= 0 and allowed:
        return Verdict(limit, True, limit.burst, 0.0, 0.0)
    ahead = max(ahead, 0.0)
    wait = 0.0 if allowed else max(account.blocked_until - now, limit.wait(ahead))
    remaining = min(limit.burst, account.left + limit.room(ahead))
    return Verdict(limit, allowed, remaining, ahead, wait)
