"""What other services read of an activity, with a service token."""

from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response

from common.route import DbSession, TransactionalRoute
from common.tokens import require_scope
from contracts.strava.api import STREAMS_MEDIA_TYPE, ActivitySummary
from contracts.strava.streams import ActivityStreams, encode
from strava.activities import repository
from strava.activities.service import ActivityMissing
from strava.models import Activity
from strava.privacy.cutting import without_positions
from strava.privacy.repository import zones

router = APIRouter(
    prefix="/internal/activities", route_class=TransactionalRoute, dependencies=[Depends(require_scope("internal"))]
)


@router.get("/{activity_id}", include_in_schema=False)
async def read_activity(session: DbSession, activity_id: UUID) -> ActivitySummary:
    """An activity without streams."""
    return summary_of(await _existing(session, activity_id))


@router.get("/{activity_id}/streams", include_in_schema=False)
async def read_streams(
    session: DbSession, activity_id: UUID, keys: Annotated[str, Query(max_length=200)] = "", *, cut: bool = False
) -> Response:
    """An activity and the streams of its primary recording, all or ``keys``, in the binary form of the contract.

    ``cut`` leaves out positions that privacy zones hide.
    """
    activity = await _existing(session, activity_id)
    recording = await repository.primary(session, activity.athlete_id, activity_id)
    wanted = keys.split(",") if keys else None
    columns = await repository.streams(session, recording.id, wanted) if recording else {}
    if cut and recording is not None:
        columns = without_positions(columns, await zones(session, activity.athlete_id))
    body = encode(ActivityStreams(summary_of(activity), columns))
    return Response(body, media_type=STREAMS_MEDIA_TYPE)


async def _existing(session: DbSession, activity_id: UUID) -> Activity:
    activity = await session.get(Activity, activity_id)
    if activity is None:
        raise ActivityMissing
    return activity


def summary_of(activity: Activity) -> ActivitySummary:
    local = activity.start_time.astimezone(ZoneInfo(activity.timezone))
    values = {name: getattr(activity, name) for name in ActivitySummary.model_fields if name != "start_time_local"}
    return ActivitySummary(**values, start_time_local=local)
