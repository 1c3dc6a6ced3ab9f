"""Sealing every encrypted column anew, once ``ENCRYPTION_KEYS`` has another first key."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from auth.audit import record
from auth.keys.service import place_of
from auth.models import SigningKey, Totp
from auth.totp.codes import place_of as place_of_secret
from common.crypto import KeyRing


@dataclass(frozen=True)
class Sealed:
    """An encrypted column; ``place`` gives what a row's value is sealed for."""

    column: InstrumentedAttribute[Any]
    place: Callable[[Any], str]


SEALED = (
    Sealed(SigningKey.private_key, lambda row: place_of(row.id)),
    Sealed(Totp.secret, lambda row: place_of_secret(row.user_id)),
)
"""All encrypted columns of auth."""


async def reencrypt(session: AsyncSession, keys: KeyRing, *, actor: str) -> dict[str, int]:
    """Seal with the first key what was sealed with another; return how many values of each column that were.

    Raises ``DecryptionFailed`` when the key of a value is not in the ring any more; nothing is changed then.
    """
    counts = {str(sealed.column): await _renew(session, keys, sealed) for sealed in SEALED}
    record(session, actor=actor, action="keys.reencrypted", outcome="ok", details=counts)
    return counts


async def _renew(session: AsyncSession, keys: KeyRing, sealed: Sealed) -> int:
    name, renewed = sealed.column.key, 0
    query = select(sealed.column.class_).where(sealed.column.is_not(None)).with_for_update()
    for row in await session.scalars(query):
        value = getattr(row, name)
        if keys.needs_rotation(value):
            place = sealed.place(row)
            setattr(row, name, keys.encrypt(keys.decrypt(value, associated=place), associated=place))
            renewed += 1
    return renewed
