"""Rows of accounts, for administrators."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import User
from auth.people.schemas import AccountFilter
from common.pagination import Keyset, PageParams

ORDER = Keyset((User.id, "desc"))
"""Ids begin with their time, so this is the newest first."""


async def page_rows(session: AsyncSession, chosen: AccountFilter, paging: PageParams) -> Sequence[User]:
    """Return the rows of a page and one more where there is one."""
    query = (
        select(User)
        .where(ORDER.where(paging.cursor), *_conditions(chosen))
        .order_by(*ORDER.order_by())
        .limit(paging.limit + 1)
    )
    return (await session.scalars(query)).all()


async def lock_changes(session: AsyncSession) -> None:
    """Let one administrator at a time change accounts, so that two cannot each take the other for the last but one."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(text("'accounts ' || current_schema()")))))


async def others_with(session: AsyncSession, role: str, user_id: UUID) -> int:
    """Count who has a role and can sign in, without this one."""
    query = select(func.count()).where(User.roles.contains([role]), User.disabled_at.is_(None), User.id != user_id)
    return await session.scalar(query) or 0


def _conditions(chosen: AccountFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if chosen.q is not None:
        start = chosen.q.lower()
        names = (func.lower(User.email), func.lower(User.display_name))
        found.append(or_(*(name.startswith(start, autoescape=True) for name in names)))
    if chosen.role is not None:
        found.append(User.roles.contains([chosen.role]))
    if chosen.disabled is not None:
        found.append(User.disabled_at.is_not(None) if chosen.disabled else User.disabled_at.is_(None))
    return found
