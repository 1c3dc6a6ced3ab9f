"""What an athlete can do with gear, and how gear that others tell of is found or made."""

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common.audit import record
from common.errors import Conflict, NotFound
from common.ids import uuid7
from strava.activities.naming import usable_name
from strava.activities.parsed import SERVICE
from strava.activities.repository import count_list_version_up, lock_athlete
from strava.activities.store import QUEUE, audit, touch
from strava.gear import repository
from strava.gear.schemas import GearChange, GearIn, GearOut, shown
from strava.models import Gear

Kind = Literal["shoes", "bike"]
MOST = 500
_BIKE = "b"  # Strava numbers bikes b123 and shoes g123


class GearMissing(NotFound):
    code = "gear.not_found"
    title = "No such gear"
    next_steps = "Check the id; GET /gear lists yours."


class GearInUse(Conflict):
    code = "gear.in_use"
    title = "Activities have this gear"
    next_steps = "Retire it with retired_on instead, or delete it with ?unlink=true: its activities then have no gear."


class TooMuchGear(Conflict):
    code = "gear.too_many"
    title = "There is too much gear"
    next_steps = "Delete gear that no activity has."


async def for_strava(session: AsyncSession, athlete_id: UUID, strava_gear_id: str, name: str | None) -> UUID:
    """Return the gear that Strava numbers so, made or taken from gear of the same name where it is new.

    ``strava_gear_id`` is Strava's ``gear_id`` (``b123`` a bike, else shoes), ``name`` what Strava calls it. Takes
    ``lock_athlete``.
    """
    await lock_athlete(session, athlete_id)
    known = await repository.numbered(session, athlete_id, strava_gear_id)
    if known is not None:
        return known.id
    kind: Kind = "bike" if strava_gear_id.startswith(_BIKE) else "shoes"
    plain = usable_name(name) or f"{kind.capitalize()} {strava_gear_id}"
    namesakes = await repository.called(session, athlete_id, plain, kind)
    adopted = next((each for each in namesakes if each.strava_gear_id is None), None)
    if adopted is None:
        columns = {"strava_gear_id": strava_gear_id}
        return await _made(session, athlete_id, kind, plain, "Told by Strava.", actor=SERVICE, **columns)
    adopted.strava_gear_id = strava_gear_id
    await _touch(session, adopted, "gear.updated", actor=SERVICE)
    return adopted.id


async def named(session: AsyncSession, athlete_id: UUID, name: str, kind: Kind) -> UUID:
    """Return the athlete's gear of this name (whatever the case) and kind, made where there is none.

    For archives, which know gear by name only. Takes ``lock_athlete``.
    """
    await lock_athlete(session, athlete_id)
    plain = usable_name(name) or kind.capitalize()
    namesakes = await repository.called(session, athlete_id, plain, kind)
    if namesakes:
        return namesakes[0].id
    return await _made(session, athlete_id, kind, plain, "Told by an archive.", actor=str(athlete_id))


async def _made(
    session: AsyncSession, athlete_id: UUID, kind: Kind, name: str, reason: str, *, actor: str, **columns: Any
) -> UUID:
    gear = Gear(id=uuid7(), athlete_id=athlete_id, kind=kind, name=name, version=1, **columns)
    session.add(gear)
    await session.flush()
    record(session, QUEUE, actor=actor, action="gear.created", target=str(gear.id), details={"reason": reason})
    await count_list_version_up(session, athlete_id)
    return gear.id


async def find(session: AsyncSession, athlete_id: UUID, gear_id: UUID, *, lock: bool = False) -> Gear:
    """Return the athlete's gear. Raises ``GearMissing``, also for somebody else's."""
    gear = await repository.owned(session, athlete_id, gear_id, lock=lock)
    if gear is None:
        raise GearMissing
    return gear


async def list_of(session: AsyncSession, athlete_id: UUID) -> list[GearOut]:
    """All gear of the athlete, with how far it went."""
    found = await repository.listed(session, athlete_id)
    totals = await repository.totals(session, [each.id for each in found])
    defaults = await repository.defaults(session, athlete_id)
    return [shown(each, totals.get(each.id), defaults.get(each.id, [])) for each in found]


async def detail_of(session: AsyncSession, gear: Gear) -> GearOut:
    """The gear, with how far it went."""
    totals = await repository.totals(session, [gear.id])
    defaults = await repository.defaults(session, gear.athlete_id)
    return shown(gear, totals.get(gear.id), defaults.get(gear.id, []))


async def create(session: AsyncSession, athlete_id: UUID, wanted: GearIn) -> Gear:
    """Make gear. Raises ``TooMuchGear``."""
    await lock_athlete(session, athlete_id)
    if await repository.count(session, athlete_id) >= MOST:
        raise TooMuchGear(f"{MOST} is the most an athlete can have.")
    columns = wanted.model_dump(exclude={"default_for", "kind", "name"})
    made_by = {"reason": "Made by the athlete.", "actor": str(athlete_id)}
    gear_id = await _made(session, athlete_id, wanted.kind, wanted.name, **made_by, **columns)
    await repository.set_defaults(session, athlete_id, gear_id, wanted.default_for)
    return await find(session, athlete_id, gear_id)


async def change(session: AsyncSession, gear: Gear, wanted: GearChange) -> None:
    """Set the named fields. Gear that is retired is no sport's default any more."""
    values = wanted.model_dump(include=wanted.model_fields_set)
    defaults = values.pop("default_for", None)
    changed = {name: value for name, value in values.items() if getattr(gear, name) != value}
    for name, value in changed.items():
        setattr(gear, name, value)
    if gear.retired_on is not None:
        defaults = []
    before = (await repository.defaults(session, gear.athlete_id)).get(gear.id, [])
    if defaults is not None and sorted(defaults) != before:
        await repository.set_defaults(session, gear.athlete_id, gear.id, defaults)
        changed["default_for"] = defaults
    if changed:
        await _touch(session, gear, "gear.updated", actor=str(gear.athlete_id))


async def delete(session: AsyncSession, gear: Gear, *, unlink: bool, actor: str) -> None:
    """Delete gear; its activities lose it with ``unlink``. Raises ``GearInUse`` when there are some, without."""
    if not unlink and await repository.is_used(session, gear.id):
        raise GearInUse
    for activity in await repository.activities_of(session, gear.athlete_id, gear.id):
        activity.gear_id = None
        audit(session, activity.id, activity.athlete_id, "updated", "Its gear was deleted.", actor=actor)
        await touch(session, activity, ["gear_id"])
    await session.flush()
    await _touch(session, gear, "gear.deleted", actor=actor)
    await session.delete(gear)
    await session.flush()


async def forget_stravas(session: AsyncSession, athlete_id: UUID, before: datetime) -> None:
    """Delete what Strava told of before a moment, once its activities are gone. The caller holds ``lock_athlete``."""
    for gear in await repository.untouched_of_strava(session, athlete_id, before):
        await delete(session, gear, unlink=False, actor=SERVICE)


async def _touch(session: AsyncSession, gear: Gear, action: str, *, actor: str) -> None:
    """Count the versions up, of the gear and of the athlete's list, and tell the audit log."""
    gear.version += 1
    gear.updated_at = datetime.now(UTC)
    record(session, QUEUE, actor=actor, action=action, target=str(gear.id))
    await count_list_version_up(session, gear.athlete_id)
    await session.flush()
