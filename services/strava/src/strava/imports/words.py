"""What an archive says of a file's activity goes before what the file itself says."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from strava.activities.manual import Entered
from strava.activities.parsed import Origin, ParsedRecording
from strava.activities.sports import family_of
from strava.files.accounts import Told
from strava.gear.service import Kind, named

NEAR = 3600.0  # s between what the archive and the file say of the start; people cut activities at Strava
WHEELS = frozenset({"ride"})
OTHER = "Workout"


def leg_of(told: Told, parsed: Sequence[ParsedRecording]) -> int | None:
    """Index of the recording that the words are of: the only one, else the one that starts nearest."""
    if len(parsed) == 1:
        return 0
    if told.start_time is None or not parsed:
        return None
    apart = [abs((each.start_time - told.start_time).total_seconds()) for each in parsed]
    nearest = min(range(len(apart)), key=apart.__getitem__)
    return nearest if apart[nearest] <= NEAR else None


def with_words(parsed: ParsedRecording, told: Told) -> ParsedRecording:
    """The recording under the name and description that the archive has."""
    recording = parsed.recording
    name, notes = told.name or recording.name, told.description or recording.notes
    return replace(parsed, recording=replace(recording, name=name, notes=notes))


async def gear_of(
    session: AsyncSession, athlete_id: UUID, told: Told, sport: str, known: dict[tuple[str, str], UUID]
) -> UUID | None:
    """The gear that the archive has, made where it is new; ``known`` is what this transaction asked for before."""
    if not told.gear:
        return None
    kind: Kind = "bike" if family_of(sport) in WHEELS else "shoes"
    if (kind, told.gear) not in known:
        known[kind, told.gear] = await named(session, athlete_id, told.gear, kind)
    return known[kind, told.gear]


def by_hand(athlete_id: UUID, told: Told, *, timezone: str, weight: float | None) -> tuple[Origin, ParsedRecording]:
    """The recording of an activity that was entered by hand at Strava.

    Its number there is what it is known by: the same entry out of a later archive is the same recording.

    Raises:
        ValueError: the archive does not say when it was.
    """
    if told.start_time is None:
        raise ValueError("an activity needs a start")
    elapsed = told.elapsed_time or told.moving_time or 0.0
    entered = Entered(
        sport=told.sport or OTHER,
        start_time=told.start_time,
        timezone=timezone,
        distance=told.distance or 0.0,
        moving_time=min(told.moving_time or elapsed, elapsed),
        elapsed_time=elapsed,
        elevation_gain=told.elevation_gain,
        average_heartrate=told.average_heartrate,
        max_heartrate=told.max_heartrate,
        calories=told.calories,
        name=told.name,
        description=told.description,
    )
    known_by = hashlib.sha256(f"entered by hand at Strava: {told.archive_id}".encode()).hexdigest()
    return replace(entered.origin(athlete_id), sha256=known_by), entered.parsed(weight)
