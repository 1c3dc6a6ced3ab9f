"""The background process of auth."""

from auth.accounts import departures, exports
from auth.keys.rotation import rotate_when_due
from auth.mail.service import MAIL
from auth.mail.tasks import Mailing
from auth.settings import AuthSettings
from auth.subscribers import subscriptions
from auth.tasks import forget_the_expired
from common.worker import Periodic, Worker, create_worker


def create() -> Worker:
    settings = AuthSettings.from_environment()
    return create_worker(
        "auth",
        settings,
        tasks={
            MAIL: Mailing(settings),
            exports.EXPORT: exports.gather,
            departures.DEPART: departures.depart,
            departures.LOOK_AGAIN: departures.look_again,
        },
        subscriptions=subscriptions,
        periodic=[
            Periodic("forget the expired", 600.0, forget_the_expired),
            Periodic("forget old exports", 3600.0, exports.forget_old),
            Periodic("forget old deletions", 3600.0, departures.forget_old),
            Periodic("rotate signing keys", 3600.0, rotate_when_due),
        ],
    )
