"""Waiting for Strava: limits and outages postpone a job, they never use it up."""

from datetime import UTC, datetime, timedelta

from common.errors import ServiceError, Unavailable, UpstreamFailed, UpstreamTimeout
from common.jobrunner import JobContext, Task
from common.jobs import JobPostponed
from strava.remote.errors import ApplicationInactive, ApplicationRefused, NotConfigured, RateLimited
from strava.remote.remote import Remote
from strava.sync.queueing import hold_background

OUTAGE_PAUSE = timedelta(minutes=10)
_OPERATORS = (ApplicationInactive, ApplicationRefused, NotConfigured)
_OUTAGES = (Unavailable, UpstreamFailed, UpstreamTimeout)


def patient(task: Task) -> Task:
    """Wrap a task that asks Strava.

    A rate limit is slept out until its reset. An outage is first retried as any failure is; the attempt that
    would be the last is postponed instead, again and again, so that nothing is lost however long it lasts.
    """

    async def run(context: JobContext) -> None:
        try:
            await task(context)
        except RateLimited as limited:
            raise await _after_reset(context, limited) from limited
        except _OPERATORS as error:
            raise _later(error) from error
        except _OUTAGES as error:
            if context.job.attempts < context.job.max_attempts:
                raise
            raise _later(error) from error

    return run


async def _after_reset(context: JobContext, limited: RateLimited) -> JobPostponed:
    until = limited.until + Remote.of(context.resources).quota.windows.grace
    async with context.resources.database.transaction() as session:
        await hold_background(session, until, limited.detail)
    return JobPostponed(until, limited.detail)


def _later(error: ServiceError) -> JobPostponed:
    return JobPostponed(datetime.now(UTC) + OUTAGE_PAUSE, error.detail)
