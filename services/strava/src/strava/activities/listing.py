"""The list of activities: keyset pages, filters, rendered without the detour over objects."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import ColumnElement, RowMapping, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from common.pagination import Keyset, Page, PageParams
from strava.activities.pictures import PictureAddresses
from strava.models import Activity

ORDER = Keyset((Activity.start_time, "desc"), (Activity.id, "desc"))
COLUMNS = (
    Activity.id,
    Activity.name,
    Activity.sport,
    Activity.start_time,
    Activity.timezone,
    Activity.distance,
    Activity.moving_time,
    Activity.elapsed_time,
    Activity.elevation_gain,
    Activity.average_speed,
    Activity.max_speed,
    Activity.average_heartrate,
    Activity.max_heartrate,
    Activity.average_cadence,
    Activity.calories,
    Activity.fastest_pace,
    Activity.source,
    Activity.sources,
    Activity.strava_id,
    Activity.has_map,
    Activity.picture_revision,
    Activity.version,
)
_ESCAPE = "\\"


class ActivityFilter(BaseModel):
    """What the list can be narrowed to; distances in metres, ``from`` inclusive, ``to`` exclusive."""

    sport: str | None = Field(default=None, max_length=40)
    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = Field(default=None, alias="to")
    q: str | None = Field(default=None, max_length=100, description="part of the name")
    source: Literal["file", "strava", "manual"] | None = None
    gear: UUID | None = None
    min_distance: float | None = Field(default=None, ge=0, le=1e9, allow_inf_nan=False)
    max_distance: float | None = Field(default=None, ge=0, le=1e9, allow_inf_nan=False)

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter as conditions of a query."""
        found: list[ColumnElement[bool]] = []
        if self.sport is not None:
            found.append(Activity.sport == self.sport)
        if self.since is not None:
            found.append(Activity.start_time >= self.since)
        if self.until is not None:
            found.append(Activity.start_time < self.until)
        if self.q is not None:
            found.append(Activity.name.icontains(self.q, autoescape=True, escape=_ESCAPE))
        if self.source is not None:
            found.append(Activity.sources.contains([self.source]))
        if self.gear is not None:
            found.append(Activity.gear_id == self.gear)
        if self.min_distance is not None:
            found.append(Activity.distance >= self.min_distance)
        if self.max_distance is not None:
            found.append(Activity.distance <= self.max_distance)
        return found


async def page_of(
    session: AsyncSession,
    athlete_id: UUID,
    chosen: ActivityFilter,
    paging: PageParams,
    addresses: PictureAddresses,
) -> Page[dict[str, Any]]:
    """Return a page of the athlete's activities, the newest first."""
    rows = await rows_of(session, athlete_id, chosen, paging.cursor, paging.limit + 1)
    return ORDER.page(
        rows, paging.limit, lambda row: (row["start_time"], row["id"]), lambda row: rendered(row, addresses)
    )


async def rows_of(
    session: AsyncSession,
    athlete_id: UUID,
    chosen: ActivityFilter,
    cursor: str | None,
    limit: int,
    *also: ColumnElement[Any] | InstrumentedAttribute[Any],
) -> Sequence[RowMapping]:
    """Read rows of the athlete's activities after the cursor, the newest first, with ``COLUMNS`` and those named.

    Which they are is found in the index alone, which has all that a filter needs: one that fits little would
    else read every row.
    """
    found = (
        select(Activity.id)
        .where(Activity.athlete_id == athlete_id, ORDER.where(cursor), *chosen.conditions())
        .order_by(*ORDER.order_by())
        .limit(limit)
    )
    narrowed = Activity.id.in_(found)
    query = select(*COLUMNS, *also).where(narrowed).order_by(*ORDER.order_by())
    return (await session.execute(query)).mappings().all()


def rendered(row: Mapping[Any, Any], addresses: PictureAddresses) -> dict[str, Any]:
    """An activity's row as the API shows it."""
    shown = dict(row)
    revision = shown.pop("picture_revision")
    start: datetime = row["start_time"]
    strava_id = row["strava_id"]
    return {
        **shown,
        "start_time_local": start.astimezone(ZoneInfo(row["timezone"])),
        "strava_id": str(strava_id) if strava_id is not None else None,
        "thumbnail_url": addresses.of(row["id"], revision),
    }
