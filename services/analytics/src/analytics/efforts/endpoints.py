"""``/analytics/best-efforts...`` and the admin's commands for them."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from analytics.efforts import ranks, service
from analytics.efforts.distances import Distance, Window
from analytics.efforts.schemas import BestEfforts, Explanation, Selection
from common import audit
from common.etag import etag_for, not_modified
from common.jobs import JobOut
from common.route import DbSession, TransactionalRoute
from common.tokens import CurrentUser, Identity, require_role

router = APIRouter(prefix="/analytics", tags=["analytics"], route_class=TransactionalRoute)
admin_router = APIRouter(
    prefix="/admin",
    tags=["admin"],
    route_class=TransactionalRoute,
    dependencies=[Depends(require_role("admin"))],
)


@router.get("/best-efforts-cached", response_model=BestEfforts)
async def best_efforts(
    request: Request,
    session: DbSession,
    identity: CurrentUser,
    window: Annotated[Window, Query(description="How far back from now")] = Window.ALL,
    distance: Annotated[Distance | None, Query(description="Only this distance")] = None,
) -> Response:
    """Read the ten best efforts per distance, one per activity; of equal times the earlier ranks first."""
    body = await ranks.table(session, UUID(identity.subject), window, datetime.now(UTC))
    return _json(request, ranks.only(body, distance) if distance else body)


@router.get("/best-efforts/{effort_id}/explain", response_model=Explanation)
async def explain(request: Request, session: DbSession, identity: CurrentUser, effort_id: UUID) -> Response:
    """Read where a best effort comes from: the samples, the pauses inside, the formula and its version."""
    explanation = await ranks.explain(session, UUID(identity.subject), effort_id)
    return _json(request, explanation.model_dump_json().encode())


@admin_router.post("/calculate-best-efforts", status_code=202)
async def calculate(session: DbSession, identity: CurrentUser, selection: Selection | None = None) -> JobOut:
    """Compute all best efforts again, of one athlete or of everybody."""
    return await _queued(session, identity, service.CALCULATE, selection)


@admin_router.post("/clear-best-efforts", status_code=202)
async def clear(session: DbSession, identity: CurrentUser, selection: Selection | None = None) -> JobOut:
    """Delete all best efforts, of one athlete or of everybody; calculating brings them back."""
    return await _queued(session, identity, service.CLEAR, selection)


async def _queued(session: DbSession, identity: Identity, kind: str, selection: Selection | None) -> JobOut:
    athlete_id = selection.athlete_id if selection else None
    audit.record(session, "analytics", actor=identity.subject, action=kind, target=str(athlete_id or "everybody"))
    job = await service.request_for_many(session, kind, athlete_id)
    return JobOut.model_validate(job)


def _json(request: Request, body: bytes) -> Response:
    etag = etag_for(body)
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})
