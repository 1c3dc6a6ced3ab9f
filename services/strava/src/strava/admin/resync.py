"""``/admin/resync``: figures computed again from the stored samples, and what came from Strava asked for again."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from common import audit, jobs
from common.db.tables import Job
from common.jobrunner import JobContext
from common.jobs import JobOut
from common.route import DbSession, TransactionalRoute
from common.tokens import CurrentUser, require_role
from strava.activities import repository as activities
from strava.activities.parsed import SERVICE
from strava.activities.recomputing import recompute
from strava.admin.schemas import ResyncWanted
from strava.connections import repository as connections
from strava.models import Recording
from strava.sync.queueing import QUEUE, enqueue_activity

RESYNC = "resync"
_BACKGROUND = 10
_BATCH = 20

router = APIRouter(
    prefix="/admin/resync",
    tags=["admin"],
    route_class=TransactionalRoute,
    dependencies=[Depends(require_role("admin"))],
)


@router.post("", status_code=202)
async def resync(session: DbSession, identity: CurrentUser, wanted: ResyncWanted | None = None) -> JobOut:
    """Compute figures again from the stored samples, of one athlete or of everybody; what is edited by hand stays."""
    chosen = wanted or ResyncWanted()
    payload = {**chosen.model_dump(mode="json"), "actor": identity.subject}
    job_id = jobs.enqueue(session, RESYNC, payload, queue=QUEUE, subject_id=chosen.athlete_id, priority=_BACKGROUND)
    audit.record(
        session,
        QUEUE,
        actor=identity.subject,
        action="activity.resync_requested",
        target=str(chosen.athlete_id or "everybody"),
        details={"fields": chosen.fields or "all", "refetch": chosen.refetch},
    )
    await session.flush()
    return JobOut.model_validate(await session.get_one(Job, job_id, populate_existing=True))


async def carry_out(context: JobContext) -> None:
    """Go through the recordings in stages; each commits what it changed together with how far it came."""
    payload = dict(context.payload)
    wanted = ResyncWanted.model_validate({name: payload[name] for name in ResyncWanted.model_fields})
    async with context.resources.database.reading() as session:
        total = await session.scalar(select(func.count()).where(*_chosen(wanted, None))) or 0
    while True:
        async with context.resources.database.transaction() as session:
            batch = await _next(session, wanted, payload.get("after"))
            if not batch:
                return
            for recording_id in batch:
                await _renew(session, recording_id, wanted, actor=payload.get("actor", SERVICE))
            payload |= {"after": str(batch[-1]), "done": int(payload.get("done", 0)) + len(batch)}
            await jobs.save_payload(session, context.job, payload)
            await jobs.report_progress(session, context.job, min(payload["done"] / max(total, 1), 1.0))


def _chosen(wanted: ResyncWanted, after: str | None) -> list[ColumnElement[bool]]:
    whose = [Recording.athlete_id == wanted.athlete_id] if wanted.athlete_id else []
    return [*whose, *([Recording.id > UUID(after)] if after else [])] or [true()]


async def _next(session: AsyncSession, wanted: ResyncWanted, after: str | None) -> Sequence[UUID]:
    chosen = select(Recording.id).where(*_chosen(wanted, after)).order_by(Recording.id).limit(_BATCH)
    return (await session.scalars(chosen)).all()


async def _renew(session: AsyncSession, recording_id: UUID, wanted: ResyncWanted, *, actor: str) -> None:
    recording = await session.get(Recording, recording_id)
    if recording is None:
        return
    await activities.lock_athlete(session, recording.athlete_id)
    recording = await session.get(Recording, recording_id, populate_existing=True)
    if recording is None:  # gone while somebody else had the athlete
        return
    await recompute(session, recording, wanted.fields, actor=actor)
    if wanted.refetch and recording.strava_id is not None:
        connection = await connections.find(session, recording.athlete_id)
        if connection is not None and connection.state == connections.CONNECTED:
            enqueue_activity(session, recording.athlete_id, recording.strava_id, urgent=False)
