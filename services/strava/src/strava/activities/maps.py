"""Reading the track of an activity, as its owner or as others see it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from strava.activities import repository, service
from strava.activities.tracks import KEYS, Track, track_of
from strava.kernels import polyline
from strava.privacy.cutting import Zone
from strava.privacy.repository import zones
from strava.privacy.schemas import Privacy


async def hiding(session: AsyncSession, athlete_id: UUID, privacy: Privacy) -> list[Zone]:
    """Return the zones that the athlete's tracks are cut with: none for the athlete's own eyes."""
    return await zones(session, athlete_id) if privacy == "cut" else []


async def track(session: AsyncSession, athlete_id: UUID, activity_id: UUID, privacy: Privacy) -> Track:
    """Read the track of an activity; of one without samples that of its source's polyline.

    Raises ``ActivityMissing``.
    """
    recording, columns = await service.find_streams(session, athlete_id, activity_id, KEYS)
    if "latlng" not in columns and (given := await repository.polyline_of(session, recording.id)):
        columns = {"latlng": polyline.decode(given)}
    return track_of(columns, await hiding(session, athlete_id, privacy))
