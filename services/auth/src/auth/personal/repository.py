"""Rows of personal access tokens."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import PersonalToken, User
from common.pagination import Keyset

ORDER = Keyset((PersonalToken.id, "desc"))


async def page(session: AsyncSession, user_id: UUID, cursor: str | None, limit: int) -> Sequence[PersonalToken]:
    """Return one row more than asked for."""
    query = select(PersonalToken).where(PersonalToken.user_id == user_id, ORDER.where(cursor))
    return (await session.scalars(query.order_by(*ORDER.order_by()).limit(limit + 1))).all()


async def count(session: AsyncSession, user_id: UUID) -> int:
    """Count a person's tokens, while no other can be made."""
    await session.execute(select(User.id).where(User.id == user_id).with_for_update())
    query = select(func.count()).select_from(PersonalToken).where(PersonalToken.user_id == user_id)
    return await session.scalar(query) or 0


async def owned(session: AsyncSession, user_id: UUID, token_id: UUID) -> PersonalToken | None:
    query = select(PersonalToken).where(PersonalToken.user_id == user_id, PersonalToken.id == token_id)
    found: PersonalToken | None = await session.scalar(query.with_for_update())
    return found


async def usable(session: AsyncSession, token_hash: bytes) -> tuple[PersonalToken, User] | None:
    """Return the token and its person, when both are good at this moment."""
    query = (
        select(PersonalToken, User)
        .join(User, User.id == PersonalToken.user_id)
        .where(PersonalToken.token_hash == token_hash, User.disabled_at.is_(None))
        .where((PersonalToken.expires_at.is_(None)) | (PersonalToken.expires_at > func.now()))
    )
    row = (await session.execute(query)).first()
    return (row[0], row[1]) if row else None
