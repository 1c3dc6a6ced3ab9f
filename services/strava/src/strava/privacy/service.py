"""What an athlete can do with privacy zones."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common.audit import record
from common.errors import Conflict, NotFound
from common.ids import uuid7
from common.outbox import publish
from contracts.strava.events import PrivacyZonesChanged
from strava.activities.repository import lock_athlete
from strava.activities.store import QUEUE
from strava.models import PrivacyZone
from strava.privacy import repository
from strava.privacy.schemas import ZoneChange, ZoneIn, ZoneOut

MOST = 20
"""Zones of an athlete: each is held against every track that is drawn."""

_COLUMNS = {"lat": "latitude", "lng": "longitude"}


class ZoneMissing(NotFound):
    code = "zone.not_found"
    title = "No such privacy zone"
    next_steps = "Check the id; GET /privacy-zones lists yours."


class TooManyZones(Conflict):
    code = "zone.too_many"
    title = "There are too many privacy zones"
    next_steps = "Delete a zone, or make one larger so that it covers another."


def shown(zone: PrivacyZone) -> ZoneOut:
    """A zone as the API shows it."""
    return ZoneOut(
        id=zone.id,
        name=zone.name,
        lat=zone.latitude,
        lng=zone.longitude,
        radius=zone.radius,
        version=zone.version,
        created_at=zone.created_at,
    )


async def find(session: AsyncSession, athlete_id: UUID, zone_id: UUID, *, lock: bool = False) -> PrivacyZone:
    """Return the athlete's zone. Raises ``ZoneMissing``, also for one of somebody else."""
    zone = await repository.owned(session, athlete_id, zone_id, lock=lock)
    if zone is None:
        raise ZoneMissing
    return zone


async def create(session: AsyncSession, athlete_id: UUID, wanted: ZoneIn) -> PrivacyZone:
    """Make a zone. Raises ``TooManyZones``."""
    await lock_athlete(session, athlete_id)
    if len(await repository.listed(session, athlete_id)) >= MOST:
        raise TooManyZones(f"{MOST} is the most an athlete can have.")
    zone = PrivacyZone(
        id=uuid7(),
        athlete_id=athlete_id,
        name=wanted.name,
        latitude=wanted.lat,
        longitude=wanted.lng,
        radius=wanted.radius,
        version=1,
        created_at=datetime.now(UTC),
    )
    session.add(zone)
    await session.flush()
    _tell(session, zone, "privacy_zone.created")
    return zone


async def change(session: AsyncSession, zone: PrivacyZone, wanted: ZoneChange) -> None:
    """Set the named fields."""
    values = {_COLUMNS.get(name, name): getattr(wanted, name) for name in wanted.model_fields_set}
    changed = {name: value for name, value in values.items() if getattr(zone, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(zone, name, value)
    zone.version += 1
    zone.updated_at = datetime.now(UTC)
    _tell(session, zone, "privacy_zone.updated", redraw=changed.keys() != {"name"})
    await session.flush()


async def delete(session: AsyncSession, zone: PrivacyZone) -> None:
    """Delete a zone: what it hid is seen again."""
    _tell(session, zone, "privacy_zone.deleted")
    await session.delete(zone)
    await session.flush()


def _tell(session: AsyncSession, zone: PrivacyZone, action: str, *, redraw: bool = True) -> None:
    """Tell the audit log, without the place, and those who draw tracks."""
    record(session, QUEUE, actor=str(zone.athlete_id), action=action, target=str(zone.id))
    if redraw:
        publish(session, PrivacyZonesChanged(athlete_id=zone.athlete_id), queue=QUEUE)
