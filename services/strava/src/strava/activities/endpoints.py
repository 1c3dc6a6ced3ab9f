"""``/activities``: list, detail, change, delete, and what belongs to one activity."""

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from common.etag import etag_for, not_modified, require_match
from common.pagination import Page, Paging
from common.rendered import Rendered
from common.route import DbSession, ProcessResources, TransactionalRoute
from strava.activities import geojson, listing, repository, service
from strava.activities.listing import ActivityFilter
from strava.activities.pictures import Addresses, PictureAddresses
from strava.activities.schemas import (
    ActivityChange,
    ActivityDetail,
    ActivityItem,
    ActivityMap,
    HistoryEntry,
    HistoryList,
    LapList,
    LapOut,
    SplitList,
    StreamOut,
)
from strava.dependencies import AthleteId
from strava.models import Activity
from strava.streams import serving
from strava.streams.serving import Resolution

router = APIRouter(prefix="/activities", tags=["activities"], route_class=TransactionalRoute)

Filter = Annotated[ActivityFilter, Query()]


def rendered(content: Any) -> tuple[bytes, str]:
    """Return the body and its strong ETag."""
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z
    body = orjson.dumps(content, default=str, option=options)  # asyncpg has a UUID of its own
    return body, etag_for(body)


def tagged(request: Request, body_and_etag: tuple[bytes, str], *, media_type: str = "application/json") -> Response:
    """Answer with the body, or 304 when the client has it."""
    body, etag = body_and_etag
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type=media_type, headers={"ETag": etag})


_lists = Rendered()


def tag_of(activity: Activity, addresses: PictureAddresses) -> str:
    """Return the entity tag of an activity's detail: its version, and the address of its picture."""
    return etag_for(activity.version, addresses.edition(activity.picture_revision))


@router.get("", response_model=Page[ActivityItem])
async def list_activities(
    request: Request, session: DbSession, athlete: AthleteId, addresses: Addresses, chosen: Filter, paging: Paging
) -> Response:
    """List activities, the newest first."""
    place = (athlete, f"{addresses.edition()} {request.url.query}")
    version = await repository.list_version(session, athlete)
    body = _lists.find(place, version)
    if body is None:
        page = await listing.page_of(session, athlete, chosen, paging, addresses)
        body, _ = rendered({"items": page.items, "next_cursor": page.next_cursor})
        _lists.keep(place, version, body)
    return tagged(request, (body, etag_for(body)))


@router.get("/{activity_id}", response_model=ActivityDetail)
async def read_activity(
    request: Request, session: DbSession, athlete: AthleteId, addresses: Addresses, activity_id: UUID
) -> Response:
    """Read an activity with its recordings, without streams."""
    activity = await service.find(session, athlete, activity_id)
    etag = tag_of(activity, addresses)
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    detail = await service.detail_of(session, activity, addresses)
    return Response(detail.model_dump_json(), media_type="application/json", headers={"ETag": etag})


@router.patch("/{activity_id}")
async def change_activity(
    request: Request,
    response: Response,
    session: DbSession,
    athlete: AthleteId,
    addresses: Addresses,
    activity_id: UUID,
    body: ActivityChange,
) -> ActivityDetail:
    """Change name, description or sport."""
    activity = await service.find(session, athlete, activity_id, lock=True)
    require_match(request, activity.version)
    await service.change(session, activity, body)
    response.headers["ETag"] = tag_of(activity, addresses)
    return await service.detail_of(session, activity, addresses)


@router.delete("/{activity_id}", status_code=204)
async def delete_activity(
    request: Request, session: DbSession, resources: ProcessResources, athlete: AthleteId, activity_id: UUID
) -> None:
    """Delete an activity with its recordings and originals."""
    activity = await service.find(session, athlete, activity_id, lock=True)
    require_match(request, activity.version)
    await service.delete(session, resources.objects, activity)


@router.get("/{activity_id}/map", response_model=ActivityMap)
async def read_map(request: Request, session: DbSession, athlete: AthleteId, activity_id: UUID) -> Response:
    """The track as a polyline, or as GeoJSON with ``Accept: application/geo+json``. The owner sees it uncut."""
    recording = await service.find_primary(session, athlete, activity_id)
    if geojson.wanted(request.headers.get("accept", "")):
        columns = await repository.streams(session, recording.id, ["latlng", "altitude"])
        return tagged(request, rendered(geojson.feature(activity_id, columns)), media_type=geojson.MEDIA_TYPE)
    content = ActivityMap(
        polyline=recording.polyline, summary_polyline=recording.summary_polyline, bounds=recording.bounds
    )
    return tagged(request, rendered(content.model_dump()))


@router.get("/{activity_id}/splits", response_model=SplitList)
async def read_splits(
    request: Request,
    session: DbSession,
    athlete: AthleteId,
    activity_id: UUID,
    unit: Annotated[Literal["km", "mi", "lap"], Query()] = "km",
) -> Response:
    """Splits with their real distance and time; the last one is partial."""
    recording = await service.find_primary(session, athlete, activity_id)
    items = await service.splits_of(session, recording, unit)
    return tagged(request, rendered({"unit": unit, "items": [item.model_dump() for item in items]}))


@router.get("/{activity_id}/laps", response_model=LapList)
async def read_laps(request: Request, session: DbSession, athlete: AthleteId, activity_id: UUID) -> Response:
    """Laps as the device has them."""
    recording = await service.find_primary(session, athlete, activity_id)
    laps = await repository.laps(session, recording.id)
    return tagged(request, rendered({"items": [LapOut.model_validate(lap).model_dump() for lap in laps]}))


async def _keys(
    keys: Annotated[str, Query(max_length=200, description="names with commas between")] = ",".join(
        serving.DEFAULT_KEYS
    ),
) -> list[str]:
    return serving.parse_keys(keys)


@router.get("/{activity_id}/streams", response_model=dict[str, StreamOut])
async def read_streams(
    request: Request,
    session: DbSession,
    athlete: AthleteId,
    activity_id: UUID,
    keys: Annotated[list[str], Depends(_keys)],
    resolution: Annotated[Resolution, Query()] = "full",
) -> Response:
    """Samples, index-aligned. Heart rate comes only when ``keys`` names it."""
    recording = await service.find_primary(session, athlete, activity_id)
    columns = await repository.streams(session, recording.id, keys)
    ordered = {key: columns[key] for key in keys if key in columns}
    return tagged(request, rendered(serving.as_json(ordered, resolution)))


@router.get("/{activity_id}/history")
async def read_history(session: DbSession, athlete: AthleteId, activity_id: UUID) -> HistoryList:
    """Every write to this activity, with its reason."""
    await service.find(session, athlete, activity_id)
    rows = await repository.history(session, athlete, activity_id)
    return HistoryList(items=[HistoryEntry.model_validate(row) for row in rows])


@router.get("/{activity_id}/original", response_class=StreamingResponse)
async def read_original(
    session: DbSession, resources: ProcessResources, athlete: AthleteId, activity_id: UUID
) -> StreamingResponse:
    """The file that the primary recording came from, as it was given."""
    recording = await service.find_primary(session, athlete, activity_id)
    content = await resources.objects.stream(recording.object_key)
    name = recording.file_name.rsplit("/", 1)[-1].encode("ascii", "replace").decode().replace('"', "'")
    return StreamingResponse(
        content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "ETag": f'"{recording.sha256[:32]}"'},
    )
