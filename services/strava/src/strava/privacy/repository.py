"""Rows of privacy zones. Whose they are is part of every query."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from strava.models import PrivacyZone
from strava.privacy.cutting import Zone

_ZONES = (
    select(PrivacyZone.latitude, PrivacyZone.longitude, PrivacyZone.radius)
    .where(PrivacyZone.athlete_id == bindparam("athlete"))
    .order_by(PrivacyZone.id)
)


async def owned(session: AsyncSession, athlete_id: UUID, zone_id: UUID, *, lock: bool = False) -> PrivacyZone | None:
    """Return the athlete's zone; ``lock`` holds it until the transaction ends."""
    query = select(PrivacyZone).where(PrivacyZone.id == zone_id, PrivacyZone.athlete_id == athlete_id)
    zone: PrivacyZone | None = await session.scalar(query.with_for_update() if lock else query)
    return zone


async def listed(session: AsyncSession, athlete_id: UUID) -> Sequence[PrivacyZone]:
    """The athlete's zones, in the order in which they were made."""
    query = select(PrivacyZone).where(PrivacyZone.athlete_id == athlete_id)
    return (await session.scalars(query.order_by(PrivacyZone.id))).all()


async def zones(session: AsyncSession, athlete_id: UUID) -> list[Zone]:
    """The athlete's zones as tracks are cut with them."""
    return [Zone(*row) for row in await session.execute(_ZONES, {"athlete": athlete_id})]
