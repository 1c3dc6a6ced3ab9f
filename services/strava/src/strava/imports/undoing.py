"""Taking a batch back, some files at a time, so that it may be large and the worker may die."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common.jobrunner import JobContext
from strava.activities.removal import remove_recording
from strava.activities.repository import lock_athlete
from strava.imports import repository
from strava.imports.repository import UNDONE

AT_ONCE = 20
REASON = "The import that brought it was taken back."


async def undo_import(context: JobContext) -> None:
    """Task of job kind ``undo-import``: each transaction takes some files back; what was taken back stays so."""
    import_id, athlete_id = UUID(context.payload["import_id"]), context.job.subject_id
    assert athlete_id is not None  # imports are somebody's
    async with context.resources.database.transaction() as session:
        await repository.drop_pending(session, import_id)
    while await _undo_some(context, athlete_id, import_id):
        async with context.resources.database.transaction() as session:
            batch = await repository.batch(session, athlete_id, import_id)
        if batch is not None:
            await context.report_progress(min(batch.done / batch.total, 0.99))
    await repository.settle_undone(context.session, import_id)


async def _undo_some(context: JobContext, athlete_id: UUID, import_id: UUID) -> bool:
    async with context.resources.database.transaction() as session:
        await lock_athlete(session, athlete_id)
        items = await repository.undoable(session, import_id, AT_ONCE)
        for item in items:
            await _take_back(session, item.recording_ids)
            item.state, item.reason, item.activity_ids, item.activities = UNDONE, REASON, [], []
        await session.flush()
    return bool(items)


async def _take_back(session: AsyncSession, recording_ids: list[UUID]) -> None:
    for recording in await repository.recordings(session, recording_ids):
        await remove_recording(session, recording, REASON, actor=str(recording.athlete_id))
