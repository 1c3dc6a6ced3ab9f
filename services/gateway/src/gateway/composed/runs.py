"""``GET /api/runs`` as clients of old know it: all runs in one flat list, out of the list of activities."""

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from common.errors import TooLarge
from common.etag import etag_for, not_modified
from gateway.composed.parts import AllServices, Caller, CurrentCaller, Services, get_for

PATH: Final = "/api/runs"
MOST_PAGES: Final = 50
"""Of 200 activities each: what is more must be read page by page from /api/v1/activities."""

_PAGE = 200
_RUNNING = ("Run", "TrailRun", "VirtualRun")
_ACTIVITIES = "/api/v1/activities"

router = APIRouter(tags=["legacy"])


class LegacyRun(BaseModel):
    """A running activity in the units and names of old."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    id: str
    strava_id: str | None
    name: str
    date: str = Field(description="local time of the start")
    distance_km: float
    duration_sec: float = Field(description="in motion")
    pace_sec_per_km: float | None
    fastest_pace_sec_per_km: float | None = Field(description="of the fastest full kilometre")
    elevation_gain_m: float | None = Field(alias="elevationGainM")
    avg_hr: float | None
    calories: float | None


class TooManyRuns(TooLarge):
    next_steps = "Read /api/v1/activities page by page."


@router.get(PATH, response_model=list[LegacyRun], deprecated=True)
async def runs(request: Request, services: AllServices, caller: CurrentCaller) -> Response:
    """Return all runs, the latest first. Superseded by ``GET /api/v1/activities``."""
    shown = [_shown(each) for each in await _activities(services, caller) if each["sport"] in _RUNNING]
    body = orjson.dumps([each.model_dump(by_alias=True) for each in shown])
    etag = etag_for(body)
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


async def _activities(services: Services, caller: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        params = {"limit": _PAGE} | ({"cursor": cursor} if cursor else {})
        page = await get_for(caller, services.for_caller["strava"], _ACTIVITIES, params)
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found
    raise TooManyRuns(f"There are more than {MOST_PAGES * _PAGE} activities.")


def _shown(activity: dict[str, Any]) -> LegacyRun:
    distance, moving = activity["distance"], activity["moving_time"]
    return LegacyRun(
        id=activity["id"],
        strava_id=activity["strava_id"],
        name=activity["name"],
        date=activity["start_time_local"],
        distance_km=round(distance / 1000, 5),
        duration_sec=moving,
        pace_sec_per_km=round(1000 * moving / distance, 3) if distance > 0 else None,
        fastest_pace_sec_per_km=activity["fastest_pace"],
        elevation_gain_m=activity["elevation_gain"],
        avg_hr=activity["average_heartrate"],
        calories=activity["calories"],
    )
