"""Moving recordings between activities by hand; nothing here is undone by a later import or sync.

What is known by its content or by its number at Strava stays in the activity that it is in, wherever that is.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from common.errors import Conflict, InvalidInput, NotFound
from common.ids import uuid7
from common.outbox import publish
from contracts.strava.events import ActivityCreated
from strava.activities import repository
from strava.activities.figures import take_figures
from strava.activities.naming import default_name, usable_name
from strava.activities.removal import announce_end
from strava.activities.store import QUEUE, audit, settle
from strava.gear.repository import default_for
from strava.models import Activity, Recording

MERGED = "Merged by hand."
UNMERGED = "Made an activity of its own by hand."


class RecordingMissing(NotFound):
    code = "recording.not_found"
    title = "No such recording"
    next_steps = "Check the id; GET /activities/{id} lists the recordings of an activity."


class OnlyRecording(Conflict):
    code = "recording.only_one"
    title = "The activity has no other recording"
    next_steps = "There is nothing to separate: the activity is this recording."


class AlreadyThere(InvalidInput):
    code = "recording.already_there"
    title = "It belongs to this activity already"
    next_steps = "Name another activity, or a recording of another activity."


async def merge(session: AsyncSession, target: Activity, source: Activity, recordings: Sequence[Recording]) -> None:
    """Move recordings of one activity to another; the activity that has none left goes, its words may stay.

    The caller holds ``lock_athlete``. Raises ``AlreadyThere``.
    """
    if source.id == target.id:
        raise AlreadyThere
    for recording in recordings:
        recording.activity_id, recording.primary, recording.reason = target.id, False, MERGED
    await session.flush()
    words: list[str] = []
    if await repository.recordings(session, source.id):
        reason = f"One recording less: moved by hand to {target.id}."
        audit(session, source.id, source.athlete_id, "updated", reason, actor=str(source.athlete_id), by_hand=True)
        await settle(session, source)
    else:
        words = _take_over(target, source)
        await _remove(session, source, f"Merged by hand into {target.id}.")
    reason = f"Merged by hand, out of {source.id}: {', '.join(each.file_name for each in recordings)}."
    audit(session, target.id, target.athlete_id, "merged", reason, actor=str(target.athlete_id), by_hand=True)
    await settle(session, target, words)
    await session.flush()


async def unmerge(session: AsyncSession, activity: Activity, recording_id: UUID) -> Activity:
    """Make an activity of its own of a recording. The caller holds ``lock_athlete``.

    Raises ``RecordingMissing``, ``OnlyRecording``.
    """
    recordings = await repository.recordings(session, activity.id)
    recording = next((each for each in recordings if each.id == recording_id), None)
    if recording is None:
        raise RecordingMissing
    if len(recordings) == 1:
        raise OnlyRecording
    made = await _activity_of(session, activity, recording)
    recording.activity_id, recording.primary, recording.reason = made.id, True, UNMERGED
    await session.flush()
    reason = f"{recording.file_name} was made an activity of its own by hand: {made.id}."
    audit(session, activity.id, activity.athlete_id, "unmerged", reason, actor=str(activity.athlete_id), by_hand=True)
    await settle(session, activity)
    await session.flush()
    return made


async def _activity_of(session: AsyncSession, former: Activity, recording: Recording) -> Activity:
    """Make the activity whose only recording it is, and tell of it."""
    zone = recording.summary["timezone"] or former.timezone
    named = usable_name(recording.summary.get("name"))
    made = Activity(
        id=uuid7(),
        athlete_id=former.athlete_id,
        version=1,
        name=named or default_name(recording.sport, recording.start_time.astimezone(ZoneInfo(zone))),
        description=recording.summary.get("description") or "",
        timezone=zone,
        source=recording.source,
        sources=[recording.source],
        strava_id=recording.strava_id,
        gear_id=await default_for(session, former.athlete_id, recording.sport),
        edited=[],
    )
    now = datetime.now(UTC)
    made.created_at, made.updated_at = now, now
    take_figures(made, recording, [recording])
    session.add(made)
    await session.flush()
    reason = f"Separated by hand from {former.id}."
    audit(session, made.id, made.athlete_id, "created", reason, actor=str(made.athlete_id), by_hand=True)
    event = ActivityCreated(
        activity_id=made.id,
        athlete_id=made.athlete_id,
        version=1,
        sport=made.sport,
        start_time=made.start_time,
    )
    publish(session, event, queue=QUEUE)
    await repository.count_list_version_up(session, made.athlete_id)
    return made


def _take_over(target: Activity, source: Activity) -> list[str]:
    """Keep what the athlete chose for the activity that goes, where the other has nothing of that kind; say what."""
    unnamed = default_name(target.sport, target.start_time.astimezone(ZoneInfo(target.timezone)))
    other = default_name(source.sport, source.start_time.astimezone(ZoneInfo(source.timezone)))
    taken = []
    if target.name == unnamed and source.name != other and "name" not in target.edited:
        taken.append("name")
    if not target.description and source.description:
        taken.append("description")
    if target.gear_id is None and source.gear_id is not None and "gear_id" not in target.edited:
        taken.append("gear_id")
    for field in taken:
        setattr(target, field, getattr(source, field))
    target.edited = sorted({*target.edited, *(field for field in taken if field in source.edited)})
    return taken


async def _remove(session: AsyncSession, activity: Activity, reason: str) -> None:
    await announce_end(session, activity, reason, actor=str(activity.athlete_id), by_hand=True)
    await session.execute(delete(Activity).where(Activity.id == activity.id))
    session.expunge(activity)
