"""Rows of sessions, refresh tokens and revocations."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import PersonalToken, RefreshToken, Revocation, Session
from common.pagination import Keyset

ORDER = Keyset((Session.id, "desc"))


async def locked_by_token(session: AsyncSession, token_hash: bytes) -> tuple[Session, RefreshToken] | None:
    """Return the family of a refresh token and the token, with the family locked until the transaction ends."""
    family_id = await session.scalar(select(RefreshToken.session_id).where(RefreshToken.token_hash == token_hash))
    if family_id is None:
        return None
    family = await session.get(Session, family_id, with_for_update=True)
    token = await session.scalar(select(RefreshToken).where(RefreshToken.token_hash == token_hash))
    return (family, token) if family and token else None


async def locked(session: AsyncSession, session_id: UUID) -> Session | None:
    return await session.get(Session, session_id, with_for_update=True)


async def living_of(session: AsyncSession, user_id: UUID) -> Sequence[Session]:
    """Sessions of a person that are neither revoked nor over, locked."""
    query = select(Session).where(
        Session.user_id == user_id, Session.revoked_at.is_(None), Session.expires_at > func.now()
    )
    return (await session.scalars(query.with_for_update())).all()


async def page_of_living(session: AsyncSession, user_id: UUID, cursor: str | None, limit: int) -> Sequence[Session]:
    """Return one row more than asked for, the latest sign-in first."""
    living = (Session.user_id == user_id, Session.revoked_at.is_(None), Session.expires_at > func.now())
    query = select(Session).where(*living, ORDER.where(cursor)).order_by(*ORDER.order_by())
    return (await session.scalars(query.limit(limit + 1))).all()


async def addresses_of(session: AsyncSession, user_id: UUID) -> Sequence[str]:
    """Where a person has signed in from in the life of a session, also what has ended since."""
    query = select(Session.address).where(Session.user_id == user_id, Session.address != "")
    return (await session.scalars(query.distinct())).all()


def lives(family: Session) -> bool:
    return family.revoked_at is None and family.expires_at > datetime.now(UTC)


async def personal_tokens_of(session: AsyncSession, user_id: UUID) -> Sequence[UUID]:
    return (await session.scalars(select(PersonalToken.id).where(PersonalToken.user_id == user_id))).all()


async def revocations(session: AsyncSession, after: int, limit: int) -> Sequence[Revocation]:
    query = select(Revocation).where(Revocation.id > after, Revocation.expires_at > func.now())
    return (await session.scalars(query.order_by(Revocation.id).limit(limit))).all()


def add_revocation(session: AsyncSession, kind: str, value: str, expires_at: datetime) -> None:
    session.add(Revocation(kind=kind, value=value, expires_at=expires_at))
