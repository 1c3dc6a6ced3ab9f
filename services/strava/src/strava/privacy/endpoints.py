"""``/privacy-zones``: circles in which others do not see where tracks start and end."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.app import API_PREFIX
from common.etag import etag_for, not_modified, require_match
from common.route import DbSession, TransactionalRoute
from strava.dependencies import AthleteId
from strava.privacy import repository, service
from strava.privacy.schemas import ZoneChange, ZoneIn, ZoneList, ZoneOut

router = APIRouter(prefix="/privacy-zones", tags=["privacy"], route_class=TransactionalRoute)


@router.get("")
async def list_zones(session: DbSession, athlete: AthleteId) -> ZoneList:
    """List privacy zones, the oldest first."""
    return ZoneList(items=[service.shown(each) for each in await repository.listed(session, athlete)])


@router.post("", status_code=201)
async def create_zone(session: DbSession, athlete: AthleteId, response: Response, body: ZoneIn) -> ZoneOut:
    """Make a zone; pictures are drawn anew without what lies in it."""
    zone = await service.create(session, athlete, body)
    response.headers["Location"] = f"{API_PREFIX}/privacy-zones/{zone.id}"
    response.headers["ETag"] = etag_for(zone.version)
    return service.shown(zone)


@router.get("/{zone_id}", response_model=ZoneOut)
async def read_zone(request: Request, session: DbSession, athlete: AthleteId, zone_id: UUID) -> Response:
    """Read a zone."""
    zone = await service.find(session, athlete, zone_id)
    etag = etag_for(zone.version)
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(service.shown(zone).model_dump_json(), media_type="application/json", headers={"ETag": etag})


@router.patch("/{zone_id}")
async def change_zone(
    request: Request, session: DbSession, athlete: AthleteId, response: Response, zone_id: UUID, body: ZoneChange
) -> ZoneOut:
    """Change the named fields; pictures are drawn anew when the circle is another."""
    zone = await service.find(session, athlete, zone_id, lock=True)
    require_match(request, zone.version)
    await service.change(session, zone, body)
    response.headers["ETag"] = etag_for(zone.version)
    return service.shown(zone)


@router.delete("/{zone_id}", status_code=204)
async def delete_zone(request: Request, session: DbSession, athlete: AthleteId, zone_id: UUID) -> None:
    """Delete a zone; pictures are drawn anew."""
    zone = await service.find(session, athlete, zone_id, lock=True)
    require_match(request, zone.version)
    await service.delete(session, zone)
