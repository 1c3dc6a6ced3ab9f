"""How an athlete's connection stands, and the athlete as Strava has them."""

from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import Job, JobState
from common.errors import UpstreamFailed
from common.jobs import JobOut
from common.resources import Resources
from strava.connections import repository
from strava.connections.schemas import (
    ConnectedAthlete,
    ConnectionStatus,
    HistoryOut,
    ProfileOut,
    PurgeOut,
    QuotaOut,
    RateLimitOut,
    StravaAthlete,
    SyncOut,
    WebhookOut,
)
from strava.connections.tokens import TokenKeeper
from strava.models import Purge
from strava.purging import service as purging
from strava.remote.errors import NotConfigured, ScopeMissing
from strava.remote.remote import Remote
from strava.sync import progress
from strava.sync.progress import FetchCounts
from strava.sync.queueing import HISTORY, OPEN, SYNC


async def status_of(resources: Resources, session: AsyncSession, athlete_id: UUID) -> ConnectionStatus:
    """The athlete's connection; one that is not there is ``disconnected``."""
    try:
        remote = Remote.of(resources)
    except NotConfigured:
        return ConnectionStatus(state="disconnected", configured=False)
    now = datetime.now(UTC)
    limits = await remote.quota.state()
    standing = await repository.standing(session, athlete_id, remote.settings.strava_client_id)
    shared: dict[str, Any] = {
        "configured": True,
        "webhook": WebhookOut.model_validate(
            {"state": standing.webhook or "unknown", "reason": standing.webhook_reason}
        ),
        "rate_limit": RateLimitOut(
            overall=QuotaOut.of(limits.overall, remote.quota.windows, now),
            read=QuotaOut.of(limits.read, remote.quota.windows, now),
        ),
    }
    if standing.purges:
        shared["purges"] = [await _purge(session, each) for each in standing.purges]
        shared["purge"] = shared["purges"][0]
    connection = standing.connection
    if connection is None:
        return ConnectionStatus(state="disconnected", **shared)
    latest = await repository.latest_jobs(session, athlete_id, SYNC, HISTORY)
    counts = dict(zip(latest, await progress.counts(session, athlete_id, [*latest.values()]), strict=True))
    own = {name: getattr(connection, name) for name in ("state", "reason", "scopes", "expires_at", "connected_at")}
    return ConnectionStatus(
        **own,
        athlete=ConnectedAthlete(id=str(connection.strava_athlete_id), name=connection.name),
        last_sync_at=connection.last_sync_at,
        last_event_at=connection.last_event_at,
        sync=_sync(latest[SYNC], counts[SYNC]) if SYNC in latest else None,
        history=_history(latest[HISTORY], counts[HISTORY]) if HISTORY in latest else None,
        **shared,
    )


async def _purge(session: AsyncSession, purge: Purge) -> PurgeOut:
    affected = await purging.count_affected(session, purge)
    return PurgeOut(account=purge.account, due_at=purge.due_at, activities=affected)


def _sync(job: Job, counts: FetchCounts) -> SyncOut:
    """The job only lists what is missing: a sync goes on until that is here."""
    is_listed = job.state == JobState.DONE
    resumes_at = progress.resumes_at(job, counts, listed=is_listed)
    own = JobOut.model_validate(job).model_dump()
    if counts.to_fetch:
        own |= {"progress": min(job.progress, counts.share), "reason": counts.told(resumes_at)}
    if counts.to_fetch and is_listed:
        own["state"] = "queued" if resumes_at else "running"
    return SyncOut(**own, **_fetching(counts, resumes_at))


def _history(job: Job, counts: FetchCounts) -> HistoryOut:
    """The job looks at its fetches now and then only: while it is open, what is told is counted here."""
    is_listed = job.payload["listed"]
    resumes_at = progress.resumes_at(job, counts, listed=is_listed)
    share, reason = job.progress, job.reason
    if job.state in OPEN and counts.total and (is_listed or counts.to_fetch):
        share, reason = counts.share, counts.told(resumes_at)
    return HistoryOut(state=job.state, progress=share, reason=reason, **_fetching(counts, resumes_at))


def _fetching(counts: FetchCounts, resumes_at: datetime | None) -> dict[str, Any]:
    return {
        "total": counts.total,
        "fetched": counts.fetched,
        "to_fetch": counts.to_fetch,
        "failed": counts.failed,
        "resumes_at": resumes_at,
    }


async def athlete_at_strava(resources: Resources, athlete_id: UUID) -> StravaAthlete:
    """Profile, totals and zones, asked of Strava now: three reads of the rate limit."""
    api, keeper = Remote.of(resources).api, TokenKeeper.of(resources)
    profile = await keeper.with_token(athlete_id, partial(api.athlete, urgent=True))

    async def ask(path: str) -> dict[str, Any]:
        found = await keeper.with_token(athlete_id, lambda token: api.get(path, token, urgent=True))
        if not isinstance(found, dict):
            raise UpstreamFailed("Strava's answer has an unknown shape.")
        return found

    totals = await ask(f"/athletes/{profile.id}/stats")
    try:
        zones = await ask("/athlete/zones")
    except ScopeMissing:
        zones = None
    shown = ProfileOut(**profile.model_dump(exclude={"id"}), id=str(profile.id))
    return StravaAthlete(profile=shown, totals=totals, zones=zones)
