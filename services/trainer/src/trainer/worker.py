"""The background process of trainer."""

from common.worker import Worker, create_worker
from trainer.runs.tasks import TASKS
from trainer.settings import TrainerSettings
from trainer.subscribers import subscriptions

# A job keeps a connection while it reads its activity; of the process's five, two stay free for everything else.
JOBS_AT_ONCE = 3


def create() -> Worker:
    return create_worker(
        "trainer",
        TrainerSettings.from_environment(),
        tasks=TASKS,
        subscriptions=subscriptions,
        concurrency=JOBS_AT_ONCE,
    )
