"""Rows of signing keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import SigningKey


async def usable(session: AsyncSession, now: datetime | None = None) -> Sequence[SigningKey]:
    """Keys that are published at this moment, the one that signs latest first."""
    alive = or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > (now or func.now()))
    return (await session.scalars(select(SigningKey).where(alive).order_by(SigningKey.signs_from.desc()))).all()


async def forget_retired(session: AsyncSession, before: datetime) -> None:
    """Delete keys that were retired before a moment."""
    await session.execute(delete(SigningKey).where(SigningKey.retired_at < before))


async def lock(session: AsyncSession) -> None:
    """Let one process at a time make keys."""
    await session.execute(
        select(func.pg_advisory_xact_lock(func.hashtext(text("'signing keys ' || current_schema()"))))
    )
