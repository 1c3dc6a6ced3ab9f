"""``/imports``: give files, look at what became of them or would, commit, take back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, UploadFile
from starlette.responses import Response, StreamingResponse

from common.etag import etag_for, not_modified
from common.pagination import Page, Paging
from common.route import DbSession, ProcessResources, TransactionalRoute
from strava.dependencies import AthleteId
from strava.imports import progress, repository, service
from strava.imports.intake import Intake
from strava.imports.schemas import ImportItemOut, ImportOut, ImportSummary
from strava.settings import StravaSettings

PATH = "/imports"

router = APIRouter(prefix=PATH, tags=["imports"], route_class=TransactionalRoute)


@router.post("", status_code=202)
async def import_files(
    session: DbSession,
    resources: ProcessResources,
    athlete: AthleteId,
    files: Annotated[
        list[UploadFile],
        File(description="FIT, GPX or TCX, plain or .gz, a .zip of them, or the archive of a Strava or Garmin account"),
    ],
    dry_run: Annotated[bool, Query(description="only say what would become of the files; commit it within 7 days")] = (
        False
    ),
) -> ImportOut:
    """Take files in. The answer comes when they are safely stored; the work goes on in the background."""
    settings = resources.settings
    assert isinstance(settings, StravaSettings)
    intake = Intake(settings, resources.objects, athlete)
    import_id = await intake.take(session, files, dry_run=dry_run)
    return await service.report(session, await service.find(session, athlete, import_id))


@router.get("")
async def list_imports(session: DbSession, athlete: AthleteId, paging: Paging) -> Page[ImportSummary]:
    """List imports, the newest first."""
    rows = await repository.batches(session, athlete, paging.cursor, paging.limit + 1)
    return repository.BATCHES.page(rows, paging.limit, lambda row: (row.id,), service.summary_of)


@router.get("/{import_id}", response_model=ImportOut)
async def read_import(request: Request, session: DbSession, athlete: AthleteId, import_id: UUID) -> Response:
    """Read an import with its first 200 files."""
    batch = await service.find(session, athlete, import_id)
    body = await service.rendered_report(session, batch)
    etag = etag_for(body)
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


@router.get("/{import_id}/items")
async def list_items(session: DbSession, athlete: AthleteId, import_id: UUID, paging: Paging) -> Page[ImportItemOut]:
    """List the files of an import and what became of each."""
    batch = await service.find(session, athlete, import_id)
    rows = await repository.items(session, batch.id, paging.cursor, paging.limit + 1)
    return repository.ITEMS.page(rows, paging.limit, lambda row: (row.id,), ImportItemOut.model_validate)


@router.get(
    "/{import_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "progress of the import, until it rests"}},
)
async def follow_import(
    request: Request, session: DbSession, resources: ProcessResources, athlete: AthleteId, import_id: UUID
) -> StreamingResponse:
    """Follow an import as server-sent events: ``progress`` with its summary, and ``end`` with the last one."""
    await service.find(session, athlete, import_id)
    told = progress.events(
        resources.database, athlete, import_id, leaving=lambda: bool(getattr(request.app.state, "draining", False))
    )
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


@router.post("/{import_id}/commit", status_code=202)
async def commit_import(session: DbSession, athlete: AthleteId, import_id: UUID) -> ImportOut:
    """Import for good what was previewed."""
    return await service.report(session, await service.commit(session, athlete, import_id))


@router.delete("/{import_id}", status_code=202)
async def undo_import(
    session: DbSession,
    athlete: AthleteId,
    import_id: UUID,
    confirm: Annotated[bool, Query(description="also when activities were changed by hand since")] = False,
) -> ImportOut:
    """Take an import back: what it brought goes, activities that have other recordings fall back to those."""
    return await service.report(session, await service.undo(session, athlete, import_id, confirmed=confirm))
