"""Writing an activity's description at Strava."""

from functools import partial
from uuid import UUID

from common.audit import record
from common.http import UpstreamRejected
from common.resources import Resources
from strava.connections.tokens import SERVICE, TokenKeeper
from strava.live.service import StravaActivityMissing, number_of
from strava.push import service
from strava.push.describing import Effort, plan_versus_actual, with_block
from strava.push.errors import Refused
from strava.push.schemas import DescriptionOut, DescriptionWanted, Planned
from strava.remote.errors import Overlaps, StravaNotFound
from strava.remote.remote import Remote
from strava.remote.shapes import DetailedActivity


async def write(resources: Resources, athlete_id: UUID, reference: str, wanted: DescriptionWanted) -> DescriptionOut:
    """Write the description; nothing is held open while Strava answers.

    Raises ``StravaActivityMissing``, ``NotAtStrava`` and what any call may.
    """
    remote, keeper = Remote.of(resources), TokenKeeper.of(resources)
    async with resources.database.reading() as session:
        strava_id = await number_of(session, athlete_id, reference)
        await service.require_writing(session, athlete_id)
    try:
        text = wanted.text
        if text is None:
            now = await keeper.with_token(athlete_id, partial(remote.api.activity, activity_id=strava_id, urgent=True))
            assert wanted.planned is not None
            text = _compared(wanted.planned, now)
        written = await keeper.with_token(athlete_id, partial(remote.writing.describe, strava_id=strava_id, text=text))
    except StravaNotFound:
        raise StravaActivityMissing from None
    except (UpstreamRejected, Overlaps) as refused:
        raise Refused from refused
    async with resources.database.transaction() as session:
        record(session, SERVICE, actor=str(athlete_id), action="strava.description_written", target=str(strava_id))
    return DescriptionOut(strava_id=str(strava_id), description=written.description or "")


def _compared(planned: Planned, activity: DetailedActivity) -> str:
    meant = Effort(planned.distance, planned.duration, planned.name)
    done = Effort(activity.distance, activity.moving_time or activity.elapsed_time)
    return with_block(activity.description or "", plan_versus_actual(meant, done))
