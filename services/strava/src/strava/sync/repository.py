"""What of Strava's activities is here already."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import Job, JobState
from strava.models import Connection, Recording, Tombstone
from strava.sync.queueing import ACTIVITY

_OPEN = (JobState.QUEUED, JobState.RUNNING)


async def present(session: AsyncSession, athlete_id: UUID, strava_ids: Sequence[int]) -> set[int]:
    """Return those that are stored, on their way, or deleted here by the athlete."""
    stored = select(Recording.strava_id).where(Recording.athlete_id == athlete_id, Recording.strava_id.in_(strava_ids))
    dismissed = select(Tombstone.strava_id).where(
        Tombstone.athlete_id == athlete_id, Tombstone.strava_id.in_(strava_ids), Tombstone.fetch_number.is_(None)
    )
    coming = select(Job.payload["strava_id"].astext).where(
        Job.subject_id == athlete_id, Job.kind == ACTIVITY, Job.state.in_(_OPEN)
    )
    found = {number for number in await session.scalars(stored) if number is not None}
    found |= set(await session.scalars(dismissed))
    return found | {int(number) for number in await session.scalars(coming)}


async def note_sync(session: AsyncSession, athlete_id: UUID, began: datetime) -> None:
    """Note since when everything at Strava has been looked at."""
    mine = Connection.athlete_id == athlete_id
    await session.execute(
        update(Connection).where(mine).values(last_sync_at=began).execution_options(synchronize_session=False)
    )
