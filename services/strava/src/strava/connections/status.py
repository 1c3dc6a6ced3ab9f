"""How an athlete's connection stands, and the athlete as Strava has them."""

from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import Job
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
    WebhookOut,
)
from strava.connections.tokens import TokenKeeper
from strava.models import Purge
from strava.purging import service as purging
from strava.remote.errors import NotConfigured, ScopeMissing
from strava.remote.remote import Remote
from strava.sync import progress
from strava.sync.queueing import HISTORY, SYNC


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
    own = {name: getattr(connection, name) for name in ("state", "reason", "scopes", "expires_at", "connected_at")}
    return ConnectionStatus(
        **own,
        athlete=ConnectedAthlete(id=str(connection.strava_athlete_id), name=connection.name),
        last_sync_at=connection.last_sync_at,
        last_event_at=connection.last_event_at,
        sync=JobOut.model_validate(latest[SYNC]) if SYNC in latest else None,
        history=await _history(session, athlete_id, latest[HISTORY]) if HISTORY in latest else None,
        **shared,
    )


async def _purge(session: AsyncSession, purge: Purge) -> PurgeOut:
    affected = await purging.count_affected(session, purge)
    return PurgeOut(account=purge.account, due_at=purge.due_at, activities=affected)


async def _history(session: AsyncSession, athlete_id: UUID, job: Job) -> HistoryOut:
    counts = await progress.counts(session, athlete_id, job.id)
    waits = counts.resumes_at if counts.resumes_at and counts.resumes_at > datetime.now(UTC) else None
    return HistoryOut(
        state=job.state,
        progress=job.progress,
        reason=job.reason,
        total=counts.total,
        fetched=counts.fetched,
        to_fetch=counts.to_fetch,
        failed=counts.failed,
        resumes_at=waits,
    )


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
