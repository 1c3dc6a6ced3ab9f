"""Asking Strava for a person who waits."""

from collections.abc import Sequence
from functools import partial
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from common.errors import NotFound
from common.pagination import Page, PageParams, decode_cursor, encode_cursor
from common.resources import Resources
from strava.activities import service as activities
from strava.connections.tokens import TokenKeeper
from strava.kernels.splits import speed
from strava.live.schemas import LiveActivity, LiveSplit, LiveSplits
from strava.models import Recording
from strava.push.errors import NotAtStrava
from strava.push.repository import number_at_strava
from strava.remote.errors import StravaNotFound
from strava.remote.remote import Remote
from strava.remote.shapes import ActivitySplit, SummaryActivity
from strava.sync.recording import sport_of, timezone_of

_FAR = 1_000_000  # pages
_BIGINT = 1 << 63
_DIGITS = 19


class StravaActivityMissing(NotFound):
    code = "strava.activity_not_found"
    title = "No such activity at Strava"
    next_steps = "Check the number: GET /api/v1/strava/activities lists what Strava has."


async def number_of(session: AsyncSession, athlete_id: UUID, reference: str) -> int:
    """Return Strava's number of an activity that is named by it or by its id here.

    Raises ``StravaActivityMissing``, ``ActivityMissing``, ``NotAtStrava``.
    """
    if reference.isascii() and reference.isdigit():
        number = int(reference) if len(reference) <= _DIGITS else _BIGINT
        if number >= _BIGINT:
            raise StravaActivityMissing
        return number
    try:
        activity_id = UUID(reference)
    except ValueError:
        raise StravaActivityMissing from None
    activity = await activities.find(session, athlete_id, activity_id)
    known = await number_at_strava(session, athlete_id, activity.id)
    if known is None:
        raise NotAtStrava
    return known


async def list_activities(resources: Resources, athlete_id: UUID, paging: PageParams) -> Page[LiveActivity]:
    """A page of Strava's own list; it has no total and ends with an empty page."""
    page = _page_of(paging.cursor)
    api, keeper = Remote.of(resources).api, TokenKeeper.of(resources)
    found = await keeper.with_token(athlete_id, partial(api.activities, page=page, size=paging.limit, urgent=True))
    async with resources.database.reading() as session:
        here = await _stored(session, athlete_id, [each.id for each in found])
    more = encode_cursor((page + 1,)) if found else None  # a short page is not the last: what is hidden is left out
    return Page(items=[_item(each, here.get(each.id)) for each in found], next_cursor=more)


def _page_of(cursor: str | None) -> int:
    [page] = decode_cursor(cursor, [int]) if cursor else [1]
    assert isinstance(page, int)
    return min(max(page, 1), _FAR)


async def _stored(session: AsyncSession, athlete_id: UUID, numbers: Sequence[int]) -> dict[int, UUID]:
    number = func.coalesce(Recording.strava_id, Recording.archive_id)
    rows = await session.execute(
        select(number, Recording.activity_id).where(Recording.athlete_id == athlete_id, number.in_(numbers))
    )
    return {row[0]: row[1] for row in rows}


def _item(activity: SummaryActivity, activity_id: UUID | None) -> LiveActivity:
    zone = timezone_of(activity)
    same = activity.model_dump(
        include={"name", "distance", "moving_time", "elapsed_time", "average_speed", "max_speed", "manual"}
        | {"average_heartrate", "max_heartrate"}
    )
    return LiveActivity(
        id=str(activity.id),
        activity_id=activity_id,
        sport=sport_of(activity),
        start_time=activity.start_date,
        timezone=zone,
        elevation_gain=activity.total_elevation_gain,
        **same,
    )


async def splits(resources: Resources, athlete_id: UUID, reference: str, unit: Literal["km", "mi"]) -> LiveSplits:
    """The splits as Strava has them."""
    async with resources.database.reading() as session:
        strava_id = await number_of(session, athlete_id, reference)
    api, keeper = Remote.of(resources).api, TokenKeeper.of(resources)
    try:
        found = await keeper.with_token(athlete_id, partial(api.activity, activity_id=strava_id, urgent=True))
    except StravaNotFound:
        raise StravaActivityMissing from None
    rows = found.splits_metric if unit == "km" else found.splits_standard
    return LiveSplits(unit=unit, items=[_split(each) for each in rows])


def _split(split: ActivitySplit) -> LiveSplit:
    return LiveSplit(
        index=split.split,
        distance=split.distance,
        moving_time=split.moving_time,
        elapsed_time=split.elapsed_time,
        average_speed=speed(split.distance, split.moving_time, split.elapsed_time),
        elevation_difference=split.elevation_difference,
        average_heartrate=split.average_heartrate,
        grade_adjusted_speed=split.average_grade_adjusted_speed,
    )
