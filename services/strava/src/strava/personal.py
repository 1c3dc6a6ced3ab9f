"""What the activity store holds of a person."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import Job, JobState
from common.personal import Holding, PersonalData, PersonalFile
from common.resources import Resources
from strava.activities.repository import lock_athlete
from strava.connections.service import disconnect
from strava.imports.repository import batches_by_id
from strava.imports.service import state_of
from strava.models import (
    Activity,
    ActivityAudit,
    ActivityListVersion,
    Connection,
    Gear,
    GearDefault,
    Import,
    ImportItem,
    ImportPreview,
    OAuthState,
    PrivacyZone,
    Purge,
    Push,
    Recording,
    Tombstone,
    WebhookEvent,
)
from strava.sync.queueing import REVOKE

_FOLDER = "originals"
_SEALED = frozenset({"access_token", "refresh_token"})


def _jobs(person: UUID) -> ColumnElement[bool]:
    """All jobs of the person but the one that still takes the grant back at Strava."""
    revoking = (Job.kind == REVOKE) & Job.state.in_([JobState.QUEUED, JobState.RUNNING])
    return (Job.subject_id == person) & ~revoking


def _told_of(person: UUID) -> ColumnElement[bool]:
    numbers = select(Connection.strava_athlete_id).where(Connection.athlete_id == person).scalar_subquery()
    return WebhookEvent.owner_id == numbers


def _items(person: UUID) -> ColumnElement[bool]:
    return ImportItem.import_id.in_(select(Import.id).where(Import.athlete_id == person))


def _previews(person: UUID) -> ColumnElement[bool]:
    return ImportPreview.import_id.in_(select(Import.id).where(Import.athlete_id == person))


async def _leave(_resources: Resources, session: AsyncSession, person: UUID) -> None:
    await lock_athlete(session, person)
    await session.execute(delete(WebhookEvent).where(_told_of(person)))  # while it is known who that is at Strava
    await disconnect(session, person)


async def _originals(resources: Resources, session: AsyncSession, person: UUID) -> Sequence[PersonalFile]:
    """The files as they came, also those that nothing refers to any more."""
    recorded = select(Recording.object_key, Recording.file_name).where(Recording.athlete_id == person)
    given = select(ImportItem.object_key, ImportItem.name).where(_items(person), ImportItem.object_key != "")
    names = {key: name for query in (given, recorded) for key, name in await session.execute(query)}
    present = [each.key async for each in resources.objects.list(f"{_FOLDER}/{person}")]
    return [PersonalFile(f"originals/{_file_name(key, names.get(key, ''))}", key) for key in sorted(present)]


def _file_name(key: str, name: str) -> str:
    """The content's hash and the name's last part: unique, and no path."""
    return f"{key.rpartition('/')[2][:16]}-{PurePath(name.replace(chr(92), '/')).name or 'original'}"


async def _tell_states(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Say of each batch what the API says: its own row tells only whether it is taken back."""
    batches = {batch.id: batch for batch in await batches_by_id(session, [row["id"] for row in rows])}
    for row in rows:
        if row["id"] in batches:
            row["state"] = state_of(batches[row["id"]])


PERSONAL = PersonalData(
    [
        Holding(WebhookEvent, _told_of, given=False),
        Holding(Push, lambda person: Push.athlete_id == person),
        Holding(Recording, lambda person: Recording.athlete_id == person, withheld=frozenset({"object_key"})),
        Holding(Activity, lambda person: Activity.athlete_id == person),
        Holding(GearDefault, lambda person: GearDefault.athlete_id == person),
        Holding(Gear, lambda person: Gear.athlete_id == person),
        Holding(PrivacyZone, lambda person: PrivacyZone.athlete_id == person),
        Holding(ActivityAudit, lambda person: ActivityAudit.athlete_id == person),
        Holding(ImportPreview, _previews, given=False),
        Holding(ImportItem, _items, withheld=frozenset({"object_key"})),
        Holding(Import, lambda person: Import.athlete_id == person, dress=_tell_states),
        Holding(Purge, lambda person: Purge.athlete_id == person),
        Holding(Connection, lambda person: Connection.athlete_id == person, withheld=_SEALED),
        Holding(OAuthState, lambda person: OAuthState.athlete_id == person, given=False),
        Holding(Tombstone, lambda person: Tombstone.athlete_id == person, given=False),
        Holding(ActivityListVersion, lambda person: ActivityListVersion.athlete_id == person, given=False),
    ],
    files=_originals,
    leave=_leave,
    jobs=_jobs,
    folder=_FOLDER,
)
