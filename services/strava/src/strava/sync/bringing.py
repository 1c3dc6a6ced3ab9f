"""Bringing one activity over from Strava: ask, keep the original, store."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from common.resources import Resources
from strava.activities import repository as activities
from strava.activities.parsed import SERVICE, Origin, ParsedRecording
from strava.activities.removal import remove_recording
from strava.activities.store import store
from strava.connections import repository as connections
from strava.connections.tokens import TokenKeeper
from strava.files.recording import FileRefused
from strava.gear import service as gear
from strava.imports.intake import original_key
from strava.metrics import FETCHES
from strava.models import Activity, Recording
from strava.push import repository as pushes
from strava.remote.errors import StravaNotFound
from strava.remote.remote import Remote
from strava.remote.shapes import DetailedActivity, Streams
from strava.sync.recording import listed_of, original_of, parsed_of

SOURCE = "strava"
_HOME = "UTC"
_NEXT_FETCH = text("SELECT nextval('strava_fetches'), now()")
_LATE_FOR = timedelta(days=1)

Outcome = Literal["stored", "merged", "updated", "unchanged", "missing", "stale", "dismissed", "ignored"]
KEPT: tuple[Outcome, ...] = ("stored", "merged", "updated", "unchanged")
"""What Strava has is here now, whichever way."""


@dataclass(frozen=True)
class Fetched:
    """Strava's answers about one activity; None where it has no such activity.

    ``number`` is taken before asking: of two fetches the one that began later tells the newer state, or another event
    follows that leads to a later one still. ``began`` is the database's time then.
    """

    number: int
    began: datetime
    activity: DetailedActivity | None = None
    streams: Streams | None = None


@dataclass(frozen=True)
class Brought:
    """What became of it; ``streams_late``: it has none, and Strava has not had it for long: they may follow."""

    outcome: Outcome
    reason: str = ""
    streams_late: bool = False


async def fetch(resources: Resources, athlete_id: UUID, strava_id: int, *, urgent: bool) -> Fetched:
    """Ask Strava; no connection to the database is held meanwhile."""
    api, keeper = Remote.of(resources).api, TokenKeeper.of(resources)
    async with resources.database.transaction() as session:
        number, began = (await session.execute(_NEXT_FETCH)).one()
    try:
        activity = await keeper.with_token(athlete_id, lambda token: api.activity(token, strava_id, urgent=urgent))
    except StravaNotFound:
        FETCHES.labels("missing").inc()
        return Fetched(number, began)
    if activity.manual:
        return Fetched(number, began, activity, {})
    streams = await keeper.with_token(athlete_id, lambda token: api.streams(token, strava_id, urgent=urgent))
    return Fetched(number, began, activity, streams)


async def keep(
    resources: Resources,
    session: AsyncSession,
    athlete_id: UUID,
    strava_athlete_id: int,
    fetched: Fetched,
    *,
    fresh: bool = False,
) -> Brought:
    """Store what was fetched, in the session's transaction; the original goes to the object store before.

    ``fresh`` says that Strava has had it for a short time only; of a run that just ended that is known without.
    """
    activity, streams = fetched.activity, fetched.streams or {}
    if activity is None:
        return Brought("missing", "Strava does not have it.")
    if activity.athlete.id != strava_athlete_id:
        return Brought("ignored", "It is another athlete's.")
    try:
        parsed = await asyncio.to_thread(parsed_of, activity, streams)
    except FileRefused as refused:
        return Brought("ignored", refused.reason)
    original = original_of(activity, streams)
    origin = _origin_of(athlete_id, activity, original, fetched.number)
    await resources.objects.put(origin.object_key, original, if_absent=False)
    await activities.lock_athlete(session, athlete_id)
    if not await connections.holds(session, athlete_id, strava_athlete_id):
        return Brought("ignored", "The athlete has disconnected meanwhile.")  # a purge would not know of it
    if refusal := await _refusal(session, origin):
        return refusal
    await _know_again(session, athlete_id, activity)
    stored = await store(session, origin, parsed, home_timezone=_HOME)
    if stored.outcome != "duplicate":
        await _take_gear(session, stored.activity_id, activity)
    fresh = not activity.manual and (fresh or _is_new(activity))
    await _note_streams(session, stored.recording_id, parsed, may_follow=fresh or activity.was_measured)
    outcomes: dict[str, Outcome] = {"imported": "stored", "duplicate": "unchanged"}
    late = fresh and not parsed.derived.streams
    return Brought(outcomes.get(stored.outcome, stored.outcome), stored.reason, streams_late=late)  # type: ignore[arg-type] # the other two are the same words


def _origin_of(athlete_id: UUID, activity: DetailedActivity, original: bytes, number: int) -> Origin:
    sha256 = hashlib.sha256(original).hexdigest()
    return Origin(
        athlete_id=athlete_id,
        source=SOURCE,
        object_key=original_key(athlete_id, sha256),
        sha256=sha256,
        file_name=f"strava-{activity.id}.json",
        part=0,
        strava_id=activity.id,
        strava_athlete_id=activity.athlete.id,
        fetch_number=number,
        listed=listed_of(activity),
    )


async def _note_streams(
    session: AsyncSession, recording_id: UUID, parsed: ParsedRecording, *, may_follow: bool
) -> None:
    """Note whether samples may still follow where there are none."""
    streamless = None
    if not parsed.derived.streams:
        streamless = "late" if may_follow else "none"
    changed = Recording.id == recording_id, Recording.streamless.is_distinct_from(streamless)
    await session.execute(
        update(Recording).where(*changed).values(streamless=streamless).execution_options(synchronize_session=False)
    )


async def _know_again(session: AsyncSession, athlete_id: UUID, activity: DetailedActivity) -> None:
    """What was sent from here and comes back is the activity that it was, also before Strava said how it numbers it."""
    push_id = pushes.push_named(activity.external_id)
    push = await pushes.owned(session, athlete_id, push_id) if push_id else None
    if push is not None and push.activity_id is not None:
        await pushes.number_recordings(session, push.activity_id, activity.id)


async def _take_gear(session: AsyncSession, activity_id: UUID, activity: DetailedActivity) -> None:
    """Strava's word on shoes and bikes, unless the athlete chose others here."""
    stored = await session.get_one(Activity, activity_id)
    if activity.gear_id is None or "gear_id" in stored.edited:
        return
    name = activity.gear.name if activity.gear else None
    stored.gear_id = await gear.for_strava(session, stored.athlete_id, activity.gear_id, name)


async def _refusal(session: AsyncSession, origin: Origin) -> Brought | None:
    """Why what was fetched must not be stored any more: something newer is known. The caller holds ``lock_athlete``."""
    assert origin.strava_id is not None
    assert origin.fetch_number is not None
    buried = await activities.tombstone(session, origin.athlete_id, origin.strava_id)
    if buried is not None and buried.fetch_number is None:
        return Brought("dismissed", "The athlete deleted it here.")
    if buried is not None and (buried.fetch_number or 0) > origin.fetch_number:
        return Brought("stale", "Strava has deleted it meanwhile.")
    if buried is not None:
        await activities.dig_up(session, origin.athlete_id, origin.strava_id)
    known = await activities.recording_of_strava(session, origin.athlete_id, origin.strava_id)
    if known is not None and (known.fetch_number or 0) > origin.fetch_number:
        return Brought("stale", "A later fetch is stored already.")
    return None


def _is_new(activity: DetailedActivity) -> bool:
    ended = activity.start_date + timedelta(seconds=activity.elapsed_time)
    return datetime.now(UTC) - ended < _LATE_FOR


async def bury(session: AsyncSession, athlete_id: UUID, strava_id: int, number: int) -> bool:
    """Remove what is stored of an activity that fetch ``number`` did not find; False when nothing was."""
    await activities.lock_athlete(session, athlete_id)
    known = await activities.recording_of_strava(session, athlete_id, strava_id)
    if known is not None and (known.fetch_number or 0) > number:
        return False
    await activities.bury(session, athlete_id, strava_id, number)
    if known is None:
        return False
    await remove_recording(session, known, "Deleted at Strava.", actor=SERVICE)
    return True
