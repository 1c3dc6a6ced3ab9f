"""Reading the track of an activity, as its owner or as others see it."""

from sqlalchemy.ext.asyncio import AsyncSession

from strava.activities import repository
from strava.activities.tracks import KEYS, Track, track_of
from strava.kernels import polyline
from strava.models import Recording
from strava.privacy.cutting import Zone
from strava.privacy.repository import zones
from strava.privacy.schemas import Privacy


async def hiding(session: AsyncSession, recording: Recording, privacy: Privacy) -> list[Zone]:
    """Return the zones that a track is cut with: none for its owner's own eyes."""
    return await zones(session, recording.athlete_id) if privacy == "cut" else []


async def track(session: AsyncSession, recording: Recording, privacy: Privacy) -> Track:
    """Read the track of a recording; of one without samples that of its source's polyline."""
    columns = await repository.streams(session, recording.id, KEYS)
    if "latlng" not in columns and recording.polyline:
        columns = {"latlng": polyline.decode(recording.polyline)}
    return track_of(columns, await hiding(session, recording, privacy))
