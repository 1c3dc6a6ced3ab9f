"""What the worker does: bring the picture of an activity in line with its track."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from common.db import after_commit
from common.jobrunner import JobContext, Task
from common.outbox import publish
from contracts.strava.streams import ActivityStreams
from contracts.thumbnails.events import PictureRendered
from thumbnails.models import Picture
from thumbnails.pictures import images, repository
from thumbnails.pictures.drawing import revision_of
from thumbnails.pictures.route import Route, pack, route_of
from thumbnails.store import activity_store

QUEUE = "thumbnails"
DRAW = "draw"
# The activity store may be away for hours: with the usual eight attempts two minutes would need a hand afterwards.
_ATTEMPTS = 20
_MOST_WEEKS = 32_000
"""What a priority can hold."""


def request_drawing(session: AsyncSession, activity_id: UUID, athlete_id: UUID, start: datetime | None = None) -> None:
    """Queue a look at the activity as it is then. Of those whose ``start`` is named the latest come first, by weeks."""
    payload = {"activity_id": str(activity_id)}
    age = datetime.now(UTC) - start if start else timedelta()
    weeks = min(max(age // timedelta(weeks=1), 0), _MOST_WEEKS)
    jobs.enqueue(session, DRAW, payload, queue=QUEUE, subject_id=athlete_id, priority=weeks, max_attempts=_ATTEMPTS)


async def draw(context: JobContext) -> None:
    """Read the activity's track while holding the activity, so of two jobs the later one has the newer reading."""
    session, activity_id = context.session, UUID(context.payload["activity_id"])
    await repository.lock_activity(session, activity_id)
    streams = await activity_store(context.resources).streams(activity_id, ["latlng"], cut=True)
    known = await repository.find(session, activity_id)
    if streams is not None:
        await _keep(context, streams, known)
    elif known is not None:
        await session.delete(known)
        folder = f"{images.FOLDER}/{activity_id}"
        after_commit(session, partial(images.remove, context.resources.objects, folder))


async def _keep(context: JobContext, streams: ActivityStreams, known: Picture | None) -> None:
    activity = streams.activity
    route = _route(streams)
    revision = None if route is None else revision_of(route)
    if known is not None and known.revision == revision:
        return
    before = known.revision if known else None
    picture = known or Picture(activity_id=activity.id)
    picture.athlete_id = activity.athlete_id
    picture.revision = revision
    picture.route = b"" if route is None else pack(route)
    picture.rendered_at = datetime.now(UTC)
    context.session.add(picture)
    if revision is not None:
        await images.ensure(context.resources.objects, picture, images.AHEAD)
    if revision != before:
        event = PictureRendered(activity_id=activity.id, athlete_id=activity.athlete_id, revision=revision)
        publish(context.session, event, queue=QUEUE)
    if before is not None:
        folder = f"{images.FOLDER}/{activity.id}/{before}"
        after_commit(context.session, partial(images.remove, context.resources.objects, folder))


def _route(streams: ActivityStreams) -> Route | None:
    latlng = streams.columns.get("latlng")
    return None if latlng is None else route_of(latlng)


TASKS: Mapping[str, Task] = {DRAW: draw}
