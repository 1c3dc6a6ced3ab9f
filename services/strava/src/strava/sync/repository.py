"""What of Strava's activities is here already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import Job
from strava.models import Connection, Recording, Tombstone
from strava.sync.queueing import ACTIVITY, OPEN


@dataclass(frozen=True)
class Known:
    """What Strava said of a stored activity when it was fetched; ``listed`` is None where that was not kept yet."""

    name: str | None
    sport: str
    listed: dict[str, float | None] | None


async def present(session: AsyncSession, athlete_id: UUID, strava_ids: Sequence[int]) -> set[int]:
    """Return those that are stored, on their way, or deleted here by the athlete."""
    stored = select(Recording.strava_id).where(Recording.athlete_id == athlete_id, Recording.strava_id.in_(strava_ids))
    dismissed = select(Tombstone.strava_id).where(
        Tombstone.athlete_id == athlete_id, Tombstone.strava_id.in_(strava_ids), Tombstone.fetch_number.is_(None)
    )
    found = {number for number in await session.scalars(stored) if number is not None}
    found |= set(await session.scalars(dismissed))
    return found | await coming(session, athlete_id, strava_ids)


async def coming(session: AsyncSession, athlete_id: UUID, strava_ids: Sequence[int]) -> set[int]:
    """Return those whose fetch is queued."""
    number = Job.payload["strava_id"].astext
    queued = select(number).where(
        Job.subject_id == athlete_id,
        Job.kind == ACTIVITY,
        Job.state.in_(OPEN),
        number.in_([str(each) for each in strava_ids]),
    )
    return {int(each) for each in await session.scalars(queued)}


async def known_since(session: AsyncSession, athlete_id: UUID, after: datetime) -> dict[int, Known]:
    """Return what came from Strava and started at a moment or later, by its number there."""
    rows = await session.execute(
        select(
            Recording.strava_id, Recording.summary["name"].astext, Recording.sport, Recording.summary["listed"]
        ).where(Recording.athlete_id == athlete_id, Recording.strava_id.is_not(None), Recording.start_time >= after)
    )
    return {number: Known(*said) for number, *said in rows if number is not None}


async def is_stored(session: AsyncSession, athlete_id: UUID, strava_id: int) -> bool:
    """Whether there is a recording of the activity from Strava."""
    query = select(Recording.id).where(Recording.athlete_id == athlete_id, Recording.strava_id == strava_id)
    return await session.scalar(query) is not None


async def any_other(session: AsyncSession, athlete_id: UUID, strava_id: int) -> int | None:
    """Return the number of the athlete's latest activity from Strava but this one."""
    query = select(Recording.strava_id).where(
        Recording.athlete_id == athlete_id, Recording.strava_id.is_not(None), Recording.strava_id != strava_id
    )
    number: int | None = await session.scalar(query.order_by(Recording.strava_id.desc()).limit(1))
    return number


async def has_synced(session: AsyncSession, athlete_id: UUID) -> bool:
    """Whether Strava's list was looked at before."""
    query = select(Connection.last_sync_at).where(Connection.athlete_id == athlete_id)
    return await session.scalar(query) is not None


async def note_sync(session: AsyncSession, athlete_id: UUID, began: datetime) -> None:
    """Note since when everything at Strava has been looked at."""
    mine = Connection.athlete_id == athlete_id
    await session.execute(
        update(Connection).where(mine).values(last_sync_at=began).execution_options(synchronize_session=False)
    )
