"""Rows of people."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import User
from auth.users.addresses import compared


async def by_id(session: AsyncSession, user_id: UUID, *, lock: bool = False) -> User | None:
    """Return the person; ``lock`` holds the row, as it is by then, until the transaction ends."""
    return await session.get(User, user_id, with_for_update=lock or None, populate_existing=lock)


async def by_email(session: AsyncSession, email: str) -> User | None:
    user: User | None = await session.scalar(select(User).where(func.lower(User.email) == compared(email)))
    return user


async def add(session: AsyncSession, **columns: Any) -> User | None:
    """Add a person; None when the address is taken, which leaves the transaction as good as it was."""
    adding = insert(User).values(**columns).on_conflict_do_nothing()
    user: User | None = await session.scalar(adding.returning(User))
    return user
