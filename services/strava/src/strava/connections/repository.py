"""Rows of connections and of the states that lead to them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    Executable,
    Subquery,
    Uuid,
    bindparam,
    delete,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import Job
from strava.models import Connection, OAuthState, Purge, WebhookSubscription

CONNECTED, DEGRADED = "connected", "degraded"

_ATHLETE = bindparam("athlete", type_=Uuid)
_ALWAYS = select(literal(1).label("always")).subquery()  # a row also where there is no connection
_STANDING = (
    select(Connection, WebhookSubscription.state, WebhookSubscription.reason, Purge)
    .select_from(_ALWAYS)
    .outerjoin(Connection, Connection.athlete_id == _ATHLETE)
    .outerjoin(WebhookSubscription, WebhookSubscription.client_id == bindparam("client"))
    .outerjoin(Purge, Purge.athlete_id == _ATHLETE)
    .order_by(Purge.requested_at.desc(), Purge.id.desc())
)


class Standing(NamedTuple):
    """The athlete's connection, how the webhook stands, and the purges to come: of the account left last first."""

    connection: Connection | None
    webhook: str | None
    webhook_reason: str | None
    purges: list[Purge]


async def standing(session: AsyncSession, athlete_id: UUID, client_id: str) -> Standing:
    """How the athlete stands to Strava, all at one moment."""
    rows = (await session.execute(_STANDING, {"athlete": athlete_id, "client": client_id})).all()
    purges: list[Purge | None] = [row.Purge for row in rows]
    connection, webhook, reason, _ = rows[0]
    return Standing(connection, webhook, reason, [purge for purge in purges if purge is not None])


async def find(session: AsyncSession, athlete_id: UUID, *, lock: bool = False) -> Connection | None:
    """Return the athlete's connection; ``lock`` holds it until the transaction ends."""
    query = select(Connection).where(Connection.athlete_id == athlete_id)
    if lock:  # with what it holds by then, also where the session knows it from before
        query = query.with_for_update().execution_options(populate_existing=True)
    connection: Connection | None = await session.scalar(query)
    return connection


async def holds(session: AsyncSession, athlete_id: UUID, strava_athlete_id: int) -> bool:
    """Whether the athlete is connected to this account; nobody disconnects before the transaction ends."""
    query = select(Connection.athlete_id).where(
        Connection.athlete_id == athlete_id, Connection.strava_athlete_id == strava_athlete_id
    )
    return await session.scalar(query.with_for_update(read=True)) is not None


async def of_strava_athlete(session: AsyncSession, strava_athlete_id: int) -> Connection | None:
    """Return the connection to an athlete as Strava numbers them."""
    query = select(Connection).where(Connection.strava_athlete_id == strava_athlete_id)
    connection: Connection | None = await session.scalar(query)
    return connection


async def state_of(session: AsyncSession, state_hash: bytes) -> OAuthState | None:
    return await session.get(OAuthState, state_hash)


async def use_state(session: AsyncSession, state_hash: bytes) -> bool:
    """Mark the state used; False when somebody was faster."""
    used = await session.execute(
        update(OAuthState)
        .where(OAuthState.state_hash == state_hash, OAuthState.used_at.is_(None))
        .values(used_at=func.now())
        .returning(OAuthState.state_hash)
        .execution_options(synchronize_session=False)
    )
    return used.first() is not None


async def forget_states(session: AsyncSession, before: datetime) -> None:
    """Delete states that expired before a moment."""
    await session.execute(delete(OAuthState).where(OAuthState.expires_at < before))


async def counts(session: AsyncSession) -> dict[str, int]:
    """How many connections are in which state."""
    rows = await session.execute(select(Connection.state, func.count().label("number")).group_by(Connection.state))
    return {CONNECTED: 0, DEGRADED: 0, **{row.state: row.number for row in rows}}


async def claim_polls(session: AsyncSession, now: datetime, pause: timedelta) -> Sequence[Connection]:
    """Return the working connections that were not asked for news within ``pause``, noted as asked now."""
    latest = func.coalesce(func.greatest(Connection.last_poll_at, Connection.last_sync_at), Connection.connected_at)
    chosen = (
        select(Connection.athlete_id)
        .where(Connection.state == CONNECTED, latest < now - pause)
        .with_for_update(skip_locked=True)
    )
    rows = await session.scalars(
        update(Connection)
        .where(Connection.athlete_id.in_(chosen))
        .values(last_poll_at=now)
        .returning(Connection)
        .execution_options(synchronize_session=False)
    )
    return rows.all()


async def claim_reconciliations(session: AsyncSession, since: datetime, now: datetime) -> Sequence[UUID]:
    """Return the athletes with a working connection who were not compared since a moment, noted as compared now."""
    latest = func.coalesce(Connection.reconciled_at, Connection.connected_at)
    due = (
        select(Connection.athlete_id)
        .where(Connection.state == CONNECTED, latest < since)
        .with_for_update(skip_locked=True)
    )
    claimed = await session.scalars(
        update(Connection)
        .where(Connection.athlete_id.in_(due))
        .values(reconciled_at=now)
        .returning(Connection.athlete_id)
        .execution_options(synchronize_session=False)
    )
    return claimed.all()


async def claim_history(session: AsyncSession, athlete_id: UUID, now: datetime) -> bool:
    """Note that the whole history is asked for; False when it was before."""
    claimed = await session.execute(
        update(Connection)
        .where(Connection.athlete_id == athlete_id, Connection.history_at.is_(None))
        .values(history_at=now)
        .returning(Connection.athlete_id)
        .execution_options(synchronize_session=False)
    )
    return claimed.first() is not None


async def latest_event_at(session: AsyncSession) -> datetime | None:
    """When Strava last told something of any athlete; since connecting counts as told."""
    told = func.max(func.greatest(Connection.last_event_at, Connection.connected_at))
    latest: datetime | None = await session.scalar(select(told))
    return latest


async def any_working(session: AsyncSession) -> bool:
    """Whether anybody is connected at all, degraded or not."""
    return await session.scalar(select(Connection.athlete_id).limit(1)) is not None


def _latest(kind: str) -> Subquery:
    latest = select(Job).where(Job.subject_id == _ATHLETE, Job.kind == kind).order_by(Job.id.desc()).limit(1)
    return latest.subquery()


@cache
def _latest_jobs(kinds: tuple[str, ...]) -> Executable:
    return select(Job).from_statement(union_all(*(select(_latest(kind)) for kind in kinds)))


async def latest_jobs(session: AsyncSession, athlete_id: UUID, *kinds: str) -> dict[str, Job]:
    """Return the athlete's latest job of each kind that there is one of."""
    found = await session.scalars(_latest_jobs(kinds), {"athlete": athlete_id})
    return {job.kind: job for job in found}
