"""Runs follow the activities they were made from."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from contracts.strava.api import ActivitySummary
from trainer import versions
from trainer.runs import repository, service
from trainer.runs.schemas import RUNNING

SERVICE = "trainer"
SYNC = "sync-activity"

# The activity store may be away for hours: with the usual eight attempts two minutes would need a hand afterwards.
_ATTEMPTS = 20


def request_sync(session: AsyncSession, activity_id: UUID, athlete_id: UUID) -> None:
    """Queue a look at the activity as it is then."""
    payload = {"activity_id": str(activity_id)}
    jobs.enqueue(session, SYNC, payload, queue=SERVICE, subject_id=athlete_id, max_attempts=_ATTEMPTS)


async def sync(session: AsyncSession, activity_id: UUID, activity: ActivitySummary | None) -> None:
    """Bring the run of an activity in line: make, change or remove it. The caller holds the activity.

    An activity older than the newest seen changes nothing.
    """
    run = await repository.of_activity(session, activity_id)
    if activity is not None and run is not None and activity.version <= run["activity_version"]:
        return
    if activity is not None and activity.sport in RUNNING:
        await _take(session, activity, run)
    elif run is not None:
        await versions.hold(session, run["athlete_id"])
        run = await service.find(session, run["athlete_id"], run["id"])
        await service.remove(session, run["athlete_id"], run, actor=SERVICE)


async def _take(session: AsyncSession, activity: ActivitySummary, known: service.Stored | None) -> None:
    athlete_id = activity.athlete_id
    await versions.hold(session, athlete_id)
    columns = _columns(activity)
    if known is None:
        origin = {"activity_id": activity.id, "activity_version": activity.version}
        await service.add(session, athlete_id, {**columns, **origin}, actor=SERVICE)
        return
    run = await service.find(session, athlete_id, known["id"])  # again: the athlete may have changed it meanwhile
    if run["named_by_hand"]:
        columns.pop("name")
    await repository.see(session, run["id"], activity.version)
    await service.update(session, athlete_id, run, columns, actor=SERVICE)


def _columns(activity: ActivitySummary) -> dict[str, Any]:
    """What a run takes from its activity; its day is the one where it was run."""
    return {
        "date": activity.start_time_local.date(),
        "name": activity.name,
        "sport": activity.sport,
        "start_time": activity.start_time,
        "timezone": activity.timezone,
        "distance": activity.distance,
        "duration": activity.moving_time,
        "elapsed_time": activity.elapsed_time,
        "average_heartrate": activity.average_heartrate,
    }
