"""Taking back what a source no longer has: its recording goes, and the activity with it when nothing else is left."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from common.outbox import publish
from contracts.strava.events import ActivityDeleted
from strava.activities import repository
from strava.activities.naming import default_name, usable_name
from strava.activities.store import QUEUE, audit, settle
from strava.models import Activity, Recording


async def remove_recording(session: AsyncSession, recording: Recording, reason: str, *, actor: str) -> None:
    """Delete a recording; the next becomes primary, or the activity goes. The caller holds ``lock_athlete``.

    Words that only it gave go with it. Its original is left to the sweep of orphans.
    """
    activity = await session.get_one(Activity, recording.activity_id, with_for_update=True)
    await session.execute(delete(Recording).where(Recording.id == recording.id))
    session.expunge(recording)
    if left := await repository.recordings(session, activity.id):
        audit(session, activity.id, activity.athlete_id, "updated", f"One recording less: {reason}", actor=actor)
        await settle(session, activity, _give_back(activity, recording, left))
        return
    await announce_end(session, activity, reason, actor=actor)
    await session.execute(delete(Activity).where(Activity.id == activity.id))


async def announce_end(
    session: AsyncSession, activity: Activity, reason: str, *, actor: str, by_hand: bool = False
) -> None:
    """Tell the history, the audit log and the other services that the activity goes with this transaction."""
    event = ActivityDeleted(activity_id=activity.id, athlete_id=activity.athlete_id, version=activity.version + 1)
    publish(session, event, queue=QUEUE)
    audit(session, activity.id, activity.athlete_id, "deleted", reason, actor=actor, by_hand=by_hand)
    await repository.count_list_version_up(session, activity.athlete_id)


def _give_back(activity: Activity, gone: Recording, left: Sequence[Recording]) -> list[str]:
    """Put other words where the activity has those of a recording that goes; say which."""
    unnamed = default_name(activity.sport, activity.start_time.astimezone(ZoneInfo(activity.timezone)))
    names = [name for each in left if (name := usable_name(each.summary.get("name")))]
    notes = [each.summary["description"] for each in left if each.summary.get("description")]
    others = {
        "name": (usable_name(gone.summary.get("name")), [*names, unnamed][0]),
        "description": (gone.summary.get("description"), [*notes, ""][0]),
    }
    changed = [
        field
        for field, (given, other) in others.items()
        if given and getattr(activity, field) == given != other and field not in activity.edited
    ]
    for field in changed:
        setattr(activity, field, others[field][1])
    return changed
