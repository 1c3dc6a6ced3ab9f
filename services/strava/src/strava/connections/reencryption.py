"""Sealing athletes' tokens anew, once ``ENCRYPTION_KEYS`` has another first key."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common.audit import record
from common.crypto import KeyRing
from strava.connections.tokens import SERVICE, place_of
from strava.models import Connection

SEALED = ("access", "refresh")
"""The tokens of a connection, all that this service keeps encrypted."""


async def reencrypt(session: AsyncSession, keys: KeyRing, *, actor: str) -> dict[str, int]:
    """Seal with the first key what was sealed with another; return how many tokens of each column that were.

    Raises ``DecryptionFailed`` when the key of a token is not in the ring any more; nothing is changed then.
    """
    counts = dict.fromkeys((f"connections.{name}_token" for name in SEALED), 0)
    for connection in await session.scalars(select(Connection).with_for_update()):
        for name in SEALED:
            counts[f"connections.{name}_token"] += _renew(connection, name, keys)
    record(session, SERVICE, actor=actor, action="strava.keys_reencrypted", target="connections", details=counts)
    return counts


def _renew(connection: Connection, name: str, keys: KeyRing) -> int:
    column = f"{name}_token"
    value: bytes = getattr(connection, column)
    if not keys.needs_rotation(value):
        return 0
    place = place_of(connection.athlete_id, name)
    setattr(connection, column, keys.encrypt(keys.decrypt(value, associated=place), associated=place))
    return 1
