"""Rank tables and explanations, as the API gives them."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from analytics.efforts import repository
from analytics.efforts.distances import METERS, Distance, Window, leaves, since
from analytics.efforts.schemas import BestEfforts, DistanceRanks, End, Explanation, Formula, PauseInside, Rank
from analytics.models import Effort
from common.errors import NotFound


class EffortNotFound(NotFound):
    code = "analytics.effort_not_found"
    title = "No such best effort"
    next_steps = "Read the best efforts again: the activity may have been deleted or changed."


async def table(session: AsyncSession, athlete_id: UUID, window: Window, now: datetime) -> bytes:
    """The athlete's ten best efforts per distance in the window that ends now, as JSON of ``BestEfforts``.

    A table is computed once per change of the athlete's efforts and again when one of its efforts has left the
    window. The version is read before the efforts, so a change in between can only make a kept table look too old.
    """
    known = await repository.rank_table(session, athlete_id, window, now)
    if known is None:
        return _rendered(window, [])
    version, body = known
    if body is not None:
        return body
    efforts = await repository.ranked(session, athlete_id, since=since(window, now))
    body = _rendered(window, efforts)
    kept = {
        "athlete_id": athlete_id,
        "window": window.value,
        "version": version,
        "valid_until": min((leaving for each in efforts if (leaving := leaves(window, each.start_time))), default=None),
        "body": body,
    }
    await repository.keep_rank_table(session, kept)
    return body


def only(body: bytes, distance: Distance) -> bytes:
    """The same table with one distance."""
    whole = BestEfforts.model_validate_json(body)
    items = [item for item in whole.items if item.distance == distance]
    return whole.model_copy(update={"items": items}).model_dump_json().encode()


def _rendered(window: Window, efforts: Sequence[Effort]) -> bytes:
    by_distance = {distance: list(rows) for distance, rows in groupby(efforts, lambda effort: effort.distance)}
    items = [
        DistanceRanks(distance=distance, meters=meters, ranks=_ranks(by_distance.get(distance, [])))
        for distance, meters in METERS.items()
    ]
    return BestEfforts(window=window, items=items).model_dump_json().encode()


def _ranks(efforts: list[Effort]) -> list[Rank]:
    return [
        Rank(
            rank=rank,
            time=effort.time,
            speed=effort.speed,
            activity_id=effort.activity_id,
            effort_id=effort.id,
            start_time=effort.start_time,
        )
        for rank, effort in enumerate(efforts, 1)
    ]


async def explain(session: AsyncSession, athlete_id: UUID, effort_id: UUID) -> Explanation:
    """Where one of the athlete's efforts comes from. Raises ``EffortNotFound``, for those of others too."""
    effort = await repository.own_effort(session, athlete_id, effort_id)
    if effort is None:
        raise EffortNotFound
    return Explanation(
        id=effort.id,
        activity_id=effort.activity_id,
        activity_version=effort.activity_version,
        distance=Distance(effort.distance),
        meters=effort.meters,
        time=effort.time,
        speed=effort.speed,
        start_time=effort.start_time,
        start=End(
            time=effort.start_offset,
            distance=effort.start_distance,
            index=effort.start_index,
            interpolated=effort.interpolated == "start",
        ),
        end=End(
            time=effort.end_offset,
            distance=effort.end_distance,
            index=effort.end_index,
            interpolated=effort.interpolated == "end",
        ),
        pauses=[PauseInside.model_validate(pause) for pause in effort.pauses],
        longest_gap=effort.longest_gap,
        formula=Formula(name="best effort", version=effort.formula_version),
        computed_at=effort.computed_at,
    )
