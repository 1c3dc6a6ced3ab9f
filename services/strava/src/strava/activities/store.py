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
from strava.activities.matching import START_WINDOW, merge_reason, richness, same_activity
from strava.activities.naming import default_name, usable_name
from strava.activities.parsed import Origin, ParsedRecording
from strava.activities.sports import same_family
from strava.models import Activity, ActivityAudit, Recording

QUEUE = "strava"
_VERB = {"file": "Imported from", "strava": "Fetched from Strava:"}
FIGURES = (
    "sport",
    "distance",
    "moving_time",
    "elapsed_time",
    "elevation_gain",
    "average_speed",
    "max_speed",
    "average_heartrate",
    "max_heartrate",
    "average_cadence",
    "calories",
    "fastest_pace",
    "has_map",
)
"""Fields that an activity takes from its primary recording."""

Outcome = Literal["imported", "merged", "duplicate", "updated"]


@dataclass(frozen=True)
class Stored:
    """What became of a recording."""

    outcome: Outcome
    activity_id: UUID
    reason: str


async def store(session: AsyncSession, origin: Origin, parsed: ParsedRecording, *, home_timezone: str) -> Stored:
    """Store one recording of one athlete; the caller holds ``lock_athlete``.

    ``home_timezone`` is used where the recording has no position. What Strava has under a number that is known
    takes the place of what it had before.
    """
    if origin.strava_id is not None:
        earlier = await repository.recording_of_strava(session, origin.athlete_id, origin.strava_id)
        if earlier is not None:
            return await replace_recording(session, origin, parsed, earlier)
    known = await repository.recording_of(session, origin.athlete_id, origin.sha256, origin.part)
    if known is not None:
        reason = "This file was imported before."
        audit(session, known.activity_id, origin.athlete_id, "skipped", reason)
        return Stored("duplicate", known.activity_id, reason)
    sports = sorted(same_family(parsed.recording.sport))
    near = await repository.candidates(session, origin.athlete_id, sports, parsed.start_time, START_WINDOW)
    twin = same_activity(near, parsed.start_time, parsed.derived.elapsed_time)
    if twin is None:
        return await _create(session, origin, parsed, home_timezone)
    reason = merge_reason(twin, parsed.start_time, parsed.derived.elapsed_time)
    return await _merge(session, origin, parsed, twin.activity_id, reason)


async def _create(session: AsyncSession, origin: Origin, parsed: ParsedRecording, home_timezone: str) -> Stored:
    zone = parsed.derived.timezone or home_timezone
    local_start = parsed.start_time.astimezone(ZoneInfo(zone))
    summary = parsed.summary()
    activity = Activity(
        id=uuid7(),
        athlete_id=origin.athlete_id,
        version=1,
        name=usable_name(parsed.recording.name) or default_name(parsed.recording.sport, local_start),
        description=parsed.recording.notes or "",
        start_time=parsed.start_time,
        timezone=zone,
        source=origin.source,
        sources=[origin.source],
        strava_id=origin.strava_id,
        **{name: summary[name] for name in FIGURES},
    )
    session.add(activity)
    await session.flush()
    await _add_recording(session, origin, parsed, activity.id, primary=True, reason="The first of this activity.")
    audit(session, activity.id, origin.athlete_id, "created", f"{_VERB[origin.source]} {origin.file_name}.")
    event = ActivityCreated(
        activity_id=activity.id,
        athlete_id=activity.athlete_id,
        version=1,
        sport=activity.sport,
        start_time=activity.start_time,
    )
    publish(session, event, queue=QUEUE)
    await repository.count_list_version_up(session, origin.athlete_id)
    return Stored("imported", activity.id, "")


async def _merge(
    session: AsyncSession, origin: Origin, parsed: ParsedRecording, activity_id: UUID, reason: str
) -> Stored:
    activity = await session.get_one(Activity, activity_id, with_for_update=True)
    await _add_recording(session, origin, parsed, activity_id, primary=False, reason=reason)
    audit(session, activity_id, origin.athlete_id, "merged", f"{origin.file_name}: {reason}")
    unnamed = default_name(activity.sport, activity.start_time.astimezone(ZoneInfo(activity.timezone)))
    await settle(session, activity, _take_words(activity, parsed, name=unnamed, description=None))
    return Stored("merged", activity_id, reason)


async def _add_recording(
    session: AsyncSession, origin: Origin, parsed: ParsedRecording, activity_id: UUID, *, primary: bool, reason: str
) -> None:
    row = Recording(
        id=uuid7(),
        activity_id=activity_id,
        athlete_id=origin.athlete_id,
        primary=primary,
        source=origin.source,
        reason=reason,
        created_at=datetime.now(UTC),
        **_content(origin, parsed),
    )
    session.add(row)
    await session.flush()
    await _add_parts(session, row.id, parsed)


async def _add_parts(session: AsyncSession, recording_id: UUID, parsed: ParsedRecording) -> None:
    splits, laps = parsed.splits(recording_id), parsed.laps(recording_id)
    await repository.add_parts(session, recording_id, streams=parsed.derived.streams, splits=splits, laps=laps)


def _content(origin: Origin, parsed: ParsedRecording) -> dict[str, Any]:
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
        "fetch_number": origin.fetch_number,
        "device": recording.device,
        "sport": recording.sport,
        "start_time": recording.start_time,
        "elapsed_time": derived.elapsed_time,
        "quality": parsed.quality(),
        "summary": parsed.summary(),
        "polyline": derived.polyline,
        "summary_polyline": derived.summary_polyline,
        "bounds": [bounds.south, bounds.west, bounds.north, bounds.east] if bounds else None,
    }


async def replace_recording(
    session: AsyncSession, origin: Origin, parsed: ParsedRecording, recording: Recording
) -> Stored:
    """Give a recording what its source has of it now; the same content again writes nothing."""
    activity = await session.get_one(Activity, recording.activity_id, with_for_update=True)
    if recording.sha256 == origin.sha256:
        recording.fetch_number = origin.fetch_number
        reason = f"{origin.file_name} has not changed."
        audit(session, activity.id, origin.athlete_id, "skipped", reason)
        return Stored("duplicate", activity.id, reason)
    words = _take_words(
        activity,
        parsed,
        name=usable_name(recording.summary.get("name")),
        description=recording.summary.get("description"),
    )
    resampled = not await repository.has_streams(session, recording.id, parsed.derived.streams)
    for column, value in _content(origin, parsed).items():
        setattr(recording, column, value)
    await repository.remove_parts(session, recording.id)
    await _add_parts(session, recording.id, parsed)
    await session.flush()
    audit(session, activity.id, origin.athlete_id, "updated", f"{origin.file_name} has changed.")
    await settle(session, activity, [*words, *(["streams"] if resampled and recording.primary else [])])
    return Stored("updated", activity.id, "")


async def settle(session: AsyncSession, activity: Activity, also_changed: Sequence[str] = ()) -> None:
    """Make the richest recording the primary one and give the activity its figures; tell what changed."""
    recordings = list(await repository.recordings(session, activity.id))
    richest = max(recordings, key=lambda each: richness(each.summary["streams"], each.source, each.created_at))
    changed = [*also_changed] if richest.primary else [*also_changed, "streams"]
    for each in recordings:
        each.primary = each is richest
    changed += _take_figures(activity, richest)
    activity.source = richest.source
    activity.sources = sorted({each.source for each in recordings})
    activity.strava_id = next((each.strava_id for each in recordings if each.strava_id is not None), None)
    await touch(session, activity, list(dict.fromkeys(changed)))


def _take_words(activity: Activity, parsed: ParsedRecording, *, name: str | None, description: str | None) -> list[str]:
    """Take name and description where the activity still has the words given here, which nobody chose; say which."""
    told = {
        "name": (name, usable_name(parsed.recording.name)),
        "description": (description or "", parsed.recording.notes or ""),
    }
    changed = [
        field
        for field, (before, now) in told.items()
        if now not in (before, None) and getattr(activity, field) == before and field not in activity.edited
    ]
    for field in changed:
        setattr(activity, field, told[field][1])
    return changed


def _take_figures(activity: Activity, recording: Recording) -> list[str]:
    fresh: dict[str, Any] = {name: recording.summary[name] for name in FIGURES}
    fresh["start_time"] = recording.start_time
    if recording.summary["timezone"]:
        fresh["timezone"] = recording.summary["timezone"]
    changed = [
        name for name, value in fresh.items() if name not in activity.edited and getattr(activity, name) != value
    ]
    for name in changed:
        setattr(activity, name, fresh[name])
    return changed


async def touch(session: AsyncSession, activity: Activity, changed: list[str]) -> None:
    """Count the version up and tell the other services what changed."""
    activity.version += 1
    activity.updated_at = datetime.now(UTC)
    event = ActivityUpdated(
        activity_id=activity.id, athlete_id=activity.athlete_id, version=activity.version, changed=changed
    )
    publish(session, event, queue=QUEUE)
    await repository.count_list_version_up(session, activity.athlete_id)


def audit(session: AsyncSession, activity_id: UUID, athlete_id: UUID, action: str, reason: str) -> None:
    """Write to the history of the activity, and tell the one audit log."""
    actor = str(athlete_id)
    record(session, QUEUE, actor=actor, action=f"activity.{action}", target=str(activity_id))
    session.add(
        ActivityAudit(
            activity_id=activity_id,
            athlete_id=athlete_id,
            action=action,
            reason=reason,
            actor=actor,
            req_id=request_id.get(),
        )
    )
