"""Looking every night for what no event told of in the last weeks."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from common.audit import record
from common.jobrunner import JobContext
from common.jobs import JobFailed
from common.resources import Resources
from strava.connections import repository as connections
from strava.connections.tokens import SERVICE
from strava.metrics import RECONCILED
from strava.remote.remote import settings_of
from strava.remote.shapes import SummaryActivity
from strava.sync import repository
from strava.sync.listing import UNUSABLE, pages
from strava.sync.queueing import OVERLAP, enqueue_activity, enqueue_reconciliation
from strava.sync.recording import listed_of, sport_of
from strava.sync.repository import Known

NIGHT = time(2, tzinfo=UTC)
"""From then on athletes are compared, once a day: Strava's limit of the day is fresh."""


async def reconcile_at_night(resources: Resources) -> None:
    """Queue the comparison of every athlete who has had none this night."""
    settings, now = settings_of(resources), datetime.now(UTC)
    if not settings.strava_client_id:
        return
    due = datetime.combine(now.date(), NIGHT)
    since = due if due <= now else due - timedelta(days=1)
    async with resources.database.transaction() as session:
        for athlete_id in await connections.claim_reconciliations(session, since, now):
            await enqueue_reconciliation(session, athlete_id, now - timedelta(days=settings.strava_reconcile_days))


async def reconcile(context: JobContext) -> None:
    """Compare Strava's list with what is stored, and fetch what differs: a fetch decides, not the list."""
    athlete_id = context.job.subject_id
    assert athlete_id is not None
    after = datetime.fromisoformat(context.payload["after"])
    tomorrow = int((datetime.now(UTC) + OVERLAP).timestamp())
    listed: dict[int, SummaryActivity] = {}
    try:
        async for page in pages(context.resources, athlete_id, before=tomorrow, after=after):
            listed |= {each.id: each for each in page}
    except UNUSABLE as error:
        raise JobFailed(error.detail) from error
    session = context.session
    known = await repository.known_since(session, athlete_id, after + OVERLAP)
    present = await repository.present(session, athlete_id, [*listed])
    findings = {
        "missing": listed.keys() - present,
        "gone": known.keys() - listed.keys(),
        "changed": {each for each in known.keys() & listed.keys() if _differs(known[each], listed[each])},
    }
    for finding, ids in findings.items():
        RECONCILED.labels(finding).inc(len(ids))
        for strava_id in sorted(ids):
            missing = finding == "missing"
            enqueue_activity(session, athlete_id, strava_id, urgent=False, missing=missing, fresh=missing)
    _audit(context, athlete_id, {finding: len(ids) for finding, ids in findings.items()})


def _differs(known: Known, listed: SummaryActivity) -> bool:
    cropped = known.listed is not None and known.listed != listed_of(listed)
    return cropped or (known.name, known.sport) != (listed.name, sport_of(listed))


def _audit(context: JobContext, athlete_id: UUID, counts: dict[str, int]) -> None:
    target = str(athlete_id)
    record(context.session, SERVICE, actor=SERVICE, action="strava.reconciled", target=target, details=counts)
