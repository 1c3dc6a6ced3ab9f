"""The background process of thumbnails."""

from common.worker import Periodic, Worker, create_worker
from thumbnails.pictures.sweeping import sweep_orphans
from thumbnails.pictures.tasks import TASKS
from thumbnails.settings import ThumbnailsSettings
from thumbnails.subscribers import subscriptions


def create() -> Worker:
    return create_worker(
        "thumbnails",
        ThumbnailsSettings.from_environment(),
        tasks=TASKS,
        subscriptions=subscriptions,
        periodic=[Periodic("sweep orphaned images", 21600.0, sweep_orphans)],
        concurrency=2,
    )
