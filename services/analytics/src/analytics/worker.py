"""The background process of analytics."""

from analytics.efforts.tasks import TASKS
from analytics.settings import AnalyticsSettings
from analytics.subscribers import subscriptions
from common.worker import Worker, create_worker

# A job keeps a connection while it reads streams; of the process's five, two stay free for everything else.
ANALYSES_AT_ONCE = 3


def create() -> Worker:
    return create_worker(
        "analytics",
        AnalyticsSettings.from_environment(),
        tasks=TASKS,
        subscriptions=subscriptions,
        concurrency=ANALYSES_AT_ONCE,
    )
