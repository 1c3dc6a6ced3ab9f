"""Rows of signing keys."""

from collections.abc import Sequence

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import SigningKey


async def usable(session: AsyncSession) -> Sequence[SigningKey]:
    """Keys that are published, the youngest that may sign first."""
    return (
        await session.scalars(
            select(SigningKey).where(SigningKey.retired_at.is_(None)).order_by(SigningKey.signs_from.desc())
        )
    ).all()


async def lock(session: AsyncSession) -> None:
    """Let one process at a time make keys."""
    await session.execute(
        select(func.pg_advisory_xact_lock(func.hashtext(text("'signing keys ' || current_schema()"))))
    )
