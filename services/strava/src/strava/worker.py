"""The background process of the activity store."""

import os

from common.worker import Periodic, Worker, create_worker
from strava.admin.resync import RESYNC
from strava.admin.resync import carry_out as resync
from strava.admin.streams import SYNC_STREAMS, queue_lacking
from strava.imports.intake import IMPORT_FILE
from strava.imports.service import UNDO_IMPORT
from strava.imports.sweeping import sweep_orphans
from strava.imports.tasks import Importer, forget_previews, settle_dead
from strava.imports.undoing import undo_import
from strava.purging.service import PURGE, expire, purge
from strava.push.tasks import push
from strava.sandbox import Sandbox
from strava.settings import StravaSettings
from strava.subscribers import subscriptions
from strava.sync import history, polling, queueing, reconciling
from strava.sync import tasks as strava_tasks
from strava.sync.patience import patient
from strava.webhooks.subscription import ensure_subscription

MOST_CHILDREN = 4
NICENESS = 5  # others work on what it brings


def create() -> Worker:
    cores = len(os.sched_getaffinity(0))
    sandbox = Sandbox(children=min(cores, MOST_CHILDREN))
    return create_worker(
        "strava",
        StravaSettings.from_environment(),
        tasks={
            IMPORT_FILE: Importer(sandbox, at_once=cores + 1),
            UNDO_IMPORT: undo_import,
            PURGE: purge,
            RESYNC: resync,
            SYNC_STREAMS: queue_lacking,
            queueing.EVENT: patient(strava_tasks.work_event),
            queueing.ACTIVITY: patient(strava_tasks.bring_activity),
            queueing.SYNC: patient(history.sync_recent),
            queueing.HISTORY: patient(history.bring_history),
            queueing.RECONCILE: patient(reconciling.reconcile),
            queueing.REVOKE: patient(strava_tasks.revoke),
            queueing.PUSH: patient(push),
        },
        subscriptions=subscriptions,
        closing=[sandbox],
        niceness=NICENESS,
        periodic=[
            Periodic("settle dead items", 10.0, settle_dead),
            Periodic("forget old previews", 3600.0, forget_previews),
            Periodic("sweep orphaned originals", 21600.0, sweep_orphans),
            Periodic("ensure the webhook subscription", 5.0, ensure_subscription),
            Periodic("poll Strava when it is silent", 60.0, polling.poll_when_silent),
            Periodic("compare at night", 60.0, reconciling.reconcile_at_night),
            Periodic("let what came from Strava expire", 3600.0, expire),
            Periodic("tidy the Strava side", 60.0, polling.tidy),
        ],
    )
