"""Revoked tokens and sessions: the truth in Postgres, the news over Redis."""

from datetime import datetime, timedelta

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from auth.sessions import repository
from common.db import after_commit
from common.logs import get_logger

CHANNEL = "revocations"
_MARGIN = timedelta(seconds=30)


class Announcer:
    """Writes revocations and tells whoever listens on the Redis channel; who misses the news reads the rows."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def revoke(self, session: AsyncSession, kind: str, value: str, expires_at: datetime) -> None:
        """Revoke a ``jti`` or ``sid`` until ``expires_at``, when its last access token is dead anyway."""
        until = expires_at + _MARGIN
        repository.add_revocation(session, kind, value, until)
        news = orjson.dumps({"kind": kind, "value": value, "expires_at": until.isoformat()})

        async def announce() -> None:
            try:
                await self._redis.publish(CHANNEL, news)
            except (RedisError, OSError):
                get_logger().warning("revocation_not_announced")

        after_commit(session, announce)
