"""Activities as files: all of them as CSV, one of them as GPX or as it came."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from common.errors import NotFound
from common.etag import etag_for, not_modified
from common.route import DbSession, ProcessResources, TransactionalRoute
from strava.activities import repository, service
from strava.activities.endpoints import Filter
from strava.activities.maps import hiding
from strava.activities.merging import RecordingMissing
from strava.activities.tracks import KEYS, track_of
from strava.dependencies import AthleteId
from strava.exports import gpx as gpx_files
from strava.exports import table
from strava.models import Recording
from strava.privacy.schemas import Privacy

router = APIRouter(tags=["exports"], route_class=TransactionalRoute)

_GZIP = b"\x1f\x8b"
_MEDIA_TYPES = {
    "fit": "application/vnd.ant.fit",
    "gpx": "application/gpx+xml",
    "tcx": "application/vnd.garmin.tcx+xml",
    "strava": "application/json",
}
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {table.MEDIA_TYPE: {}}}}
_GPX: dict[int | str, dict[str, Any]] = {200: {"content": {gpx_files.MEDIA_TYPE: {}}}}


class NoTrack(NotFound):
    code = "activity.no_track"
    title = "There is no track to give out"
    next_steps = "Without positions there is no GPX. If privacy zones hide all of it, its owner may ask privacy=full."


class NoOriginal(NotFound):
    code = "activity.no_original"
    title = "There is no original file"
    next_steps = "What is entered by hand has none; GET /activities/{id} shows where each recording came from."


@router.get("/activities.csv", response_class=StreamingResponse, responses=_CSV)
@router.get("/strava/export", name="export", response_class=StreamingResponse, responses=_CSV)
async def export_activities(
    resources: ProcessResources,
    athlete: AthleteId,
    chosen: Filter,
    bom: Annotated[bool, Query(description="begin with a byte order mark, which Excel needs to read UTF-8")] = False,
) -> StreamingResponse:
    """All activities that the filter of the list fits, as CSV in UTF-8, the newest first."""
    rows = table.table(resources.database, athlete, chosen, mark=bom)
    headers = {"Content-Disposition": _attachment("activities.csv"), "Cache-Control": "no-store"}
    return StreamingResponse(rows, media_type=f"{table.MEDIA_TYPE}; charset=utf-8", headers=headers)


@router.get("/activities/{activity_id}/gpx", response_class=Response, responses=_GPX)
async def read_gpx(
    request: Request,
    session: DbSession,
    athlete: AthleteId,
    activity_id: UUID,
    privacy: Annotated[Privacy, Query(description="full: with what privacy zones hide, for the owner")] = "cut",
    heartrate: Annotated[bool, Query(description="with heart rates, which are sensitive")] = False,
) -> Response:
    """The track as GPX 1.1, a segment between pauses each. It is cut at privacy zones unless asked otherwise."""
    activity = await service.find(session, athlete, activity_id)
    sensors = [name for name in gpx_files.SENSORS if heartrate or name != "heartrate"]
    recording, columns = await service.find_streams(session, athlete, activity_id, [*KEYS, *sensors])
    zones = await hiding(session, athlete, privacy)
    etag = etag_for(activity.version, etag_for(f"{recording.id} {zones} {heartrate}".encode()).strip('"')[:16])
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    track = track_of(columns, zones)
    if not track.lines:
        raise NoTrack
    about = gpx_files.About(activity.name, activity.description, activity.sport, recording.start_time)
    name = f"{recording.start_time:%Y-%m-%d}-{activity.name}.gpx"
    headers = {"Content-Disposition": _attachment(name), "ETag": etag}
    return StreamingResponse(_pieces(gpx_files.gpx(about, track)), media_type=gpx_files.MEDIA_TYPE, headers=headers)


async def _pieces(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@router.get("/activities/{activity_id}/original", response_class=StreamingResponse)
async def read_original(
    request: Request,
    session: DbSession,
    resources: ProcessResources,
    athlete: AthleteId,
    activity_id: UUID,
    recording: Annotated[UUID | None, Query(description="of which recording; of the primary one when left out")] = None,
) -> Response:
    """The file that a recording came from, as it was given."""
    found = await _recording(session, athlete, activity_id, recording)
    if not found.object_key:
        raise NoOriginal
    etag = f'"{found.sha256[:32]}"'
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    content = await resources.objects.stream(found.object_key)
    first = await anext(content, b"")
    packed = first.startswith(_GZIP)
    media_type = "application/gzip" if packed else _MEDIA_TYPES.get(found.format, "application/octet-stream")
    headers = {"Content-Disposition": _attachment(_named(found, packed=packed)), "ETag": etag}
    return StreamingResponse(_with(first, content), media_type=media_type, headers=headers)


async def _recording(session: DbSession, athlete: UUID, activity_id: UUID, recording_id: UUID | None) -> Recording:
    primary = await repository.primary(session, athlete, activity_id)
    if primary is None:
        raise service.ActivityMissing
    if recording_id is None:
        return primary
    found = await repository.owned_recording(session, athlete, recording_id)
    if found is None or found.activity_id != activity_id:
        raise RecordingMissing
    return found


async def _with(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _named(recording: Recording, *, packed: bool) -> str:
    """The name of the file, without folders; one that stands packed says so."""
    name = recording.file_name.replace("\\", "/").rsplit("/", 1)[-1] or f"original.{recording.format}"
    return f"{name}.gz" if packed and not name.lower().endswith(".gz") else name


def _attachment(name: str) -> str:
    """Content-Disposition with a plain name and the true one (RFC 6266)."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\/%' else "_" for letter in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"
