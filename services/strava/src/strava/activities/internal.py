"""What other services read of an activity, with a service token."""

from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Response

from common.route import DbSession, TransactionalRoute
from common.tokens import require_scope
from contracts.strava.api import STREAMS_MEDIA_TYPE, ActivitySummary
from contracts.strava.streams import ActivityStreams, encode
from strava.activities import repository
from strava.activities.service import ActivityMissing
from strava.models import Activity

router = APIRouter(
    prefix="/internal/activities", route_class=TransactionalRoute, dependencies=[Depends(require_scope("internal"))]
)


@router.get("/{activity_id}/streams", include_in_schema=False)
async def read_streams(session: DbSession, activity_id: UUID) -> Response:
    """An activity and the streams of its primary recording, in the binary form of the contract."""
    activity = await session.get(Activity, activity_id)
    if activity is None:
        raise ActivityMissing
    recording = await repository.primary(session, activity.athlete_id, activity_id)
    columns = await repository.streams(session, recording.id) if recording else {}
    body = encode(ActivityStreams(summary_of(activity), columns))
    return Response(body, media_type=STREAMS_MEDIA_TYPE)


def summary_of(activity: Activity) -> ActivitySummary:
    local = activity.start_time.astimezone(ZoneInfo(activity.timezone))
    values = {name: getattr(activity, name) for name in ActivitySummary.model_fields if name != "start_time_local"}
    return ActivitySummary(**values, start_time_local=local)
