"""Asking for a purge, taking that back, and carrying it out a few recordings at a time.

Every account that an athlete has left has a purge of its own, which is due when it was from the beginning on.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from common.audit import record
from common.db.tables import Job, JobState
from common.errors import NotFound, ServiceError
from common.ids import uuid7
from common.jobrunner import JobContext
from common.logs import get_logger
from common.resources import Resources
from strava.activities import repository as activities
from strava.activities.parsed import SERVICE
from strava.activities.removal import remove_recording
from strava.gear import service as gear
from strava.models import Purge, Recording
from strava.remote.remote import settings_of

QUEUE = "strava"
PURGE = "strava-purge"
SOURCE = "strava"
_BATCH = 50
_BACKGROUND = 10


class NothingToUndo(NotFound):
    code = "strava.nothing_to_undo"
    title = "There is no disconnect to undo"
    next_steps = "Nothing is about to be deleted. Connect Strava to fetch activities again."


async def find(session: AsyncSession, purge_id: UUID, *, lock: bool = False) -> Purge | None:
    """Return a purge that is to come."""
    return await session.get(Purge, purge_id, with_for_update=lock, populate_existing=lock)


async def pending(session: AsyncSession, athlete_id: UUID) -> Sequence[Purge]:
    """Return the athlete's purges that are to come, that of the account left last before the others."""
    mine = select(Purge).where(Purge.athlete_id == athlete_id)
    return (await session.scalars(mine.order_by(Purge.requested_at.desc(), Purge.id.desc()))).all()


async def request(session: AsyncSession, athlete_id: UUID, account: str, grace: timedelta) -> None:
    """Have what came from an account at Strava deleted after the grace; one asked for before is due as it was."""
    now = datetime.now(UTC)
    if any(each.account == account for each in await pending(session, athlete_id)):
        return
    purge = Purge(
        id=uuid7(), athlete_id=athlete_id, source=SOURCE, account=account, requested_at=now, due_at=now + grace
    )
    session.add(purge)
    payload = {"purge_id": str(purge.id)}
    jobs.enqueue(
        session, PURGE, payload, queue=QUEUE, subject_id=athlete_id, priority=_BACKGROUND, delay=purge.due_at - now
    )


async def _cancel(session: AsyncSession, purge: Purge) -> bool:
    """Take a purge back; False when it is over by now."""
    if await find(session, purge.id, lock=True) is None:
        return False
    await session.delete(purge)
    await session.flush()
    waiting = Job.subject_id == purge.athlete_id, Job.kind == PURGE, Job.state == JobState.QUEUED
    await session.execute(delete(Job).where(*waiting, Job.payload["purge_id"].astext == str(purge.id)))
    return True


async def cancel_for(session: AsyncSession, athlete_id: UUID, account: str) -> None:
    """Keep what is there when the athlete connects the same account again; other accounts' data still go."""
    for purge in await pending(session, athlete_id):
        if purge.account == account and await _cancel(session, purge):
            record(session, QUEUE, actor=str(athlete_id), action="strava.purge_cancelled", target=str(athlete_id))


async def undo(session: AsyncSession, athlete_id: UUID) -> None:
    """Keep what was to go of the account left last. Raises ``NothingToUndo``, also when it is gone already."""
    purges = await pending(session, athlete_id)
    if not purges or not await _cancel(session, purges[0]):
        raise NothingToUndo
    record(session, QUEUE, actor=str(athlete_id), action="strava.disconnect_undone", target=str(athlete_id))


async def purge(context: JobContext) -> None:
    """Delete what the purge is about, a few recordings in a transaction; killed in between it goes on."""
    athlete_id, purge_id = context.job.subject_id, UUID(context.payload["purge_id"])
    assert athlete_id is not None
    async with context.resources.database.reading() as session:
        wanted = await find(session, purge_id)
    if wanted is None:
        return
    reason = f"Purged after the disconnect of {wanted.requested_at:%Y-%m-%d}."
    total = removed = 0
    while True:
        async with context.resources.database.transaction() as session:
            await activities.lock_athlete(session, athlete_id)  # before the row, as who stores takes them
            if await find(session, purge_id, lock=True) is None:
                return  # undone meanwhile: what is left stays
            left = await _count(session, wanted)
            total = max(total, removed + left)
            batch = await _oldest(session, wanted)
            keys = await remove(session, athlete_id, batch, reason)
            if total:
                await jobs.report_progress(session, context.job, removed / total)
        await forget_originals(context.resources, keys)
        removed += len(batch)
        if not batch:
            break
    await activities.lock_athlete(context.session, athlete_id)
    await gear.forget_stravas(context.session, athlete_id, wanted.requested_at)
    await context.session.execute(delete(Purge).where(Purge.id == purge_id))
    record(
        context.session,
        QUEUE,
        actor=QUEUE,
        action="strava.purged",
        target=str(athlete_id),
        details={"recordings": removed},
    )


def _concerned(purge: Purge) -> list[ColumnElement[bool]]:
    """Recordings of the account; one that does not say its own is of the account that was left after it came."""
    unsaid = and_(Recording.strava_athlete_id.is_(None), Recording.created_at < purge.requested_at)
    of_account = or_(Recording.strava_athlete_id == int(purge.account), unsaid)
    return [Recording.athlete_id == purge.athlete_id, Recording.source == SOURCE, of_account]


async def _count(session: AsyncSession, purge: Purge) -> int:
    counted = select(func.count()).select_from(Recording).where(*_concerned(purge))
    return await session.scalar(counted) or 0


async def _oldest(session: AsyncSession, purge: Purge) -> Sequence[Recording]:
    chosen = select(Recording).where(*_concerned(purge))
    return (await session.scalars(chosen.order_by(Recording.created_at).limit(_BATCH))).all()


async def remove(session: AsyncSession, athlete_id: UUID, recordings: Sequence[Recording], reason: str) -> list[str]:
    """Delete recordings of one athlete; returns the originals that nothing refers to any more."""
    if not recordings:
        return []
    await activities.lock_athlete(session, athlete_id)
    keys = {each.object_key for each in recordings}
    for each in recordings:
        await remove_recording(session, each, reason, actor=SERVICE)
    kept = await session.scalars(select(Recording.object_key).where(Recording.object_key.in_(keys)))
    return sorted(keys - set(kept))


async def forget_originals(resources: Resources, keys: Sequence[str]) -> None:
    """Delete originals; one that cannot be is left to the sweep of orphans."""
    for key in keys:
        try:
            await resources.objects.delete(key)
        except ServiceError as error:
            get_logger().warning("original_not_deleted", error=error.detail)


async def count_affected(session: AsyncSession, purge: Purge) -> int:
    """How many activities have something that goes."""
    counted = select(func.count(Recording.activity_id.distinct())).where(*_concerned(purge))
    return await session.scalar(counted) or 0


async def expire(resources: Resources) -> None:
    """Delete what came from Strava longer ago than the operator's retention; what the athlete's files say stays.

    It is noted as not to come again, lest the next look at Strava bring it back.
    """
    days = settings_of(resources).strava_retention_days
    if days is None:
        return
    before = datetime.now(UTC) - timedelta(days=days)
    while True:
        async with resources.database.transaction() as session:
            chosen = (
                select(Recording)
                .where(Recording.source == SOURCE, Recording.created_at < before)
                .order_by(Recording.created_at)
                .limit(_BATCH)
            )
            expired = (await session.scalars(chosen)).all()
            keys = await _expire(session, expired, days)
        await forget_originals(resources, keys)
        if len(expired) < _BATCH:
            return


async def _expire(session: AsyncSession, expired: Sequence[Recording], days: float) -> list[str]:
    keys: list[str] = []
    for athlete_id in sorted({each.athlete_id for each in expired}):
        mine = [each for each in expired if each.athlete_id == athlete_id]
        for number in (each.strava_id for each in mine if each.strava_id is not None):
            await activities.bury(session, athlete_id, number, None)
        keys += await remove(session, athlete_id, mine, f"Data of Strava is kept for {days:g} days here.")
    return keys
