"""Rows of efforts and ranks."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, cast, column, delete, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from analytics.efforts.distances import Distance, Window
from analytics.models import AnalysedActivity, Effort, RankTable, RankVersion

RANKS = 10
_PAGE = 500


async def lock_activity(session: AsyncSession, activity_id: UUID) -> None:
    """Wait until nobody else works on the activity, and keep it until the transaction ends."""
    # Advisory locks are shared by the whole database, hence the service's name.
    key = func.hashtextextended(f"analytics activity {activity_id}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def analysed(session: AsyncSession, activity_id: UUID) -> AnalysedActivity | None:
    return await session.get(AnalysedActivity, activity_id)


async def efforts_of(session: AsyncSession, activity_id: UUID) -> dict[str, Effort]:
    """The activity's efforts by distance."""
    rows = await session.scalars(select(Effort).where(Effort.activity_id == activity_id))
    return {row.distance: row for row in rows}


async def own_effort(session: AsyncSession, athlete_id: UUID, effort_id: UUID) -> Effort | None:
    """The effort when it is this athlete's, else None."""
    query = select(Effort).where(Effort.id == effort_id, Effort.athlete_id == athlete_id)
    return (await session.scalars(query)).one_or_none()


async def delete_activity(session: AsyncSession, activity_id: UUID) -> None:
    await session.execute(delete(Effort).where(Effort.activity_id == activity_id))
    await session.execute(delete(AnalysedActivity).where(AnalysedActivity.activity_id == activity_id))


async def hold_ranks(session: AsyncSession, athlete_id: UUID) -> None:
    """Count a change of the athlete's efforts; others who change them wait for the end of the transaction."""
    statement = insert(RankVersion).values(athlete_id=athlete_id)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[RankVersion.athlete_id],
            set_={"version": RankVersion.version + 1, "updated_at": func.now()},
        )
    )


async def ranked(
    session: AsyncSession,
    athlete_id: UUID,
    *,
    since: datetime | None = None,
    without_activity: UUID | None = None,
    limit: int = RANKS,
) -> Sequence[Effort]:
    """The best efforts of each distance, best first: one short walk along the index per distance."""
    labels = cast([each.value for each in Distance], ARRAY(Text))
    distances = func.unnest(labels).table_valued(column("label", Text), name="distances").render_derived()
    best = (
        select(Effort)
        .where(Effort.athlete_id == athlete_id, Effort.distance == distances.c.label)
        .where(Effort.start_time >= since if since else true())
        .where(Effort.activity_id != without_activity if without_activity else true())
        .order_by(Effort.time, Effort.start_time, Effort.activity_id)
        .limit(limit)
        .lateral()
    )
    found = aliased(Effort, best)
    query: Select[Any] = select(found).select_from(distances).join(best, true())
    query = query.order_by(found.meters, found.time, found.start_time, found.activity_id)
    return (await session.scalars(query)).all()


async def rank_table(
    session: AsyncSession, athlete_id: UUID, window: Window, now: datetime
) -> tuple[int, bytes | None] | None:
    """Version of the athlete's efforts and the kept table of the window where it is still good."""
    good = and_(
        RankTable.athlete_id == RankVersion.athlete_id,
        RankTable.window == window,
        RankTable.version == RankVersion.version,
        or_(RankTable.valid_until.is_(None), RankTable.valid_until > now),
    )
    query = select(RankVersion.version, RankTable.body).outerjoin(RankTable, good)
    row = (await session.execute(query.where(RankVersion.athlete_id == athlete_id))).one_or_none()
    return (row.version, row.body) if row else None


async def keep_rank_table(session: AsyncSession, table: dict[str, Any]) -> None:
    """Keep a table for later readers, in one statement that stands by itself: a reading session commits each."""
    statement = insert(RankTable).values(**table)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[RankTable.athlete_id, RankTable.window],
            set_={**{key: statement.excluded[key] for key in table}, "computed_at": func.now()},
        )
    )


def _of(column: InstrumentedAttribute[UUID], athlete_id: UUID | None) -> ColumnElement[bool]:
    return column == athlete_id if athlete_id else true()


async def clear(session: AsyncSession, athlete_id: UUID | None, state: str) -> None:
    """Delete the efforts and ranks of one athlete or of all; what was analysed is kept in the given state."""
    held = select(RankVersion.athlete_id).where(_of(RankVersion.athlete_id, athlete_id))
    await session.execute(held.order_by(RankVersion.athlete_id).with_for_update())
    await session.execute(
        update(RankVersion)
        .where(_of(RankVersion.athlete_id, athlete_id))
        .values(version=RankVersion.version + 1, updated_at=func.now())
    )
    for table in (RankTable, Effort):
        await session.execute(delete(table).where(_of(table.athlete_id, athlete_id)))
    await session.execute(
        update(AnalysedActivity)
        .where(_of(AnalysedActivity.athlete_id, athlete_id))
        .values(state=state, input_digest=None)
    )


async def count_activities(session: AsyncSession, athlete_id: UUID | None) -> int:
    query = select(func.count()).select_from(AnalysedActivity)
    return await session.scalar(query.where(_of(AnalysedActivity.athlete_id, athlete_id))) or 0


async def activities(session: AsyncSession, athlete_id: UUID | None) -> AsyncIterator[list[tuple[UUID, UUID]]]:
    """Every known activity as (activity id, athlete id), page by page."""
    query = select(AnalysedActivity.activity_id, AnalysedActivity.athlete_id)
    query = query.where(_of(AnalysedActivity.athlete_id, athlete_id)).order_by(AnalysedActivity.activity_id)
    after: ColumnElement[bool] = true()
    while page := [(row[0], row[1]) for row in await session.execute(query.where(after).limit(_PAGE))]:
        yield page
        after = AnalysedActivity.activity_id > page[-1][0]
