"""Rows of activities and their recordings. Whose they are is part of every query."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from strava.models import Activity, ActivityAudit, ActivityListVersion, Lap, Recording, Split, Stream, Tombstone
from strava.streams.codec import Column, decode, encode
from strava.streams.packed import Packed

_VERSIONS = ActivityListVersion.metadata.tables[ActivityListVersion.__tablename__]
_LIST_VERSION = select(_VERSIONS.c.version).where(_VERSIONS.c.athlete_id == bindparam("athlete"))
_OF_PRIMARY = (
    Recording.activity_id == bindparam("activity"),
    Recording.athlete_id == bindparam("athlete"),
    Recording.primary,
)
_PRIMARY = select(Recording).where(*_OF_PRIMARY)
_HEAD = select(Recording.id, Recording.start_time).where(*_OF_PRIMARY)
_SAMPLES = (
    select(Recording.id, Recording.start_time, Stream.type, Stream.data)
    .outerjoin(Stream, and_(Stream.recording_id == Recording.id, Stream.type.in_(bindparam("names", expanding=True))))
    .where(*_OF_PRIMARY)
)
_POLYLINE = select(Recording.polyline).where(Recording.id == bindparam("recording"))
_SPLITS = (
    select(Split)
    .where(Split.recording_id == bindparam("recording"), Split.unit == bindparam("unit"))
    .order_by(Split.index)
)
_LAPS = select(Lap).where(Lap.recording_id == bindparam("recording")).order_by(Lap.lap_index)

_COUNTED = "list version counted up"


class Primary(NamedTuple):
    """Which recording of an activity is the primary one, without what it holds."""

    id: UUID
    start_time: datetime


async def list_version(session: AsyncSession, athlete_id: UUID) -> int:
    """How often the athlete's activities have changed."""
    return await session.scalar(_LIST_VERSION, {"athlete": athlete_id}) or 0


async def count_list_version_up(session: AsyncSession, athlete_id: UUID) -> None:
    """Note that the athlete's activities change with this transaction; once is enough."""
    counted: set[UUID] = session.info.setdefault(_COUNTED, set())
    if athlete_id in counted:
        return
    counted.add(athlete_id)
    statement = upsert(ActivityListVersion).values(athlete_id=athlete_id, version=1)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[ActivityListVersion.athlete_id], set_={"version": ActivityListVersion.version + 1}
        )
    )


async def lock_athlete(session: AsyncSession, athlete_id: UUID) -> None:
    """Let one transaction at a time decide which recordings of an athlete belong together."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(athlete_id), 1))))


async def owned(session: AsyncSession, athlete_id: UUID, activity_id: UUID, *, lock: bool = False) -> Activity | None:
    """Return the athlete's activity; ``lock`` holds it until the transaction ends."""
    query = select(Activity).where(Activity.id == activity_id, Activity.athlete_id == athlete_id)
    activity: Activity | None = await session.scalar(query.with_for_update() if lock else query)
    return activity


async def recording_of_strava(session: AsyncSession, athlete_id: UUID, strava_id: int) -> Recording | None:
    query = select(Recording).where(Recording.athlete_id == athlete_id, Recording.strava_id == strava_id)
    recording: Recording | None = await session.scalar(query)
    return recording


async def owned_recording(session: AsyncSession, athlete_id: UUID, recording_id: UUID | None) -> Recording | None:
    query = select(Recording).where(Recording.id == recording_id, Recording.athlete_id == athlete_id)
    recording: Recording | None = await session.scalar(query)
    return recording


async def recordings(session: AsyncSession, activity_id: UUID) -> Sequence[Recording]:
    """The recordings of an activity, the primary one first."""
    query = select(Recording).where(Recording.activity_id == activity_id)
    return (await session.scalars(query.order_by(Recording.primary.desc(), Recording.created_at))).all()


async def primary(session: AsyncSession, athlete_id: UUID, activity_id: UUID) -> Recording | None:
    """Return the primary recording of the athlete's activity, with all it holds."""
    recording: Recording | None = await session.scalar(_PRIMARY, {"athlete": athlete_id, "activity": activity_id})
    return recording


async def primary_head(session: AsyncSession, athlete_id: UUID, activity_id: UUID) -> Primary | None:
    """Say which recording of the athlete's activity is the primary one."""
    row = (await session.execute(_HEAD, {"athlete": athlete_id, "activity": activity_id})).first()
    return None if row is None else Primary(*row)


async def primary_streams(
    session: AsyncSession, athlete_id: UUID, activity_id: UUID, names: Sequence[str]
) -> tuple[Primary, dict[str, Column]] | None:
    """Read the streams named of the primary recording of the athlete's activity, those that it has."""
    given = {"athlete": athlete_id, "activity": activity_id, "names": names}
    rows = (await session.execute(_SAMPLES, given)).all()
    if not rows:
        return None
    head = Primary(rows[0].id, rows[0].start_time)
    return head, {row.type: decode(row.type, row.data) for row in rows if row.type is not None}


async def polyline_of(session: AsyncSession, recording_id: UUID) -> str | None:
    """The track of a recording as its source gave it, or as its samples were when it was stored."""
    found: str | None = await session.scalar(_POLYLINE, {"recording": recording_id})
    return found


async def add_parts(
    session: AsyncSession,
    recording_id: UUID,
    *,
    streams: Mapping[str, Column],
    splits: Sequence[dict[str, object]],
    laps: Sequence[dict[str, object]],
) -> None:
    """Write streams, splits and laps of a recording."""
    rows = stream_rows(recording_id, streams)
    for model, values in ((Stream, rows), (Split, splits), (Lap, laps)):
        if values:
            await session.execute(insert(model), list(values))


def stream_rows(recording_id: UUID, streams: Mapping[str, Column]) -> list[dict[str, object]]:
    """Rows of ``streams``."""
    packed = streams if isinstance(streams, Packed) else Packed.of(streams)
    return [
        {"recording_id": recording_id, "type": name, "count": packed.count, "data": data}
        for name, data in packed.encoded.items()
    ]


async def remove_parts(session: AsyncSession, recording_id: UUID) -> None:
    """Delete streams, splits and laps of a recording."""
    for model in (Stream, Split, Lap):
        await session.execute(delete(model).where(model.recording_id == recording_id))


async def has_streams(session: AsyncSession, recording_id: UUID, columns: Mapping[str, Column]) -> bool:
    """Whether the recording has these streams already, to the last sample."""
    rows = await session.execute(select(Stream.type, Stream.data).where(Stream.recording_id == recording_id))
    return {row.type: row.data for row in rows} == {name: encode(name, column) for name, column in columns.items()}


async def streams(session: AsyncSession, recording_id: UUID, names: Sequence[str] | None = None) -> dict[str, Column]:
    """Read streams of a recording, all of them or those named."""
    query = select(Stream.type, Stream.data).where(Stream.recording_id == recording_id)
    if names is not None:
        query = query.where(Stream.type.in_(names))
    return {name: decode(name, data) for name, data in await session.execute(query)}


async def splits(session: AsyncSession, recording_id: UUID, unit: str) -> Sequence[Split]:
    return (await session.scalars(_SPLITS, {"recording": recording_id, "unit": unit})).all()


async def laps(session: AsyncSession, recording_id: UUID) -> Sequence[Lap]:
    return (await session.scalars(_LAPS, {"recording": recording_id})).all()


async def history(session: AsyncSession, athlete_id: UUID, activity_id: UUID) -> Sequence[ActivityAudit]:
    query = select(ActivityAudit).where(
        ActivityAudit.activity_id == activity_id, ActivityAudit.athlete_id == athlete_id
    )
    return (await session.scalars(query.order_by(ActivityAudit.id))).all()


async def remove(session: AsyncSession, activity: Activity) -> None:
    """Delete the activity with all its rows.

    Its numbers at Strava are noted, whoever told them, lest the next look at Strava bring it back.
    """
    number = func.coalesce(Recording.strava_id, Recording.archive_id)
    numbers = select(number).where(Recording.activity_id == activity.id, number.is_not(None)).distinct()
    for strava_id in (await session.scalars(numbers)).all():
        await bury(session, activity.athlete_id, strava_id, None)
    await session.execute(delete(Activity).where(Activity.id == activity.id))


async def tombstone(session: AsyncSession, athlete_id: UUID, strava_id: int) -> Tombstone | None:
    return await session.get(Tombstone, (athlete_id, strava_id), populate_existing=True)


async def bury(session: AsyncSession, athlete_id: UUID, strava_id: int, fetch_number: int | None) -> None:
    """Note that a Strava activity must not come: the athlete deleted it here (no number), or fetch so-and-so missed it.

    What the athlete decided stays.
    """
    statement = upsert(Tombstone).values(athlete_id=athlete_id, strava_id=strava_id, fetch_number=fetch_number)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Tombstone.athlete_id, Tombstone.strava_id],
            set_={"fetch_number": fetch_number},
            where=Tombstone.fetch_number.is_not(None),
        )
    )


async def dig_up(session: AsyncSession, athlete_id: UUID, strava_id: int) -> None:
    """Forget that Strava had no such activity."""
    buried = Tombstone.athlete_id == athlete_id, Tombstone.strava_id == strava_id
    await session.execute(delete(Tombstone).where(*buried))
