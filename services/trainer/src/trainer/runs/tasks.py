"""What the worker does."""

from collections.abc import Mapping
from uuid import UUID

from common.jobrunner import JobContext, Task
from trainer.runs import repository, syncing
from trainer.store import activity_store


async def sync(context: JobContext) -> None:
    """Read the activity as it is now and bring its run in line.

    It is read only while it is held, so of two jobs for one activity the later one has the newer reading, and what is
    gone does not come back.
    """
    activity_id = UUID(context.payload["activity_id"])
    await repository.lock_activity(context.session, activity_id)
    activity = await activity_store(context.resources).activity(activity_id)
    await syncing.sync(context.session, activity_id, activity)


TASKS: Mapping[str, Task] = {syncing.SYNC: sync}
