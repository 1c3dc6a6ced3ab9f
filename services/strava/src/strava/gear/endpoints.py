"""``/gear``: shoes and bikes."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.app import API_PREFIX
from common.etag import etag_for, not_modified, require_match
from common.route import DbSession, TransactionalRoute
from strava.activities.repository import lock_athlete
from strava.dependencies import AthleteId
from strava.gear import service
from strava.gear.schemas import GearChange, GearIn, GearList, GearOut

router = APIRouter(prefix="/gear", tags=["gear"], route_class=TransactionalRoute)


@router.get("")
async def list_gear(session: DbSession, athlete: AthleteId) -> GearList:
    """List all gear, what is in use before what is retired."""
    return GearList(items=await service.list_of(session, athlete))


@router.post("", status_code=201)
async def create_gear(session: DbSession, athlete: AthleteId, response: Response, body: GearIn) -> GearOut:
    """Make a pair of shoes or a bike."""
    gear = await service.create(session, athlete, body)
    response.headers["Location"] = f"{API_PREFIX}/gear/{gear.id}"
    response.headers["ETag"] = etag_for(gear.version)
    return await service.detail_of(session, gear)


@router.get("/{gear_id}", response_model=GearOut)
async def read_gear(request: Request, session: DbSession, athlete: AthleteId, gear_id: UUID) -> Response:
    """Read gear, with how far it went and whether its end is near."""
    gear = await service.find(session, athlete, gear_id)
    body = (await service.detail_of(session, gear)).model_dump_json().encode()
    # What it went changes with its activities and not with its version: the tag has both, writes match the version.
    etag = etag_for(gear.version, etag_for(body).strip('"')[:16])
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


@router.patch("/{gear_id}")
async def change_gear(
    request: Request, session: DbSession, athlete: AthleteId, response: Response, gear_id: UUID, body: GearChange
) -> GearOut:
    """Change the named fields; ``retired_on`` retires it."""
    await lock_athlete(session, athlete)
    gear = await service.find(session, athlete, gear_id, lock=True)
    require_match(request, gear.version)
    await service.change(session, gear, body)
    response.headers["ETag"] = etag_for(gear.version)
    return await service.detail_of(session, gear)


@router.delete("/{gear_id}", status_code=204)
async def delete_gear(
    request: Request, session: DbSession, athlete: AthleteId, gear_id: UUID, *, unlink: bool = False
) -> None:
    """Delete gear that no activity has; with ``unlink=true`` its activities have none from then on."""
    await lock_athlete(session, athlete)
    gear = await service.find(session, athlete, gear_id, lock=True)
    require_match(request, gear.version)
    await service.delete(session, gear, unlink=unlink, actor=str(athlete))
