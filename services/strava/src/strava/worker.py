"""The background process of the activity store."""

from common.worker import Periodic, Worker, create_worker
from strava.imports.service import IMPORT_FILE
from strava.imports.sweeping import sweep_orphans
from strava.imports.tasks import Importer, settle_dead
from strava.sandbox import Sandbox
from strava.settings import StravaSettings
from strava.subscribers import subscriptions
from strava.sync import polling, queueing
from strava.sync import tasks as strava_tasks
from strava.sync.patience import patient
from strava.webhooks.subscription import ensure_subscription


def create() -> Worker:
    sandbox = Sandbox()
    return create_worker(
        "strava",
        StravaSettings.from_environment(),
        tasks={
            IMPORT_FILE: Importer(sandbox),
            queueing.EVENT: patient(strava_tasks.work_event),
            queueing.ACTIVITY: patient(strava_tasks.bring_activity),
            queueing.SYNC: patient(strava_tasks.sync_history),
            queueing.REVOKE: patient(strava_tasks.revoke),
        },
        subscriptions=subscriptions,
        closing=[sandbox],
        periodic=[
            Periodic("settle dead items", 10.0, settle_dead),
            Periodic("sweep orphaned originals", 21600.0, sweep_orphans),
            Periodic("ensure the webhook subscription", 5.0, ensure_subscription),
            Periodic("poll Strava when it is silent", 60.0, polling.poll_when_silent),
            Periodic("tidy the Strava side", 60.0, polling.tidy),
        ],
    )
