"""Storing a recording: new, a duplicate, or another recording of an activity that is there already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from common.audit import record
from common.context import request_id
from common.ids import uuid7
from common.outbox import publish
from contracts.strava.events import ActivityCreated, ActivityUpdated
from strava.activities import repository
from strava.activities.figures import FIGURES, take_figures, take_gear, take_words
from strava.activities.known import Known
from strava.activities.matching import merge_reason, richness, same_activity
from strava.activities.naming import default_name, usable_name
from strava.activities.parsed import SERVICE, Origin, ParsedRecording
from strava.activities.rederiving import take_sport
from strava.activities.sports import same_family
from strava.gear.repository import default_for
from strava.models import Activity, ActivityAudit, Recording

QUEUE = SERVICE
_VERB = {"file": "Imported from", "strava": "Fetched from Strava:", "manual": "Made of a"}

Outcome = Literal["imported", "merged", "duplicate", "updated"]


@dataclass(frozen=True)
class Stored:
    """What became of a recording; ``recording_id`` is of the row that holds it now."""

    outcome: Outcome
    activity_id: UUID
    reason: str
    recording_id: UUID


@dataclass(frozen=True)
class Match:
    """What is there already: this very content (``duplicate``, with its recording), or an activity that it is of."""

    activity_id: UUID
    reason: str
    duplicate: UUID | None = None


async def store(
    session: AsyncSession, origin: Origin, parsed: ParsedRecording, *, home_timezone: str, known: Known | None = None
) -> Stored:
    """Store one recording of one athlete; the caller holds ``lock_athlete``.

    ``home_timezone`` is used where the recording has no position. What Strava has under a number that is known
    takes the place of what it had before. With ``known`` new rows wait there to be written, with those of others.
    """
    if origin.strava_id is not None:
        earlier = await repository.recording_of_strava(session, origin.athlete_id, origin.strava_id)
        if earlier is not None:
            return await replace_recording(session, origin, parsed, earlier)
    found = await match(session, origin, parsed, known)
    if found is None:
        return await _create(session, origin, parsed, home_timezone, known)
    if found.duplicate is not None:
        audit(session, found.activity_id, origin.athlete_id, "skipped", found.reason, actor=origin.actor)
        return Stored("duplicate", found.activity_id, found.reason, found.duplicate)
    return await _merge(session, origin, parsed, found, known)


async def match(
    session: AsyncSession, origin: Origin, parsed: ParsedRecording, known: Known | None = None
) -> Match | None:
    """Find what the athlete already has of a recording: the same content, the same number at Strava, the same time."""
    if known is None:
        known = await Known.around(session, origin.athlete_id, [(origin, parsed)])
    same = known.recording_of(origin.sha256, origin.part)
    if same is not None:
        return Match(same[0], "This file was imported before.", same[1])
    if origin.number is not None and (numbered := known.activity_numbered(origin.number)) is not None:
        return Match(numbered, "Same activity: the same number at Strava.")
    near = known.candidates(sorted(same_family(parsed.recording.sport)), parsed.start_time, origin.sha256)
    twin = same_activity(near, parsed.start_time, parsed.derived.elapsed_time)
    if twin is None:
        return None
    return Match(twin.activity_id, merge_reason(twin, parsed.start_time, parsed.derived.elapsed_time))


async def _create(
    session: AsyncSession, origin: Origin, parsed: ParsedRecording, home_timezone: str, known: Known | None
) -> Stored:
    zone = parsed.derived.timezone or home_timezone
    local_start = parsed.start_time.astimezone(ZoneInfo(zone))
    summary = parsed.summary()
    activity = {
        "id": uuid7(),
        "athlete_id": origin.athlete_id,
        "version": 1,
        "name": usable_name(parsed.recording.name) or default_name(parsed.recording.sport, local_start),
        "description": parsed.recording.notes or "",
        "start_time": parsed.start_time,
        "timezone": zone,
        "source": origin.source,
        "sources": [origin.source],
        "strava_id": origin.strava_id,
        "gear_id": origin.gear_id or await _default_gear(session, origin, parsed, known),
        **{name: summary[name] for name in FIGURES},
    }
    reason = "The first of this activity."
    recording = _recording(origin, parsed, activity["id"], primary=True, reason=reason, summary=summary)
    together = known or Known(session)
    together.add(activity, recording, parsed, origin)
    if known is None:
        await together.write()
    came = f"{_VERB[origin.source]} {origin.file_name}."
    audit(session, activity["id"], origin.athlete_id, "created", came, actor=origin.actor)
    event = ActivityCreated(
        activity_id=activity["id"],
        athlete_id=origin.athlete_id,
        version=1,
        sport=activity["sport"],
        start_time=parsed.start_time,
    )
    publish(session, event, queue=QUEUE)
    await repository.count_list_version_up(session, origin.athlete_id)
    return Stored("imported", activity["id"], "", recording["id"])


async def _default_gear(
    session: AsyncSession, origin: Origin, parsed: ParsedRecording, known: Known | None
) -> UUID | None:
    if known is not None:
        return known.default_gear(parsed.recording.sport)
    return await default_for(session, origin.athlete_id, parsed.recording.sport)


async def _merge(
    session: AsyncSession, origin: Origin, parsed: ParsedRecording, found: Match, known: Known | None
) -> Stored:
    if known is not None:
        await known.write()
    activity_id, reason = found.activity_id, found.reason
    activity = await session.get_one(Activity, activity_id, with_for_update=True)
    recording_id = await _add_recording(session, origin, parsed, activity_id, reason=reason)
    audit(session, activity_id, origin.athlete_id, "merged", f"{origin.file_name}: {reason}", actor=origin.actor)
    unnamed = default_name(activity.sport, activity.start_time.astimezone(ZoneInfo(activity.timezone)))
    words = take_words(activity, parsed, name=unnamed, description=None)
    await settle(session, activity, [*words, *take_gear(activity, origin)])
    if known is not None:
        known.merged(activity, recording_id, origin)
    return Stored("merged", activity_id, reason, recording_id)


async def _add_recording(
    session: AsyncSession, origin: Origin, parsed: ParsedRecording, activity_id: UUID, *, reason: str
) -> UUID:
    values = _recording(origin, parsed, activity_id, primary=False, reason=reason, summary=parsed.summary())
    row = Recording(**values)
    session.add(row)
    await session.flush()
    await _add_parts(session, row.id, parsed)
    return row.id


async def _add_parts(session: AsyncSession, recording_id: UUID, parsed: ParsedRecording) -> None:
    splits, laps = parsed.splits(recording_id), parsed.laps(recording_id)
    await repository.add_parts(session, recording_id, streams=parsed.derived.streams, splits=splits, laps=laps)


def _recording(
    origin: Origin,
    parsed: ParsedRecording,
    activity_id: UUID,
    *,
    primary: bool,
    reason: str,
    summary: dict[str, Any],
) -> dict[str, Any]:
    """A row of ``recordings``."""
    return {
        "id": uuid7(),
        "activity_id": activity_id,
        "athlete_id": origin.athlete_id,
        "primary": primary,
        "source": origin.source,
        "reason": reason,
        "created_at": datetime.now(UTC),
        **_content(origin, parsed, summary),
    }


def _content(origin: Origin, parsed: ParsedRecording, summary: dict[str, Any]) -> dict[str, Any]:
    """Columns of ``recordings`` that follow from what was recorded."""
    derived, recording = parsed.derived, parsed.recording
    bounds = derived.bounds
    return {
        "format": recording.format,
        "file_name": origin.file_name,
        "object_key": origin.object_key,
        "sha256": origin.sha256,
        "part": origin.part,
        "strava_id": origin.strava_id,
        "strava_athlete_id": origin.strava_athlete_id,
        "fetch_number": origin.fetch_number,
        "archive_id": origin.archive_id,
        "device": recording.device,
        "sport": recording.sport,
        "start_time": recording.start_time,
        "elapsed_time": derived.elapsed_time,
        "quality": parsed.quality(),
        "summary": {**summary, "listed": origin.listed},
        "polyline": derived.polyline,
        "summary_polyline": derived.summary_polyline,
        "bounds": [bounds.south, bounds.west, bounds.north, bounds.east] if bounds else None,
    }


async def replace_recording(
    session: AsyncSession, origin: Origin, parsed: ParsedRecording, recording: Recording, *, edited: bool = False
) -> Stored:
    """Give a recording what its source has of it now; the same content again writes nothing, unless it was edited."""
    activity = await session.get_one(Activity, recording.activity_id, with_for_update=True)
    if recording.sha256 == origin.sha256 and not edited:
        recording.fetch_number = origin.fetch_number
        recording.strava_athlete_id = origin.strava_athlete_id
        recording.summary = {**recording.summary, "listed": origin.listed}
        reason = f"{origin.file_name} has not changed."
        audit(session, activity.id, origin.athlete_id, "skipped", reason, actor=origin.actor)
        return Stored("duplicate", activity.id, reason, recording.id)
    words = take_words(
        activity,
        parsed,
        name=usable_name(recording.summary.get("name")),
        description=recording.summary.get("description"),
    )
    words += take_gear(activity, origin)
    resampled = not await repository.has_streams(session, recording.id, parsed.derived.streams)
    for column, value in _content(origin, parsed, parsed.summary()).items():
        setattr(recording, column, value)
    await repository.remove_parts(session, recording.id)
    await _add_parts(session, recording.id, parsed)
    await session.flush()
    if "sport" in activity.edited and recording.sport != activity.sport:
        await take_sport(session, recording, activity.sport)
    audit(session, activity.id, origin.athlete_id, "updated", f"{origin.file_name} has changed.", actor=origin.actor)
    await settle(session, activity, [*words, *(["streams"] if resampled and recording.primary else [])])
    return Stored("updated", activity.id, "", recording.id)


async def settle(session: AsyncSession, activity: Activity, also_changed: Sequence[str] = ()) -> None:
    """Make the richest recording the primary one and give the activity its figures; tell what changed."""
    recordings = list(await repository.recordings(session, activity.id))
    richest = max(recordings, key=lambda each: richness(each.summary["streams"], each.source, each.created_at))
    changed = [*also_changed] if richest.primary else [*also_changed, "streams"]
    for each in recordings:
        each.primary = each is richest
    changed += take_figures(activity, richest, recordings)
    activity.source = richest.source
    activity.sources = sorted({each.source for each in recordings})
    activity.strava_id = next((each.strava_id for each in recordings if each.strava_id is not None), None)
    await touch(session, activity, list(dict.fromkeys(changed)))


async def touch(session: AsyncSession, activity: Activity, changed: list[str]) -> None:
    """Count the version up and tell the other services what changed."""
    activity.version += 1
    activity.updated_at = datetime.now(UTC)
    event = ActivityUpdated(
        activity_id=activity.id, athlete_id=activity.athlete_id, version=activity.version, changed=changed
    )
    publish(session, event, queue=QUEUE)
    await repository.count_list_version_up(session, activity.athlete_id)


def audit(
    session: AsyncSession,
    activity_id: UUID,
    athlete_id: UUID,
    action: str,
    reason: str,
    *,
    actor: str,
    by_hand: bool = False,
) -> None:
    """Write to the history of the athlete's activity, and tell the one audit log.

    ``actor`` did it: the athlete, an administrator, or ``SERVICE`` for what nobody asked for. ``by_hand`` marks what a
    person chose to do to this activity; undoing an import asks before it is lost.
    """
    record(session, QUEUE, actor=actor, action=f"activity.{action}", target=str(activity_id))
    session.add(
        ActivityAudit(
            activity_id=activity_id,
            athlete_id=athlete_id,
            action=action,
            reason=reason,
            actor=actor,
            by_hand=by_hand,
            req_id=request_id.get(),
        )
    )
