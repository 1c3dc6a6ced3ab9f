"""``/admin/sync-streams``: whose activities have samples, and fetching those that lack them."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from common import audit, jobs
from common.db.tables import Job, JobState
from common.jobrunner import JobContext
from common.jobs import JobOut
from common.pagination import Keyset, Page, Paging
from common.route import DbSession, TransactionalRoute
from common.tokens import CurrentUser, require_role
from strava.admin.schemas import AthleteStreams, AthleteWanted, Queued
from strava.connections import repository as connections
from strava.models import Connection, Recording
from strava.remote.errors import NotConnected
from strava.sync import repository as sync
from strava.sync.queueing import QUEUE, enqueue_activity

SYNC_STREAMS = "sync-streams"
_BACKGROUND = 10
_BATCH = 200
_OPEN = (JobState.QUEUED, JobState.RUNNING)

router = APIRouter(
    prefix="/admin/sync-streams",
    tags=["admin"],
    route_class=TransactionalRoute,
    dependencies=[Depends(require_role("admin"))],
)

_BY_ATHLETE = Keyset((Recording.athlete_id, "asc"))
_HAS = func.jsonb_array_length(Recording.summary["streams"]) > 0
LACKING: ColumnElement[bool] = and_(
    Recording.primary,
    Recording.source == "strava",
    ~_HAS,
    Recording.streamless.is_distinct_from("none"),
)
"""Activities of Strava that have no samples here, and of which Strava has not said that there are none."""


@router.get("")
async def list_streams(session: DbSession, paging: Paging) -> Page[AthleteStreams]:
    """Count, per athlete, the activities that have samples, lack them, and cannot have any."""
    rows = (
        await session.execute(
            select(
                Recording.athlete_id,
                func.count().filter(_HAS).label("with_streams"),
                func.count().filter(LACKING).label("lacking"),
                func.count().label("total"),
            )
            .where(Recording.primary, _BY_ATHLETE.where(paging.cursor))
            .group_by(Recording.athlete_id)
            .order_by(*_BY_ATHLETE.order_by())
            .limit(paging.limit + 1)
        )
    ).all()
    running = await _open_jobs(session, [row.athlete_id for row in rows])
    return _BY_ATHLETE.page(
        rows,
        paging.limit,
        lambda row: (row.athlete_id,),
        lambda row: AthleteStreams(
            athlete_id=row.athlete_id,
            with_streams=row.with_streams,
            lacking=row.lacking,
            without=row.total - row.with_streams - row.lacking,
            job=running.get(row.athlete_id),
        ),
    )


@router.post("", status_code=202)
async def sync_streams(session: DbSession, identity: CurrentUser, wanted: AthleteWanted | None = None) -> Queued:
    """Fetch samples from Strava for the activities that lack them, of one athlete or of everybody connected."""
    athletes = await _connected(session, wanted.athlete_id if wanted else None)
    known = await _open_jobs(session, athletes)
    for athlete_id in athletes:
        if athlete_id not in known:
            jobs.enqueue(session, SYNC_STREAMS, {}, queue=QUEUE, subject_id=athlete_id, priority=_BACKGROUND)
    target = str(wanted.athlete_id) if wanted and wanted.athlete_id else "everybody"
    audit.record(session, QUEUE, actor=identity.subject, action="streams.sync_requested", target=target)
    await session.flush()
    queued = await _open_jobs(session, athletes)
    return Queued(jobs=[queued[athlete_id] for athlete_id in athletes if athlete_id in queued])


async def _connected(session: AsyncSession, athlete_id: UUID | None) -> Sequence[UUID]:
    """Raises ``NotConnected`` for one athlete who is not."""
    if athlete_id is None:
        return (await session.scalars(select(Connection.athlete_id).order_by(Connection.athlete_id))).all()
    if await connections.find(session, athlete_id) is None:
        raise NotConnected
    return [athlete_id]


async def _open_jobs(session: AsyncSession, athletes: Sequence[UUID]) -> dict[UUID, JobOut]:
    chosen = Job.subject_id.in_(athletes), Job.kind == SYNC_STREAMS, Job.state.in_(_OPEN)
    rows = await session.scalars(select(Job).where(*chosen))
    return {job.subject_id: JobOut.model_validate(job) for job in rows if job.subject_id}


async def queue_lacking(context: JobContext) -> None:
    """Queue a fetch for each of the athlete's activities that lack samples; what is queued already is left."""
    athlete_id = context.job.subject_id
    assert athlete_id is not None
    numbers = [
        number
        for number in await context.session.scalars(
            select(Recording.strava_id).where(Recording.athlete_id == athlete_id, LACKING).order_by(Recording.strava_id)
        )
        if number is not None
    ]
    for start in range(0, len(numbers), _BATCH):
        batch = numbers[start : start + _BATCH]
        coming = await sync.coming(context.session, athlete_id, batch)
        for number in (each for each in batch if each not in coming):
            enqueue_activity(context.session, athlete_id, number, urgent=False)
        await context.session.flush()
        await context.report_progress(min((start + _BATCH) / len(numbers), 1.0))
