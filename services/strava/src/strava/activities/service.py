"""What an athlete can do with an activity."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common.db import after_commit
from common.errors import NotFound, ServiceError
from common.logs import get_logger
from common.outbox import publish
from common.storage import ObjectStore
from contracts.strava.events import ActivityDeleted
from strava.activities import repository
from strava.activities.listing import COLUMNS, rendered
from strava.activities.pictures import PictureAddresses
from strava.activities.schemas import ActivityChange, ActivityDetail, RecordingOut, SplitOut
from strava.activities.store import QUEUE, audit, touch
from strava.models import Activity, Recording


class ActivityMissing(NotFound):
    code = "activity.not_found"
    title = "No such activity"
    next_steps = "Check the id; the activity may have been deleted."


async def find(session: AsyncSession, athlete_id: UUID, activity_id: UUID, *, lock: bool = False) -> Activity:
    """Return the athlete's activity. Raises ``ActivityMissing``, also for one of somebody else."""
    activity = await repository.owned(session, athlete_id, activity_id, lock=lock)
    if activity is None:
        raise ActivityMissing
    return activity


async def find_primary(session: AsyncSession, athlete_id: UUID, activity_id: UUID) -> Recording:
    """Return the primary recording of the athlete's activity. Raises ``ActivityMissing``."""
    recording = await repository.primary(session, athlete_id, activity_id)
    if recording is None:
        raise ActivityMissing
    return recording


def item_of(activity: Activity, addresses: PictureAddresses) -> dict[str, Any]:
    """An activity as it stands in lists."""
    return rendered({column.key: getattr(activity, column.key) for column in COLUMNS}, addresses)


async def detail_of(session: AsyncSession, activity: Activity, addresses: PictureAddresses) -> ActivityDetail:
    """The activity with its recordings."""
    recordings = await repository.recordings(session, activity.id)
    return ActivityDetail(
        **item_of(activity, addresses),
        description=activity.description,
        edited=activity.edited,
        recordings=[RecordingOut.model_validate(each) for each in recordings],
    )


async def change(session: AsyncSession, activity: Activity, wanted: ActivityChange) -> None:
    """Set fields by hand; they stay whatever recordings come later."""
    changed = [name for name in sorted(wanted.model_fields_set) if getattr(activity, name) != getattr(wanted, name)]
    if not changed:
        return
    for name in changed:
        setattr(activity, name, getattr(wanted, name))
    activity.edited = sorted({*activity.edited, *changed})
    audit(session, activity.id, activity.athlete_id, "updated", f"Edited by hand: {', '.join(changed)}.")
    await touch(session, activity, changed)
    await session.flush()


async def delete(session: AsyncSession, objects: ObjectStore, activity: Activity) -> None:
    """Delete the activity with its recordings, and after the commit the originals nothing else refers to."""
    event = ActivityDeleted(activity_id=activity.id, athlete_id=activity.athlete_id, version=activity.version + 1)
    publish(session, event, queue=QUEUE)
    audit(session, activity.id, activity.athlete_id, "deleted", "Deleted by the athlete.")
    await repository.count_list_version_up(session, activity.athlete_id)
    orphans = await repository.remove(session, activity)

    async def remove_originals() -> None:
        for key in orphans:
            try:
                await objects.delete(key)
            except ServiceError as error:
                get_logger().warning("original_not_deleted", error=error.detail)

    after_commit(session, remove_originals)


async def splits_of(session: AsyncSession, recording: Recording, unit: str) -> Sequence[SplitOut]:
    """Splits by kilometre or mile, or the laps in the same shape."""
    if unit != "lap":
        return [SplitOut.model_validate(row) for row in await repository.splits(session, recording.id, unit)]
    return [
        SplitOut(
            index=lap.lap_index,
            distance=lap.distance,
            moving_time=lap.moving_time,
            elapsed_time=lap.elapsed_time,
            average_speed=lap.average_speed,
            elevation_difference=None,
            average_heartrate=lap.average_heartrate,
            grade_adjusted_speed=None,
            partial=False,
        )
        for lap in await repository.laps(session, recording.id)
    ]
