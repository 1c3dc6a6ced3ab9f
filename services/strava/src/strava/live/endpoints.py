"""``/strava/activities`` and ``/strava/splits``: straight from Strava."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from common.pagination import Page, Paging
from common.route import ProcessResources
from strava.dependencies import AthleteId
from strava.live import service
from strava.live.schemas import LiveActivity, LiveSplits

router = APIRouter(prefix="/strava", tags=["strava"])
"""Reads that wait for Strava: they take no place among the readers of the database meanwhile."""


@router.get("/activities")
async def list_activities(resources: ProcessResources, athlete: AthleteId, paging: Paging) -> Page[LiveActivity]:
    """List activities as Strava has them now, the newest first. Each page is a call of the rate limit."""
    return await service.list_activities(resources, athlete, paging)


@router.get("/splits/{activity_id}")
async def read_splits(
    resources: ProcessResources,
    athlete: AthleteId,
    activity_id: Annotated[str, Path(max_length=64, description="the activity's id here, or its number at Strava")],
    unit: Annotated[Literal["km", "mi"], Query()] = "km",
) -> LiveSplits:
    """Read the splits of an activity as Strava has them now."""
    return await service.splits(resources, athlete, activity_id, unit)
