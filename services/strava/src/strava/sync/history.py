"""The jobs that bring what is missing: of late, and of all the years before."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from common.db.tables import Job
from common.jobrunner import JobContext
from common.jobs import JobFailed, JobPostponed
from strava.connections import repository as connections
from strava.remote.remote import Remote
from strava.remote.shapes import SummaryActivity
from strava.sync import progress, repository
from strava.sync.listing import UNUSABLE, pages, second_of
from strava.sync.queueing import OVERLAP, enqueue_activity, enqueue_history

_LOOKS_A_QUARTER = 30  # at how far the fetches have come


async def sync_recent(context: JobContext) -> None:
    """List what started after a moment, the newest first, and queue what is missing here.

    Each page is a stage of its own: it commits what it queued together with how far it came. Where the years before
    were never asked for, they come next.
    """
    payload = {"queued": 0, **context.payload}
    athlete_id = context.job.subject_id
    assert athlete_id is not None
    began, after = datetime.now(UTC), datetime.fromisoformat(context.payload["after"])
    async with context.resources.database.reading() as session:
        looked_before = await repository.has_synced(session, athlete_id)
    try:
        async for page in pages(context.resources, athlete_id, before=_before(context, began), after=after):
            oldest = page[-1].start_date
            done = (began - oldest) / (began - after) if began > after else 1.0
            async with context.resources.database.transaction() as session:
                payload["queued"] += await _queue_missing(session, athlete_id, page, fresh=looked_before)
                payload["before"] = second_of(page)
                await jobs.save_payload(session, context.job, payload)
                await jobs.report_progress(session, context.job, min(max(done, 0.0), 1.0))
    except UNUSABLE as error:
        raise JobFailed(error.detail) from error
    await repository.note_sync(context.session, athlete_id, began)
    if await connections.claim_history(context.session, athlete_id, began):
        await enqueue_history(context.session, athlete_id, since=context.job.id, queued=payload["queued"])


async def bring_history(context: JobContext) -> None:
    """List everything there ever was and queue what is missing, then wait until it is here.

    The fetches are jobs of their own, after everything newer; this one tells how far they have come.
    """
    athlete_id = context.job.subject_id
    assert athlete_id is not None
    if not context.payload["listed"]:
        await _list_history(context, athlete_id)
    async with context.resources.database.reading() as session:
        [counts] = await progress.counts(session, athlete_id, [await session.get_one(Job, context.job.id)])
    if counts.to_fetch == 0:
        return
    await context.report_progress(counts.share)
    pause = Remote.of(context.resources).quota.windows.grace * 300 / _LOOKS_A_QUARTER
    raise JobPostponed(datetime.now(UTC) + pause, counts.told())


async def _list_history(context: JobContext, athlete_id: UUID) -> None:
    payload = dict(context.payload)
    try:
        async for page in pages(context.resources, athlete_id, before=_before(context, datetime.now(UTC))):
            async with context.resources.database.transaction() as session:
                payload["queued"] += await _queue_missing(session, athlete_id, page, history=True)
                payload["before"] = second_of(page)
                await jobs.save_payload(session, context.job, payload)
    except UNUSABLE as error:
        raise JobFailed(error.detail) from error
    payload["listed"] = True
    async with context.resources.database.transaction() as session:
        await jobs.save_payload(session, context.job, payload)


def _before(context: JobContext, began: datetime) -> int:
    """The Unix second to list from: where an earlier attempt came to, else tomorrow, as clocks of devices are ahead."""
    return int(context.payload["before"] or (began + OVERLAP).timestamp()) + 1


async def _queue_missing(
    session: AsyncSession,
    athlete_id: UUID,
    page: list[SummaryActivity],
    *,
    history: bool = False,
    fresh: bool = False,
) -> int:
    """Queue what of a page is missing; return how many that are. What an earlier look did not find is ``fresh``."""
    present = await repository.present(session, athlete_id, [each.id for each in page])
    wanted = [each.id for each in page if each.id not in present]
    for strava_id in wanted:
        enqueue_activity(session, athlete_id, strava_id, urgent=False, missing=True, history=history, fresh=fresh)
    return len(wanted)
