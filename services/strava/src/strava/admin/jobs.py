"""``/admin/activity-jobs``: what the queue of this service has done and has to do."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from common import audit, oversight
from common.db.engine import WAKE_KEY
from common.db.tables import Job, JobState
from common.errors import Conflict, InvalidInput, NotFound
from common.jobs import JobOut
from common.pagination import Keyset, Paging
from common.route import DbSession, ProcessResources, TransactionalRoute
from common.tokens import CurrentUser, require_role
from strava.admin.schemas import AdminJob, Cleared, JobList, JobWanted
from strava.connections import repository as connections
from strava.remote.errors import NotConnected
from strava.remote.remote import settings_of
from strava.sync.queueing import QUEUE, enqueue_activity, enqueue_sync

router = APIRouter(
    prefix="/admin/activity-jobs",
    tags=["admin"],
    route_class=TransactionalRoute,
    dependencies=[Depends(require_role("admin"))],
)

_LATEST = Keyset((Job.id, "desc"))
_RETRIED = (JobState.DEAD, JobState.FAILED)

State = Literal["queued", "running", "done", "failed", "dead"]


class JobMissing(NotFound):
    code = "job.not_found"
    title = "No such job"
    next_steps = "Read the list of jobs again; done and failed ones may have been cleared."


class JobNotEnded(Conflict):
    code = "job.not_ended"
    title = "This job has not failed"
    next_steps = "Only failed and dead jobs can be tried again; wait for this one."


class ActivityUnnamed(InvalidInput):
    code = "job.activity_unnamed"
    title = "Which activity is to be fetched?"
    next_steps = "Give strava_id, the activity's number at Strava."


@router.get("")
async def list_jobs(
    session: DbSession,
    paging: Paging,
    state: Annotated[State | None, Query(description="Only jobs in this state")] = None,
    kind: Annotated[str | None, Query(max_length=60, description="Only jobs of this kind")] = None,
) -> JobList:
    """Count the jobs by kind and state, and list them, the newest first."""
    chosen = [_LATEST.where(paging.cursor)]
    chosen += [Job.state == state] if state else []
    chosen += [Job.kind == kind.replace("\x00", "")] if kind else []
    rows = (
        await session.scalars(select(Job).where(*chosen).order_by(*_LATEST.order_by()).limit(paging.limit + 1))
    ).all()
    page = _LATEST.page(rows, paging.limit, lambda row: (row.id,), AdminJob.model_validate)
    return JobList(statistics=await oversight.jobs(session), items=page.items, next_cursor=page.next_cursor)


@router.post("", status_code=202)
async def enqueue_job(
    session: DbSession, resources: ProcessResources, identity: CurrentUser, wanted: JobWanted
) -> JobOut:
    """Have an athlete's activities listed at Strava, or one of them fetched."""
    if await connections.find(session, wanted.athlete_id) is None:
        raise NotConnected
    if wanted.kind == "activity":
        if wanted.strava_id is None:
            raise ActivityUnnamed
        job_id = enqueue_activity(session, wanted.athlete_id, int(wanted.strava_id), urgent=True)
    else:
        recent = datetime.now(UTC) - timedelta(days=settings_of(resources).strava_recent_days)
        job_id = await enqueue_sync(session, wanted.athlete_id, wanted.after or recent)
    _audit(session, identity.subject, "job.enqueued", job_id, kind=wanted.kind, athlete_id=str(wanted.athlete_id))
    await session.flush()
    return JobOut.model_validate(await session.get_one(Job, job_id, populate_existing=True))


@router.delete("")
async def clear_jobs(
    session: DbSession,
    identity: CurrentUser,
    state: Annotated[list[Literal["done", "failed"]] | None, Query(description="Both when left out")] = None,
) -> Cleared:
    """Delete jobs that are done or were refused. What is dead stays: it is tried again or kept as a record."""
    states = state or ["done", "failed"]
    deleted = len((await session.execute(delete(Job).where(Job.state.in_(states)).returning(Job.id))).all())
    audit.record(
        session,
        QUEUE,
        actor=identity.subject,
        action="job.cleared",
        target=",".join(sorted(states)),
        details={"deleted": deleted},
    )
    return Cleared(deleted=deleted)


@router.post("/{job_id}/retry", status_code=202)
async def retry_job(session: DbSession, identity: CurrentUser, job_id: UUID) -> JobOut:
    """Try a failed or dead job again, with all its attempts."""
    job: Job | None = await session.scalar(select(Job).where(Job.id == job_id).with_for_update())
    if job is None:
        raise JobMissing
    if job.state not in _RETRIED:
        raise JobNotEnded
    await _queue_again(session, [job_id])
    _audit(session, identity.subject, "job.retried", job_id, kind=job.kind)
    return JobOut.model_validate(await session.get_one(Job, job_id, populate_existing=True))


async def _queue_again(session: AsyncSession, ids: Sequence[UUID]) -> None:
    await session.execute(
        update(Job)
        .where(Job.id.in_(ids))
        .values(state=JobState.QUEUED, attempts=0, run_after=func.now(), updated_at=func.now(), reason=None)
        .execution_options(synchronize_session=False)
    )
    session.info.setdefault(WAKE_KEY, set()).add(QUEUE)


def _audit(session: AsyncSession, actor: str, action: str, job_id: UUID, **details: Any) -> None:
    audit.record(session, QUEUE, actor=actor, action=action, target=str(job_id), details=details)
