"""Rows of gear. Whose they are is part of every query."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from strava.models import Activity, Gear, GearDefault


async def owned(session: AsyncSession, athlete_id: UUID, gear_id: UUID, *, lock: bool = False) -> Gear | None:
    """Return the athlete's gear; ``lock`` holds it until the transaction ends."""
    query = select(Gear).where(Gear.id == gear_id, Gear.athlete_id == athlete_id)
    gear: Gear | None = await session.scalar(query.with_for_update() if lock else query)
    return gear


async def listed(session: AsyncSession, athlete_id: UUID) -> Sequence[Gear]:
    """The athlete's gear: what is in use before what is retired, the newest first."""
    query = select(Gear).where(Gear.athlete_id == athlete_id)
    return (await session.scalars(query.order_by(Gear.retired_on.is_not(None), Gear.id.desc()))).all()


async def count(session: AsyncSession, athlete_id: UUID) -> int:
    return await session.scalar(select(func.count()).where(Gear.athlete_id == athlete_id)) or 0


async def numbered(session: AsyncSession, athlete_id: UUID, strava_gear_id: str) -> Gear | None:
    query = select(Gear).where(Gear.athlete_id == athlete_id, Gear.strava_gear_id == strava_gear_id)
    gear: Gear | None = await session.scalar(query)
    return gear


async def called(session: AsyncSession, athlete_id: UUID, name: str, kind: str) -> Sequence[Gear]:
    """The athlete's gear of this name, whatever the case, the oldest first."""
    query = select(Gear).where(
        Gear.athlete_id == athlete_id, Gear.kind == kind, func.lower(Gear.name) == func.lower(name)
    )
    return (await session.scalars(query.order_by(Gear.id))).all()


async def totals(session: AsyncSession, gear_ids: Sequence[UUID]) -> dict[UUID | None, Sequence[Any]]:
    """Activities, metres and moving seconds of each gear that has any."""
    query = (
        select(Activity.gear_id, func.count(), func.sum(Activity.distance), func.sum(Activity.moving_time))
        .where(Activity.gear_id.in_(gear_ids))
        .group_by(Activity.gear_id)
    )
    return {row[0]: tuple(row) for row in await session.execute(query)}


async def activities_of(session: AsyncSession, athlete_id: UUID, gear_id: UUID) -> Sequence[Activity]:
    """All activities that had the gear, held until the transaction ends."""
    query = select(Activity).where(Activity.athlete_id == athlete_id, Activity.gear_id == gear_id)
    return (await session.scalars(query.order_by(Activity.id).with_for_update())).all()


async def untouched_of_strava(session: AsyncSession, athlete_id: UUID, before: datetime) -> Sequence[Gear]:
    """Gear that Strava told of before a moment, that the athlete never changed and that no activity has any more."""
    query = select(Gear).where(
        Gear.athlete_id == athlete_id,
        Gear.strava_gear_id.is_not(None),
        Gear.version == 1,  # what was the athlete's own before, or was changed since, has another
        Gear.created_at < before,
        ~select(Activity.id).where(Activity.gear_id == Gear.id).exists(),
    )
    return (await session.scalars(query)).all()


async def is_used(session: AsyncSession, gear_id: UUID) -> bool:
    return await session.scalar(select(Activity.id).where(Activity.gear_id == gear_id).limit(1)) is not None


async def default_for(session: AsyncSession, athlete_id: UUID, sport: str) -> UUID | None:
    """Which gear the athlete's new activities of a sport have."""
    found: UUID | None = await session.scalar(
        select(GearDefault.gear_id).where(GearDefault.athlete_id == athlete_id, GearDefault.sport == sport)
    )
    return found


async def defaults(session: AsyncSession, athlete_id: UUID) -> dict[UUID, list[str]]:
    """Sports by the gear that is their default."""
    rows = await session.execute(
        select(GearDefault.gear_id, GearDefault.sport)
        .where(GearDefault.athlete_id == athlete_id)
        .order_by(GearDefault.sport)
    )
    found: dict[UUID, list[str]] = {}
    for gear_id, sport in rows:
        found.setdefault(gear_id, []).append(sport)
    return found


async def set_defaults(session: AsyncSession, athlete_id: UUID, gear_id: UUID, sports: Sequence[str]) -> None:
    """Make the gear the default of these sports and of no others; other gear gives them up."""
    await session.execute(delete(GearDefault).where(GearDefault.gear_id == gear_id, GearDefault.sport.not_in(sports)))
    for sport in sports:
        statement = upsert(GearDefault).values(athlete_id=athlete_id, sport=sport, gear_id=gear_id)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[GearDefault.athlete_id, GearDefault.sport], set_={"gear_id": gear_id}
            )
        )
