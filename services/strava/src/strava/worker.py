"""The background process of the activity store."""

from common.worker import Periodic, Worker, create_worker
from strava.imports.service import IMPORT_FILE
from strava.imports.sweeping import sweep_orphans
from strava.imports.tasks import Importer, settle_dead
from strava.sandbox import Sandbox
from strava.settings import StravaSettings


def create() -> Worker:
    sandbox = Sandbox()
    return create_worker(
        "strava",
        StravaSettings.from_environment(),
        tasks={IMPORT_FILE: Importer(sandbox)},
        closing=[sandbox],
        periodic=[
            Periodic("settle dead items", 10.0, settle_dead),
            Periodic("sweep orphaned originals", 21600.0, sweep_orphans),
        ],
    )
