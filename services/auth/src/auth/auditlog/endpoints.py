"""``/admin/audit``."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from auth.auditlog import listing
from auth.auditlog.listing import AuditFilter, AuditOut
from common.etag import etag_for, not_modified
from common.pagination import Page, Paging
from common.route import DbSession, TransactionalRoute
from common.tokens import require_role

router = APIRouter(
    prefix="/admin/audit", tags=["admin"], route_class=TransactionalRoute, dependencies=[Depends(require_role("admin"))]
)


@router.get("", response_model=Page[AuditOut])
async def list_audits(
    request: Request, session: DbSession, chosen: Annotated[AuditFilter, Query()], paging: Paging
) -> Response:
    """Who did what, when, from where, with which outcome, in all services; the newest first."""
    body = (await listing.page_of(session, chosen, paging)).model_dump_json().encode()
    etag = etag_for(body)
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})
