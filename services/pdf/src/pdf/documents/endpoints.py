"""``/pdf``: plans as PDFs."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from common.addressed import OwnerOrSigned
from common.etag import etag_for, not_modified, require_match
from common.pagination import Page, Paging
from common.route import DbSession, ProcessResources, TransactionalRoute
from common.signing import UrlSigner
from common.tokens import CurrentUser
from pdf.documents import repository, service
from pdf.documents.direct import PDF, DirectRoute, headers_of
from pdf.documents.schemas import DocumentOut, path_of, shown
from pdf.rendering.order import Paper
from pdf.rendering.words import Units

router = APIRouter(prefix="/pdf/documents", tags=["pdf"], route_class=TransactionalRoute)
plans_router = APIRouter(prefix="/pdf/plans", tags=["pdf"], route_class=DirectRoute)

_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {PDF: {}}, "description": "The PDF"}}
JSON = "application/json"


async def _athlete_id(identity: CurrentUser) -> UUID:
    return UUID(identity.subject)


async def _signer(resources: ProcessResources) -> UrlSigner:
    return service.settings_of(resources).signer()


AthleteId = Annotated[UUID, Depends(_athlete_id)]
Signer = Annotated[UrlSigner, Depends(_signer)]


@plans_router.post("/{plan_id}", status_code=202, response_model=DocumentOut, responses=_FILE)
async def print_plan(
    session: DbSession,
    resources: ProcessResources,
    athlete: AthleteId,
    signer: Signer,
    plan_id: UUID,
    paper: Paper = Paper.A4,
    units: Units = Units.METRIC,
) -> Response:
    """Print a plan as it is now; with ``Accept: application/pdf`` the PDF is the answer.

    A plan that has not changed since is not rendered again.
    """
    document = shown(await service.request(session, resources, athlete, plan_id, paper, units), signer)
    headers = {"Location": path_of(document.id)}
    return Response(document.model_dump_json(), 202, headers, JSON)


@router.get("", response_model=Page[DocumentOut])
async def list_documents(
    request: Request, session: DbSession, athlete: AthleteId, signer: Signer, paging: Paging
) -> Response:
    """List documents, the latest first."""
    rows = await repository.page_of(session, athlete, paging)
    page = repository.ORDER.page(rows, paging.limit, lambda row: (row.document.id,), lambda row: shown(row, signer))
    body = page.model_dump_json().encode()
    return _tagged(request, body, etag_for(body))


@router.get("/{document_id}", response_model=DocumentOut)
async def read_document(
    request: Request, session: DbSession, athlete: AthleteId, signer: Signer, document_id: UUID
) -> Response:
    """Read how far a document is and where its PDF can be had."""
    document = shown(await service.need(session, document_id, athlete), signer)
    body = document.model_dump_json().encode()
    return _tagged(request, body, etag_for(document.version, etag_for(body)[1:9]))


@router.get("/{document_id}/download", response_class=Response, responses=_FILE)
async def download_document(
    request: Request, session: DbSession, resources: ProcessResources, owner: OwnerOrSigned, document_id: UUID
) -> Response:
    """Read the PDF, as its owner or by a signed address."""
    document = await service.need_pdf(session, document_id, owner)
    headers = headers_of(document)
    if not_modified(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(await service.content(resources, document), media_type=PDF, headers=headers)


@router.delete("/{document_id}", status_code=204)
async def delete_document(
    request: Request, session: DbSession, resources: ProcessResources, athlete: AthleteId, document_id: UUID
) -> None:
    """Delete a document with its PDF; the plan stays."""
    standing = await service.need(session, document_id, athlete)
    require_match(request, standing.document.version)
    await service.delete(session, resources, document_id, by=athlete)


def _tagged(request: Request, body: bytes, etag: str) -> Response:
    headers = {"ETag": etag}
    if not_modified(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=JSON)
