"""Taking back what a source no longer has: its recording goes, and the activity with it when nothing else is left."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from common.outbox import publish
from contracts.strava.events import ActivityDeleted
from strava.activities import repository
from strava.activities.store import QUEUE, audit, settle
from strava.models import Activity, Recording


async def remove_recording(session: AsyncSession, recording: Recording, reason: str) -> None:
    """Delete a recording; the next becomes primary, or the activity goes. The caller holds ``lock_athlete``.

    Its original is left to the sweep of orphans.
    """
    activity = await session.get_one(Activity, recording.activity_id, with_for_update=True)
    await session.execute(delete(Recording).where(Recording.id == recording.id))
    session.expunge(recording)
    if await repository.recordings(session, activity.id):
        audit(session, activity.id, activity.athlete_id, "updated", f"One recording less: {reason}")
        await settle(session, activity)
        return
    event = ActivityDeleted(activity_id=activity.id, athlete_id=activity.athlete_id, version=activity.version + 1)
    publish(session, event, queue=QUEUE)
    audit(session, activity.id, activity.athlete_id, "deleted", reason)
    await repository.count_list_version_up(session, activity.athlete_id)
    await session.execute(delete(Activity).where(Activity.id == activity.id))
