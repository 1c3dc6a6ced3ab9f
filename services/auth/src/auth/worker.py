"""The background process of auth."""

from auth.settings import AuthSettings
from auth.subscribers import subscriptions
from auth.tasks import forget_the_expired
from common.worker import Periodic, Worker, create_worker


def create() -> Worker:
    return create_worker(
        "auth",
        AuthSettings.from_environment(),
        tasks={},
        subscriptions=subscriptions,
        periodic=[Periodic("forget the expired", 600.0, forget_the_expired)],
    )
