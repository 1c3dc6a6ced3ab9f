"""Taking in what is to be sent to Strava."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from common.audit import record
from common.context import request_id
from common.ids import uuid7
from strava.activities import service as activities
from strava.activities.repository import lock_athlete, recordings
from strava.connections import repository as connections
from strava.models import Activity, Push
from strava.push import repository
from strava.push.errors import AlreadyThere, NoFile, NotCompleted, PushMissing
from strava.push.schemas import ManualWanted
from strava.remote.errors import ConnectionDegraded, NotConnected, WriteScopeMissing
from strava.remote.oauth import WRITING
from strava.sync.queueing import PUSH, QUEUE, URGENT

_FILES = ("fit", "gpx", "tcx")
_CLOCKS_DIFFER = timedelta(minutes=2)


async def require_writing(session: AsyncSession, athlete_id: UUID) -> None:
    """Raises ``NotConnected``, ``ConnectionDegraded`` or ``WriteScopeMissing``."""
    connection = await connections.find(session, athlete_id)
    if connection is None:
        raise NotConnected
    if connection.state != connections.CONNECTED:
        raise ConnectionDegraded
    if WRITING not in connection.scopes:
        raise WriteScopeMissing


async def find(session: AsyncSession, athlete_id: UUID, push_id: UUID) -> Push:
    """Return what the athlete sent. Raises ``PushMissing``."""
    push = await repository.owned(session, athlete_id, push_id)
    if push is None:
        raise PushMissing
    return push


async def upload(session: AsyncSession, athlete_id: UUID, activity_id: UUID) -> Push:
    """Queue the upload of an activity's file; one that is on its way is given instead."""
    activity = await _sendable(session, athlete_id, activity_id)
    if underway := await repository.open_of(session, activity.id):
        return underway
    if not any(each.format in _FILES for each in await recordings(session, activity.id)):
        raise NoFile
    words = {"name": activity.name, "description": activity.description}
    return await _queue(session, athlete_id, "upload", {name: text for name, text in words.items() if text}, activity)


async def enter(session: AsyncSession, athlete_id: UUID, wanted: ManualWanted) -> Push:
    """Queue an entry by hand; one of the same activity that is on its way is given instead."""
    if wanted.activity_id is None:
        await require_writing(session, athlete_id)
        return await _queue(session, athlete_id, "manual", _fields_given(wanted), None)
    activity = await _sendable(session, athlete_id, wanted.activity_id)
    if underway := await repository.open_of(session, activity.id):
        return underway
    return await _queue(session, athlete_id, "manual", _fields_of(activity), activity)


async def _sendable(session: AsyncSession, athlete_id: UUID, activity_id: UUID) -> Activity:
    activity = await activities.find(session, athlete_id, activity_id)
    await require_writing(session, athlete_id)
    await lock_athlete(session, athlete_id)
    if await repository.number_at_strava(session, athlete_id, activity.id) is not None:
        raise AlreadyThere
    return activity


def _fields_given(wanted: ManualWanted) -> dict[str, Any]:
    assert wanted.start_time is not None
    assert wanted.elapsed_time is not None
    values = {"name": wanted.name, "sport_type": wanted.sport, "distance": wanted.distance}
    return _fields(wanted.start_time, wanted.elapsed_time, values | {"description": wanted.description})


def _fields_of(activity: Activity) -> dict[str, Any]:
    local = activity.start_time.astimezone(ZoneInfo(activity.timezone))
    values = {"name": activity.name, "sport_type": activity.sport, "distance": activity.distance}
    return _fields(local, activity.elapsed_time, values | {"description": activity.description})


def _fields(start: datetime, elapsed_time: float, values: dict[str, Any]) -> dict[str, Any]:
    """What ``POST /activities`` takes; the clock of the place stands in ``start_date_local``."""
    now = datetime.now(UTC) + _CLOCKS_DIFFER
    if start > now or (now - start).total_seconds() < elapsed_time:
        raise NotCompleted
    fields = {name: value for name, value in values.items() if value}
    return fields | {
        "start_date_local": f"{start.replace(tzinfo=None, microsecond=0).isoformat()}Z",
        "elapsed_time": max(1, round(elapsed_time)),
    }


async def _queue(
    session: AsyncSession, athlete_id: UUID, kind: str, fields: dict[str, Any], activity: Activity | None
) -> Push:
    now = datetime.now(UTC)
    push = Push(
        id=uuid7(),
        athlete_id=athlete_id,
        kind=kind,
        activity_id=activity.id if activity else None,
        state="queued",
        fields=fields,
        req_id=request_id.get(),
        created_at=now,
        updated_at=now,
    )
    session.add(push)
    await session.flush()
    payload = {"push_id": str(push.id), "checks": 0}
    jobs.enqueue(session, PUSH, payload, queue=QUEUE, subject_id=athlete_id, priority=URGENT)
    target = str(push.activity_id or push.id)
    record(session, QUEUE, actor=str(athlete_id), action=f"strava.{kind}_requested", target=target)
    return push
