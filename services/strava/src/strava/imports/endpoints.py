"""``/imports``: give files, see what became of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, UploadFile
from starlette.responses import Response

from common.etag import etag_for, not_modified
from common.pagination import Page, Paging
from common.route import DbSession, ProcessResources, TransactionalRoute
from strava.dependencies import AthleteId
from strava.imports import repository, service
from strava.imports.schemas import ImportItemOut, ImportOut, ImportSummary
from strava.settings import StravaSettings

PATH = "/imports"

router = APIRouter(prefix=PATH, tags=["imports"], route_class=TransactionalRoute)


@router.post("", status_code=202)
async def import_files(
    session: DbSession,
    resources: ProcessResources,
    athlete: AthleteId,
    files: Annotated[list[UploadFile], File(description="FIT, GPX or TCX, plain or .gz, or a .zip of them")],
    dry_run: Annotated[bool, Query(description="not available yet: true is refused")] = False,
) -> ImportOut:
    """Take files in. The answer comes when they are safely stored; the work goes on in the background."""
    if dry_run:
        raise service.PreviewUnavailable
    settings = resources.settings
    assert isinstance(settings, StravaSettings)
    intake = service.Intake(settings, resources.objects, athlete)
    import_id = await intake.take(session, files)
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
    body = (await service.report(session, batch)).model_dump_json().encode()
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
