"""``/activities``: list, detail, change, delete, and what belongs to one activity."""

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from common.app import API_PREFIX
from common.etag import etag_for, not_modified, require_match
from common.pagination import Page, Paging
from common.rendered import Rendered
from common.route import DbSession, ProcessResources, TransactionalRoute
from strava.activities import geojson, listing, maps, merging, repository, service
from strava.activities.athletes import Athletes
from strava.activities.listing import ActivityFilter
from strava.activities.pictures import Addresses, PictureAddresses
from strava.activities.schemas import (
    ActivityChange,
    ActivityDetail,
    ActivityIn,
    ActivityItem,
    ActivityMap,
    HistoryEntry,
    HistoryList,
    LapList,
    LapOut,
    MergeIn,
    SplitList,
    StreamOut,
    UnmergeIn,
)
from strava.activities.tracks import as_polylines
from strava.dependencies import AthleteId
from strava.models import Activity, Gear
from strava.privacy.cutting import without_positions
from strava.privacy.schemas import Privacy
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


def tag_of(activity: Activity, gear: Gear | None, addresses: PictureAddresses) -> str:
    """Return the entity tag of an activity's detail: its version, the address of its picture, and what its gear is."""
    edition = addresses.edition(activity.picture_revision)
    return etag_for(activity.version, edition if gear is None else f"{edition}-{gear.version}")


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


@router.post("", status_code=201, responses={200: {"model": ActivityDetail}})
async def enter_activity(
    response: Response,
    session: DbSession,
    resources: ProcessResources,
    athlete: AthleteId,
    addresses: Addresses,
    body: ActivityIn,
) -> ActivityDetail:
    """Enter an activity by hand. 200 with the activity of that time where there is one: it is a recording of that."""
    athletes = Athletes.of(resources)
    home = body.timezone or await athletes.home_timezone(athlete)
    weight = await athletes.weight(athlete)
    stored = await service.enter(session, athlete, body, home_timezone=home, weight=weight)
    activity = await service.find(session, athlete, stored.activity_id)
    if stored.outcome != "imported":
        response.status_code = 200
    return await _answer(response, session, activity, addresses)


async def _answer(
    response: Response, session: DbSession, activity: Activity, addresses: PictureAddresses
) -> ActivityDetail:
    """Return the activity as it is after a write."""
    gear = await service.gear_of(session, activity)
    response.headers["ETag"] = tag_of(activity, gear, addresses)
    response.headers["Location"] = f"{API_PREFIX}/activities/{activity.id}"
    return await service.detail_of(session, activity, gear, addresses)


@router.get("/{activity_id}", response_model=ActivityDetail)
async def read_activity(
    request: Request, session: DbSession, athlete: AthleteId, addresses: Addresses, activity_id: UUID
) -> Response:
    """Read an activity with its recordings, without streams."""
    activity = await service.find(session, athlete, activity_id)
    gear = await service.gear_of(session, activity)
    etag = tag_of(activity, gear, addresses)
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    detail = await service.detail_of(session, activity, gear, addresses)
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
    """Change name, description, sport, time zone or gear, and the figures of an entry by hand."""
    await repository.lock_athlete(session, athlete)
    activity = await service.find(session, athlete, activity_id, lock=True)
    require_match(request, activity.version)
    await service.change(session, activity, body)
    return await _answer(response, session, activity, addresses)


@router.post("/{activity_id}/merge")
async def merge_into_activity(
    request: Request,
    response: Response,
    session: DbSession,
    athlete: AthleteId,
    addresses: Addresses,
    activity_id: UUID,
    body: MergeIn,
) -> ActivityDetail:
    """Move the recordings of another activity here, or one recording; an activity with none left goes."""
    await repository.lock_athlete(session, athlete)
    activity = await service.find(session, athlete, activity_id, lock=True)
    require_match(request, activity.version)
    source, recordings = await service.find_other(session, athlete, body)
    await merging.merge(session, activity, source, recordings)
    return await _answer(response, session, activity, addresses)


@router.post("/{activity_id}/unmerge", status_code=201)
async def unmerge_from_activity(
    request: Request,
    response: Response,
    session: DbSession,
    athlete: AthleteId,
    addresses: Addresses,
    activity_id: UUID,
    body: UnmergeIn,
) -> ActivityDetail:
    """Make an activity of its own of a recording; returns the new one. No import or sync merges them again."""
    await repository.lock_athlete(session, athlete)
    activity = await service.find(session, athlete, activity_id, lock=True)
    require_match(request, activity.version)
    made = await merging.unmerge(session, activity, body.recording_id)
    return await _answer(response, session, made, addresses)


@router.delete("/{activity_id}", status_code=204)
async def delete_activity(request: Request, session: DbSession, athlete: AthleteId, activity_id: UUID) -> None:
    """Delete an activity with its recordings; originals that nothing else needs go within two days."""
    await repository.lock_athlete(session, athlete)
    activity = await service.find(session, athlete, activity_id, lock=True)
    require_match(request, activity.version)
    await service.delete(session, activity)


@router.get("/{activity_id}/map", response_model=ActivityMap)
async def read_map(
    request: Request,
    session: DbSession,
    athlete: AthleteId,
    activity_id: UUID,
    precision: Annotated[int, Query(ge=1, le=6, description="decimals of a degree in the polylines")] = 5,
    privacy: Annotated[Privacy, Query(description="cut: as others see it")] = "full",
) -> Response:
    """The track as polylines, or as GeoJSON with ``Accept: application/geo+json``. The owner sees it uncut."""
    track = await maps.track(session, athlete, activity_id, privacy)
    if geojson.wanted(request.headers.get("accept", "")):
        answer = tagged(request, rendered(geojson.feature(activity_id, track)), media_type=geojson.MEDIA_TYPE)
    else:
        answer = tagged(request, rendered(as_polylines(track, precision)))
    answer.headers["Vary"] = "Accept"
    return answer


@router.get("/{activity_id}/splits", response_model=SplitList)
async def read_splits(
    request: Request,
    session: DbSession,
    athlete: AthleteId,
    activity_id: UUID,
    unit: Annotated[Literal["km", "mi", "lap"], Query()] = "km",
) -> Response:
    """Splits with their real distance and time; the last one is partial."""
    recording_id = await service.find_primary(session, athlete, activity_id)
    items = await service.splits_of(session, recording_id, unit)
    return tagged(request, rendered({"unit": unit, "items": [item.model_dump() for item in items]}))


@router.get("/{activity_id}/laps", response_model=LapList)
async def read_laps(request: Request, session: DbSession, athlete: AthleteId, activity_id: UUID) -> Response:
    """Laps as the device has them."""
    recording_id = await service.find_primary(session, athlete, activity_id)
    laps = await repository.laps(session, recording_id)
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
    privacy: Annotated[Privacy, Query(description="cut: as others see it")] = "full",
) -> Response:
    """Samples, index-aligned. Heart rate comes only when ``keys`` names it."""
    _, columns = await service.find_streams(session, athlete, activity_id, keys)
    columns = without_positions(columns, await maps.hiding(session, athlete, privacy))
    ordered = {key: columns[key] for key in keys if key in columns}
    return tagged(request, rendered(serving.as_json(ordered, resolution)))


@router.get("/{activity_id}/history")
async def read_history(session: DbSession, athlete: AthleteId, activity_id: UUID) -> HistoryList:
    """Every write to this activity, with its reason."""
    await service.find(session, athlete, activity_id)
    rows = await repository.history(session, athlete, activity_id)
    return HistoryList(items=[HistoryEntry.model_validate(row) for row in rows])
