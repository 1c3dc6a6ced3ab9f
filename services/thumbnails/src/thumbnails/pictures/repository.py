"""Rows of pictures."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from thumbnails.models import Picture


async def lock_activity(session: AsyncSession, activity_id: UUID) -> None:
    """Let one transaction at a time draw an activity."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(activity_id), 2))))


async def activities_of(session: AsyncSession, athlete_id: UUID) -> Sequence[UUID]:
    """Return the athlete's activities that were looked at for a route, the newest first."""
    query = select(Picture.activity_id).where(Picture.athlete_id == athlete_id)
    return (await session.scalars(query.order_by(Picture.activity_id.desc()))).all()


async def find(session: AsyncSession, activity_id: UUID, athlete_id: UUID | None = None) -> Picture | None:
    """Return the picture of an activity, of this athlete's where one is named."""
    query = select(Picture).where(Picture.activity_id == activity_id)
    if athlete_id is not None:
        query = query.where(Picture.athlete_id == athlete_id)
    picture: Picture | None = await session.scalar(query)
    return picture
