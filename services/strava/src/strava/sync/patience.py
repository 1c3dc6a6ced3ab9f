"""Waiting for Strava: limits and outages postpone a job, they never use it up."""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from common.errors import ServiceError, Unavailable, UpstreamFailed, UpstreamTimeout
from common.jobrunner import JobContext, Task
from common.jobs import JobPostponed
from common.resources import Resources
from strava.connections import repository as connections
from strava.connections.tokens import TokenKeeper
from strava.remote.errors import ApplicationInactive, ApplicationRefused, NotConfigured, RateLimited
from strava.remote.remote import Remote
from strava.sync import repository
from strava.sync.bringing import fetch
from strava.sync.queueing import ACTIVITY, EVENT, hold_background
from strava.webhooks import repository as events

OUTAGE_PAUSE = timedelta(minutes=10)
_OPERATORS = (ApplicationInactive, ApplicationRefused, NotConfigured)
_OUTAGES = (Unavailable, UpstreamFailed, UpstreamTimeout)


def patient(task: Task) -> Task:
    """Wrap a task that asks Strava.

    A rate limit is slept out until its reset. An outage is first retried as any failure is; the attempt that
    would be the last is postponed instead, again and again, so that nothing is lost however long it lasts. Where
    Strava answers about the athlete's others it is no outage: an activity that it never answers about is given up.
    """

    async def run(context: JobContext) -> None:
        try:
            await task(context)
        except RateLimited as limited:
            raise await _after_reset(context, limited) from limited
        except _OPERATORS as error:
            raise _later(error) from error
        except _OUTAGES as error:
            if context.job.attempts < context.job.max_attempts or await _is_alone_in_failing(context):
                raise
            raise _later(error) from error

    return run


async def _is_alone_in_failing(context: JobContext) -> bool:
    """Whether Strava is there and then still does not answer about the activity of the job.

    That it is asked again tells it from an outage that was just over, and the rest before from what the failures of
    this activity alone have done to all calls.
    """
    if (about := await _asked_for(context)) is None:
        return False
    athlete_id, strava_id = about
    await Remote.of(context.resources).api.rest()
    if not await _answers(_ask_for_another(context.resources, athlete_id, strava_id)):
        return False
    return not await _answers(fetch(context.resources, athlete_id, strava_id, urgent=True))


async def _ask_for_another(resources: Resources, athlete_id: UUID, strava_id: int) -> None:
    """Ask about another activity of the athlete: one that is here, else one that Strava lists, if it lists any."""
    async with resources.database.reading() as session:
        other = await repository.any_other(session, athlete_id, strava_id)
    if other is None:
        list_them = partial(Remote.of(resources).api.activities, urgent=True)
        listed = await TokenKeeper.of(resources).with_token(athlete_id, list_them)
        other = next((each.id for each in listed if each.id != strava_id), None)
    if other is not None:
        await fetch(resources, athlete_id, other, urgent=True)


async def _answers(asking: Awaitable[object]) -> bool:
    try:
        await asking
    except ServiceError:
        return False
    return True


async def _asked_for(context: JobContext) -> tuple[UUID, int] | None:
    """(athlete, number at Strava) of the one activity that the job asks for."""
    if context.job.kind == ACTIVITY and context.job.subject_id is not None:
        return context.job.subject_id, int(context.payload["strava_id"])
    if context.job.kind != EVENT:
        return None
    async with context.resources.database.reading() as session:
        event = await events.find(session, UUID(context.payload["event_id"]))
        connection = await connections.of_strava_athlete(session, event.owner_id) if event else None
    if event is None or connection is None or event.object_type != "activity":
        return None
    return connection.athlete_id, event.object_id


async def _after_reset(context: JobContext, limited: RateLimited) -> JobPostponed:
    until = limited.until + Remote.of(context.resources).quota.windows.grace
    async with context.resources.database.transaction() as session:
        await hold_background(session, until, limited.detail)
    return JobPostponed(until, limited.detail)


def _later(error: ServiceError) -> JobPostponed:
    return JobPostponed(datetime.now(UTC) + OUTAGE_PAUSE, error.detail)
