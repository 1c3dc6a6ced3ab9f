"""Rows of identities and of the ways that lead to them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import Identity, OAuthFlow, Session


async def find(session: AsyncSession, provider: str, subject: str) -> Identity | None:
    query = select(Identity).where(Identity.provider == provider, Identity.subject == subject)
    identity: Identity | None = await session.scalar(query)
    return identity


async def of_user(session: AsyncSession, user_id: UUID) -> Sequence[Identity]:
    """Return what a person signs in with besides a password."""
    query = select(Identity).where(Identity.user_id == user_id).order_by(Identity.provider)
    return (await session.scalars(query)).all()


async def flow_of(session: AsyncSession, state_hash: bytes) -> OAuthFlow | None:
    return await session.get(OAuthFlow, state_hash)


async def use_flow(session: AsyncSession, state_hash: bytes) -> bool:
    """Mark the flow used; False when somebody was faster."""
    used = await session.execute(
        update(OAuthFlow)
        .where(OAuthFlow.state_hash == state_hash, OAuthFlow.used_at.is_(None))
        .values(used_at=func.now())
        .returning(OAuthFlow.state_hash)
        .execution_options(synchronize_session=False)
    )
    return used.first() is not None


async def forget_flows(session: AsyncSession, before: datetime) -> None:
    """Delete flows that expired before a moment."""
    await session.execute(delete(OAuthFlow).where(OAuthFlow.expires_at < before))


async def living_session(session: AsyncSession, session_id: UUID) -> Session | None:
    """Return a session that has not ended."""
    query = select(Session).where(
        Session.id == session_id, Session.revoked_at.is_(None), Session.expires_at > func.now()
    )
    found: Session | None = await session.scalar(query)
    return found
