"""What the worker does."""

from collections.abc import Mapping
from uuid import UUID

from analytics.efforts import repository, service
from analytics.store import activity_store
from common.jobrunner import JobContext, Task


async def analyse(context: JobContext) -> None:
    """Read the activity as it is now and bring its efforts in line; what is gone is forgotten.

    It is read only while it is held, so of two jobs for one activity the later one has the newer reading.
    """
    activity_id = UUID(context.payload["activity_id"])
    await repository.lock_activity(context.session, activity_id)
    streams = await activity_store(context.resources).streams(activity_id)
    if streams is None:
        await service.forget(context.session, activity_id)
    else:
        await service.analyse(context.session, streams, again=context.payload["again"])


async def calculate(context: JobContext) -> None:
    """Queue every known activity again, all or none; the progress is how many were queued."""
    athlete_id = _athlete(context)
    total = await repository.count_activities(context.session, athlete_id)
    queued = 0
    async for page in repository.activities(context.session, athlete_id):
        for activity_id, owner in page:
            service.request_analysis(context.session, activity_id, owner, again=True)
        await context.session.flush()
        context.session.expunge_all()  # a whole instance's rows are not kept in memory
        queued += len(page)
        await context.report_progress(min(queued / total, 1.0))


async def clear(context: JobContext) -> None:
    await service.clear(context.session, _athlete(context))


def _athlete(context: JobContext) -> UUID | None:
    athlete_id = context.payload["athlete_id"]
    return UUID(athlete_id) if athlete_id else None


TASKS: Mapping[str, Task] = {service.ANALYSE: analyse, service.CALCULATE: calculate, service.CLEAR: clear}
