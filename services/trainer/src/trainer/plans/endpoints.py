"""``/plans``, and the plan as other services read it."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from common.pagination import Page, Paging
from common.route import DbSession, TransactionalRoute
from common.tokens import require_scope
from contracts.trainer.api import PlanDocument
from trainer import versions
from trainer.dependencies import AthleteId, WritingAthleteId, answer, answer_once
from trainer.plans import repository, service
from trainer.plans.dependencies import HeldPlan
from trainer.plans.schemas import PlanAnew, PlanChange, PlanIn, PlanItem

router = APIRouter(prefix="/plans", tags=["training"], route_class=TransactionalRoute)
internal_router = APIRouter(
    prefix="/internal/plans", route_class=TransactionalRoute, dependencies=[Depends(require_scope("internal"))]
)


async def _shown(session: DbSession, athlete: UUID, plan_id: UUID, status: int = 200) -> Response:
    content = await service.document(session, athlete, plan_id)
    location = f"/api/v1/plans/{plan_id}" if status == 201 else None  # noqa: PLR2004 - Created
    return answer(content, content["version"], status=status, location=location)


@router.get("", response_model=Page[PlanItem])
async def list_plans(request: Request, session: DbSession, athlete: AthleteId, paging: Paging) -> Response:
    """List plans without their workouts, the latest start first."""
    version = await versions.current(session, athlete)
    return await answer_once(request, athlete, version, lambda: repository.page_of(session, athlete, paging))


@router.post("", status_code=201, response_model=PlanDocument)
async def create_plan(session: DbSession, athlete: WritingAthleteId, body: PlanIn) -> Response:
    """Make a plan, with workouts or without."""
    return await _shown(session, athlete, await service.create(session, athlete, body), status=201)


@router.get("/{plan_id}", response_model=PlanDocument)
async def read_plan(request: Request, session: DbSession, athlete: AthleteId, plan_id: UUID) -> Response:
    """Read a plan with all its workouts by date."""
    version = await service.need_plan(session, athlete, plan_id)
    return await answer_once(request, athlete, version, lambda: service.document(session, athlete, plan_id))


@router.put("/{plan_id}", response_model=PlanDocument)
async def replace_plan(
    session: DbSession, athlete: WritingAthleteId, plan_id: UUID, plan: HeldPlan, body: PlanAnew
) -> Response:
    """Write a plan anew. ``workouts`` left out stay; given, those with id stay, the others come and go."""
    await service.replace(session, athlete, plan, body)
    return await _shown(session, athlete, plan_id)


@router.patch("/{plan_id}", response_model=PlanDocument)
async def change_plan(
    session: DbSession, athlete: WritingAthleteId, plan_id: UUID, plan: HeldPlan, body: PlanChange
) -> Response:
    """Change the named fields of the plan itself."""
    await service.change(session, athlete, plan, body)
    return await _shown(session, athlete, plan_id)


@router.delete("/{plan_id}", status_code=204)  # noqa: FAST003 - the dependency takes it
async def delete_plan(session: DbSession, athlete: WritingAthleteId, plan: HeldPlan) -> None:
    """Delete a plan with its workouts; runs stay."""
    await service.delete(session, athlete, plan)


@internal_router.get("/{plan_id}", include_in_schema=False)
async def read_document(session: DbSession, plan_id: UUID, athlete_id: UUID) -> Response:
    """A plan of this athlete with all its workouts, in the form of the contract."""
    return await _shown(session, athlete_id, plan_id)
