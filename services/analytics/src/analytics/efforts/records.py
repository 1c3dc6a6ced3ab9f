"""Announcing records."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from analytics.efforts import repository
from analytics.models import Effort
from common.outbox import publish
from contracts.analytics.events import RecordSet


async def announce(
    session: AsyncSession,
    athlete_id: UUID,
    activity_id: UUID,
    efforts: Iterable[Effort],
    times_before: Mapping[str, float],
) -> None:
    """Publish each effort that takes the first rank of all time with a better time than its activity had before."""
    others = await repository.ranked(session, athlete_id, without_activity=activity_id, limit=1)
    best = {effort.distance: effort for effort in others}
    for effort in efforts:
        other, before = best.get(effort.distance), times_before.get(effort.distance)
        if other and (other.time, other.start_time) <= (effort.time, effort.start_time):
            continue
        if before is None or effort.time < before:
            beaten = [time for time in (other.time if other else None, before) if time is not None]
            publish(session, _record(effort, min(beaten, default=None)), queue="analytics")


def _record(effort: Effort, previous_time: float | None) -> RecordSet:
    return RecordSet(
        athlete_id=effort.athlete_id,
        activity_id=effort.activity_id,
        effort_id=effort.id,
        distance=effort.distance,
        meters=effort.meters,
        time=effort.time,
        previous_time=previous_time,
        start_time=effort.start_time,
    )
