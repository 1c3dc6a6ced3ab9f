"""Rows of sessions, refresh tokens and revocations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import RefreshToken, Revocation, Session


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


async def revocations(session: AsyncSession, after: int, limit: int) -> Sequence[Revocation]:
    query = select(Revocation).where(Revocation.id > after, Revocation.expires_at > func.now())
    return (await session.scalars(query.order_by(Revocation.id).limit(limit))).all()


def add_revocation(session: AsyncSession, kind: str, value: str, expires_at: datetime) -> None:
    session.add(Revocation(kind=kind, value=value, expires_at=expires_at))
