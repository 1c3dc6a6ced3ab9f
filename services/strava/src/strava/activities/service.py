"""What an athlete can do with an activity."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common.errors import InvalidInput, NotFound
from strava.activities import manual, repository
from strava.activities.figures import take_figures
from strava.activities.listing import COLUMNS, rendered
from strava.activities.merging import RecordingMissing
from strava.activities.pictures import PictureAddresses
from strava.activities.rederiving import take_sport
from strava.activities.removal import announce_end
from strava.activities.schemas import (
    ENTERED,
    ActivityChange,
    ActivityDetail,
    ActivityGear,
    ActivityIn,
    MergeIn,
    RecordingOut,
    SplitOut,
    check_times,
)
from strava.activities.store import Stored, audit, replace_recording, store, touch
from strava.gear import repository as gear_rows
from strava.gear.service import find as find_gear
from strava.models import Activity, Gear, Recording
from strava.streams.codec import Column

_AS_ENTERED = (
    "sport", "name", "distance", "elevation_gain", "average_heartrate", "max_heartrate", "calories",
)  # fmt: skip


class Measured(InvalidInput):
    code = "activity.measured"
    title = "The figures of this activity are measured"
    next_steps = "Change name, description, sport, timezone or gear_id; figures can be set on entries by hand."


class ActivityMissing(NotFound):
    code = "activity.not_found"
    title = "No such activity"
    next_steps = "Check the id; the activity may have been deleted."


async def find(session: AsyncSession, athlete_id: UUID, activity_id: UUID, *, lock: bool = False) -> Activity:
    """Return the athlete's activity. Raises ``ActivityMissing``, also for one of somebody else."""
    activity = await repository.owned(session, athlete_id, activity_id, lock=lock)
    if activity is None:
        raise ActivityMissing
    return activity


async def find_other(session: AsyncSession, athlete_id: UUID, wanted: MergeIn) -> tuple[Activity, Sequence[Recording]]:
    """Return the activity to move recordings from, and which. Raises ``ActivityMissing``, ``RecordingMissing``."""
    if wanted.activity_id is not None:
        activity = await find(session, athlete_id, wanted.activity_id, lock=True)
        return activity, await repository.recordings(session, activity.id)
    recording = await repository.owned_recording(session, athlete_id, wanted.recording_id)
    if recording is None:
        raise RecordingMissing
    return await find(session, athlete_id, recording.activity_id, lock=True), [recording]


async def find_primary(session: AsyncSession, athlete_id: UUID, activity_id: UUID) -> UUID:
    """Return the id of the primary recording of the athlete's activity. Raises ``ActivityMissing``."""
    head = await repository.primary_head(session, athlete_id, activity_id)
    if head is None:
        raise ActivityMissing
    return head.id


async def find_streams(
    session: AsyncSession, athlete_id: UUID, activity_id: UUID, names: Sequence[str]
) -> tuple[repository.Primary, dict[str, Column]]:
    """Return the primary recording of the athlete's activity with the streams named. Raises ``ActivityMissing``."""
    found = await repository.primary_streams(session, athlete_id, activity_id, names)
    if found is None:
        raise ActivityMissing
    return found


def item_of(activity: Activity, addresses: PictureAddresses) -> dict[str, Any]:
    """An activity as it stands in lists."""
    return rendered({column.key: getattr(activity, column.key) for column in COLUMNS}, addresses)


async def gear_of(session: AsyncSession, activity: Activity) -> Gear | None:
    """The shoes or the bike of an activity."""
    return None if activity.gear_id is None else await gear_rows.owned(session, activity.athlete_id, activity.gear_id)


async def detail_of(
    session: AsyncSession, activity: Activity, gear: Gear | None, addresses: PictureAddresses
) -> ActivityDetail:
    """The activity with its recordings."""
    recordings = await repository.recordings(session, activity.id)
    return ActivityDetail(
        **item_of(activity, addresses),
        description=activity.description,
        calories_source=activity.calories_source,
        calories_estimated=activity.calories_source == "estimated",
        gear=None if gear is None else ActivityGear.model_validate(gear),
        edited=activity.edited,
        recordings=[RecordingOut.model_validate(each) for each in recordings],
    )


async def change(session: AsyncSession, activity: Activity, wanted: ActivityChange) -> None:
    """Set fields by hand; they stay whatever recordings come later. Figures are those of the entry by hand.

    Raises ``Measured``, ``GearMissing``.
    """
    if wanted.gear_id is not None:
        await find_gear(session, activity.athlete_id, wanted.gear_id)
    if figures := wanted.model_fields_set & {*ENTERED}:
        await _enter_anew(session, activity, wanted, figures)
    words = sorted(wanted.model_fields_set - {*ENTERED})
    changed = [name for name in words if getattr(activity, name) != getattr(wanted, name)]
    if not changed:
        return
    for name in changed:
        setattr(activity, name, getattr(wanted, name))
    activity.edited = sorted({*activity.edited, *changed})
    reason = f"Edited by hand: {', '.join(changed)}."
    audit(session, activity.id, activity.athlete_id, "updated", reason, actor=str(activity.athlete_id), by_hand=True)
    follows = await _take_sport(session, activity) if "sport" in changed else []
    await touch(session, activity, [*changed, *follows])
    await session.flush()


async def _take_sport(session: AsyncSession, activity: Activity) -> list[str]:
    """Let recordings be of the sport that the athlete chose; say what is another by that."""
    recordings = await repository.recordings(session, activity.id)
    resampled = [each.primary for each in recordings if await take_sport(session, each, activity.sport)]
    changed = take_figures(activity, recordings[0], recordings)
    return [*changed, *(["streams"] if any(resampled) else [])]


async def _enter_anew(session: AsyncSession, activity: Activity, wanted: ActivityChange, names: set[str]) -> None:
    """Give the entry by hand other figures. A file that comes later still goes before it."""
    row = next(iter(await repository.recordings(session, activity.id)))
    if row.source != manual.SOURCE:
        raise Measured
    before = manual.Entered.of(row)
    values = {name: getattr(wanted, name) for name in names}
    if "start_time" in values:
        zone = wanted.timezone if "timezone" in wanted.model_fields_set else activity.timezone
        values["start_time"] = manual.in_utc(values["start_time"], zone)
    if "moving_time" in values and "elapsed_time" not in values:
        values["elapsed_time"] = max(before.elapsed_time, values["moving_time"])
    after = replace(before, **values)
    _check_times(after)
    if after == before:
        return
    changed = manual.differing(before, values)
    reason = f"Edited by hand: {', '.join(changed)}."
    audit(session, activity.id, activity.athlete_id, "updated", reason, actor=str(activity.athlete_id), by_hand=True)
    # What it was first is what a repetition is known by: the hash stays, and so does its number in an archive.
    origin = replace(after.origin(activity.athlete_id), sha256=row.sha256, archive_id=row.archive_id)
    await replace_recording(session, origin, after.parsed(row.summary.get("weight")), row, edited=True)


def _check_times(entered: manual.Entered) -> None:
    try:
        check_times(entered.distance, entered.moving_time, entered.elapsed_time)
    except ValueError as error:
        raise InvalidInput(f"{str(error).capitalize()}.") from None


async def enter(
    session: AsyncSession, athlete_id: UUID, wanted: ActivityIn, *, home_timezone: str, weight: float | None
) -> Stored:
    """Store an activity that is entered by hand, or merge it with what there is of that time.

    Raises ``GearMissing``.
    """
    await repository.lock_athlete(session, athlete_id)
    if wanted.gear_id is not None:
        await find_gear(session, athlete_id, wanted.gear_id)
    zone = wanted.timezone or home_timezone
    moving, elapsed = wanted.times
    entered = manual.Entered(
        start_time=manual.in_utc(wanted.start_time, zone),
        timezone=zone,
        moving_time=moving,
        elapsed_time=elapsed,
        description=wanted.description or None,
        **{name: getattr(wanted, name) for name in _AS_ENTERED},
    )
    origin = entered.origin(athlete_id, wanted.gear_id)
    stored = await store(session, origin, entered.parsed(weight), home_timezone=zone)
    if stored.outcome == "imported" and wanted.gear_id is not None:
        activity = await session.get_one(Activity, stored.activity_id)
        activity.edited = ["gear_id"]
        await session.flush()
    return stored


async def delete(session: AsyncSession, activity: Activity) -> None:
    """Delete the activity with its recordings. The caller holds ``lock_athlete``.

    Originals are left to the sweep of orphans: the same content may be on its way in again.
    """
    await announce_end(session, activity, "Deleted by the athlete.", actor=str(activity.athlete_id))
    await repository.remove(session, activity)


async def splits_of(session: AsyncSession, recording_id: UUID, unit: str) -> Sequence[SplitOut]:
    """Splits by kilometre or mile, or the laps in the same shape."""
    if unit != "lap":
        return [SplitOut.model_validate(row) for row in await repository.splits(session, recording_id, unit)]
    return [
        SplitOut(
            index=lap.lap_index,
            distance=lap.distance,
            moving_time=lap.moving_time,
            elapsed_time=lap.elapsed_time,
            average_speed=lap.average_speed,
            elevation_difference=lap.elevation_difference,
            average_heartrate=lap.average_heartrate,
            grade_adjusted_speed=lap.grade_adjusted_speed,
            partial=lap.partial,
        )
        for lap in await repository.laps(session, recording_id)
    ]
