"""Connecting an athlete to Strava and taking it back."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from common.audit import record
from common.resources import Resources
from strava.connections import repository
from strava.connections.errors import AthleteTaken, Denied, StateExpired, StateUnknown, StateUsed
from strava.connections.tokens import SERVICE, TokenKeeper
from strava.models import Connection, OAuthState
from strava.purging import service as purging
from strava.remote.errors import CodeInvalid, ScopeMissing
from strava.remote.oauth import READING, READING_ALL
from strava.remote.remote import Remote
from strava.remote.shapes import Grant
from strava.sync.queueing import HISTORY, OVERLAP, enqueue_history, enqueue_revoke, enqueue_sync, forget_fetches

STATE_LIFETIME = timedelta(minutes=10)
_STATE_BYTES = 32


@dataclass(frozen=True)
class Answer:
    """What came back from Strava's page, and who brings it: the signed-in ``athlete_id``, or a ``browser``'s cookie."""

    state: str
    code: str
    scope: str
    error: str
    athlete_id: UUID | None = None
    browser: str | None = None

    @property
    def scopes(self) -> list[str]:
        return sorted({part for part in self.scope.replace(",", " ").split() if part.isprintable()})


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()


async def begin(resources: Resources, athlete_id: UUID, browser: str, *, write: bool = False) -> str:
    """Return Strava's page to go to, with a fresh state bound to the athlete and to the browser's cookie.

    With ``write`` the athlete is also asked for leave to send activities there.
    """
    remote = Remote.of(resources)
    state = secrets.token_urlsafe(_STATE_BYTES)
    row = OAuthState(
        state_hash=_hash(state),
        athlete_id=athlete_id,
        browser_hash=_hash(browser),
        expires_at=datetime.now(UTC) + STATE_LIFETIME,
    )
    async with resources.database.transaction() as session:
        session.add(row)
    return remote.oauth.authorize_url(redirect_uri=remote.settings.callback_uri, state=state, write=write)


async def finish(resources: Resources, answer: Answer) -> None:
    """Make the connection. Raises what ``connections.errors`` and ``remote.errors`` name."""
    remote = Remote.of(resources)
    athlete_id = await _use_state(resources, answer)
    if answer.error:
        raise Denied
    if not READING & set(answer.scopes):
        raise ScopeMissing
    if not answer.code:
        raise CodeInvalid
    await connect(resources, athlete_id, await remote.oauth.exchange(answer.code), answer.scopes)


async def connect(resources: Resources, athlete_id: UUID, grant: Grant, scopes: list[str]) -> None:
    """Keep what was granted and queue the first sync. Raises ``ScopeMissing``, ``AthleteTaken``, ``NotConfigured``."""
    remote, keeper = Remote.of(resources), TokenKeeper.of(resources)
    if not READING & set(scopes):
        raise ScopeMissing
    recent = timedelta(days=remote.settings.strava_recent_days)
    try:
        async with resources.database.transaction() as session:
            connection = await _connect(session, keeper, athlete_id, grant, scopes, remote.settings.purge_grace)
            await enqueue_sync(session, athlete_id, _since(connection, recent))
    except IntegrityError:  # two accounts at the same moment
        raise AthleteTaken from None


async def _use_state(resources: Resources, answer: Answer) -> UUID:
    """Take the state out of use, whatever comes of it; return whom it was given to."""
    state_hash = _hash(answer.state)
    async with resources.database.transaction() as session:
        known = await repository.state_of(session, state_hash)
        if known is None:
            raise StateUnknown
        if known.used_at is not None:  # told also to a browser that comes again: its cookie went with the first time
            raise StateUsed
        if not _brought_by_its_owner(known, answer):
            raise StateUnknown
        if known.expires_at < datetime.now(UTC):
            raise StateExpired
        if not await repository.use_state(session, state_hash):
            raise StateUsed
    return known.athlete_id


def _brought_by_its_owner(known: OAuthState, answer: Answer) -> bool:
    if answer.athlete_id is not None:
        return answer.athlete_id == known.athlete_id
    return answer.browser is not None and hmac.compare_digest(_hash(answer.browser), known.browser_hash)


async def _connect(
    session: AsyncSession,
    keeper: TokenKeeper,
    athlete_id: UUID,
    grant: Grant,
    scopes: list[str],
    grace: timedelta | None,
) -> Connection:
    holder = await repository.of_strava_athlete(session, grant.athlete.id)
    if holder is not None and holder.athlete_id != athlete_id:
        await _renew_holder(session, keeper, holder.athlete_id, grant, scopes)
        raise AthleteTaken(commits=True)
    connection = await repository.find(session, athlete_id, lock=True)
    if connection is None:
        connection = Connection(athlete_id=athlete_id, generation=0, connected_at=datetime.now(UTC))
        session.add(connection)
    elif connection.strava_athlete_id != grant.athlete.id:
        await _leave_account(session, connection, grace)
        connection.last_sync_at = connection.last_event_at = connection.last_poll_at = None
        connection.reconciled_at = connection.history_at = None
    elif _missed_some(connection, scopes):
        connection.history_at = None  # the sync to come has all years looked through again
        await forget_fetches(session, athlete_id, [HISTORY])
    connection.strava_athlete_id = grant.athlete.id
    connection.name = _name_of(grant)
    connection.state, connection.reason, connection.scopes = repository.CONNECTED, None, scopes
    connection.generation += 1
    keeper.put(connection, grant)
    await session.flush()
    await purging.cancel_for(session, athlete_id, str(grant.athlete.id))
    record(session, SERVICE, actor=str(athlete_id), action="strava.connected", target=str(grant.athlete.id))
    return connection


def _missed_some(connection: Connection, scopes: list[str]) -> bool:
    """Whether fetches failed meanwhile, however old what they were for, or more is shown from now on."""
    shows_more = READING_ALL in scopes and READING_ALL not in connection.scopes
    return connection.state == repository.DEGRADED or shows_more


async def _renew_holder(
    session: AsyncSession, keeper: TokenKeeper, athlete_id: UUID, grant: Grant, scopes: list[str]
) -> None:
    """Go on with the pair that was just given out: with it Strava may have ended the one that the holder has."""
    connection = await repository.find(session, athlete_id, lock=True)
    if connection is None or connection.state != repository.CONNECTED:
        return
    connection.scopes = scopes
    connection.generation += 1
    keeper.put(connection, grant)
    target = str(athlete_id)
    record(session, SERVICE, actor=SERVICE, action="strava.token_refreshed", target=target, details={"by": "callback"})


def _name_of(grant: Grant) -> str:
    names = (grant.athlete.firstname, grant.athlete.lastname)
    return " ".join(" ".join(name.split()) for name in names if name).replace("\x00", "")


def _since(connection: Connection, recent: timedelta) -> datetime:
    """From where a sync has to look: the last one with an overlap, or as far back as recent history goes."""
    if connection.last_sync_at is None:
        return datetime.now(UTC) - recent
    return connection.last_sync_at - OVERLAP


async def start_sync(resources: Resources, session: AsyncSession, athlete_id: UUID, *, history: bool) -> UUID:
    """Refresh the token where that is due, then queue a sync of all recent history, or of all; returns its job.

    Who asks misses something, and an event that never came may have been about any of it.
    """
    keeper, settings = TokenKeeper.of(resources), Remote.of(resources).settings
    await keeper.access(athlete_id)
    recent = datetime.now(UTC) - timedelta(days=settings.strava_recent_days)
    if history:
        await repository.claim_history(session, athlete_id, datetime.now(UTC))
        job_id = await enqueue_history(session, athlete_id)
    else:
        job_id = await enqueue_sync(session, athlete_id, recent)
    record(session, SERVICE, actor=str(athlete_id), action="strava.sync_requested", target=str(athlete_id))
    await session.flush()
    return job_id


async def disconnect(session: AsyncSession, athlete_id: UUID, *, grace: timedelta | None = None) -> None:
    """Delete the connection and its tokens; the grant is taken back at Strava right afterwards by a job.

    What came from Strava goes after the ``grace``; without one it stays.
    """
    connection = await repository.find(session, athlete_id, lock=True)
    if connection is None:
        return
    await _leave_account(session, connection, grace)
    await session.delete(connection)


async def _leave_account(session: AsyncSession, connection: Connection, grace: timedelta | None) -> None:
    """Take the grant back, ask for nothing more, and have what came from there go after the ``grace``."""
    athlete_id, account = connection.athlete_id, str(connection.strava_athlete_id)
    sealed = {
        "access": base64.b64encode(connection.access_token).decode(),
        "refresh": base64.b64encode(connection.refresh_token).decode(),
    }
    await forget_fetches(session, athlete_id)
    enqueue_revoke(session, athlete_id, account, sealed)
    if grace is not None:
        await purging.request(session, athlete_id, account, grace)
    record(session, SERVICE, actor=str(athlete_id), action="strava.disconnected", target=account)
