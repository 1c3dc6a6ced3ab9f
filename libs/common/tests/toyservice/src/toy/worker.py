import asyncio
import os
import signal

from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from common.context import request_id
from common.inbox import Subscription
from common.jobrunner import JobContext
from common.outbox import EventPage, PublishedEvent, published_after
from common.resources import Resources
from common.settings import DataSettings
from common.worker import Worker, create_worker
from toy.models import Effect


async def record(context: JobContext) -> None:
    context.session.add(Effect(id=context.job.id, name=context.job.kind, req_id=request_id.get()))


async def slow(context: JobContext) -> None:
    """Take long in the first attempt only, after having written."""
    await record(context)
    await context.session.flush()
    if context.job.attempts == 1:
        await asyncio.Event().wait()


async def poison(_context: JobContext) -> None:
    raise ZeroDivisionError("always")


async def refused(_context: JobContext) -> None:
    raise jobs.JobFailed("This can never work.")


async def deadly(_context: JobContext) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class OwnEvents:
    """Reads the service's own outbox, as another service would over HTTP."""

    def __init__(self, resources: Resources) -> None:
        self._database = resources.database

    async def events_after(self, position: int, limit: int) -> EventPage:
        async with self._database.transaction() as session:
            return await published_after(session, position, limit)


async def on_thing_done(session: AsyncSession, event: PublishedEvent) -> None:
    jobs.enqueue(session, "record", {"event": str(event.id)}, queue="toy")


def subscriptions(resources: Resources) -> list[Subscription]:
    return [Subscription("toy", OwnEvents(resources), {"thing.done.v1": on_thing_done})]


TASKS = {"record": record, "slow": slow, "poison": poison, "refused": refused, "deadly": deadly}


def create() -> Worker:
    return create_worker("toy", DataSettings.from_environment(), tasks=TASKS, subscriptions=subscriptions)
