"""``/workouts``, and ``/plans/{id}/workouts``."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from common.etag import require_match
from common.pagination import Page, Paging
from common.route import DbSession, TransactionalRoute
from contracts.trainer.api import WorkoutDocument
from trainer import versions
from trainer.dependencies import AthleteId, WritingAthleteId, answer, answer_once, unchanged
from trainer.plans.dependencies import HeldPlan
from trainer.plans.service import need_plan
from trainer.workouts import repository, service
from trainer.workouts.schemas import Move, WorkoutChange, WorkoutFilter, WorkoutIn, WorkoutOfPlan
from trainer.workouts.service import Stored

router = APIRouter(prefix="/workouts", tags=["training"], route_class=TransactionalRoute)
in_plans = APIRouter(prefix="/plans/{plan_id}/workouts", tags=["training"], route_class=TransactionalRoute)


async def _held(request: Request, session: DbSession, athlete: WritingAthleteId, workout_id: UUID) -> Stored:
    """The caller's workout, held for a change; before the body is looked at, so a foreign id is a 404 in any case."""
    workout = await service.find(session, athlete, workout_id)
    require_match(request, workout["version"])
    return workout


Held = Annotated[Stored, Depends(_held)]


async def _shown(session: DbSession, athlete: UUID, workout_id: UUID, status: int = 200) -> Response:
    content: dict[str, Any] = await service.show(session, athlete, workout_id)
    location = f"/api/v1/workouts/{workout_id}" if status == 201 else None  # noqa: PLR2004 - Created
    return answer(content, content["version"], status=status, location=location)


@router.get("", response_model=Page[WorkoutDocument])
async def list_workouts(
    request: Request,
    session: DbSession,
    athlete: AthleteId,
    chosen: Annotated[WorkoutFilter, Query()],
    paging: Paging,
) -> Response:
    """List workouts by date."""
    version = await versions.current(session, athlete)
    conditions = repository.matching(chosen.since, chosen.until, chosen.status, chosen.plan)
    return await answer_once(
        request, athlete, version, lambda: repository.page_of(session, athlete, conditions, paging)
    )


@router.post("", status_code=201, response_model=WorkoutDocument)
async def create_workout(session: DbSession, athlete: WritingAthleteId, body: WorkoutIn) -> Response:
    """Plan a workout, in a plan or by itself."""
    workout_id = await service.create(session, athlete, body.plan_id, body)
    return await _shown(session, athlete, workout_id, status=201)


@router.get("/{workout_id}", response_model=WorkoutDocument)
async def read_workout(request: Request, session: DbSession, athlete: AthleteId, workout_id: UUID) -> Response:
    """Read a workout with its steps."""
    content = await service.show(session, athlete, workout_id)
    return unchanged(request, content["version"]) or answer(content, content["version"])


@router.put("/{workout_id}", response_model=WorkoutDocument)
async def replace_workout(
    session: DbSession, athlete: WritingAthleteId, workout_id: UUID, workout: Held, body: WorkoutIn
) -> Response:
    """Write a workout anew; a status left out stays."""
    columns = {**service.columns_of(body, workout), "plan_id": body.plan_id}
    await service.replace(session, athlete, workout, columns)
    return await _shown(session, athlete, workout_id)


@router.patch("/{workout_id}", response_model=WorkoutDocument)
async def change_workout(
    session: DbSession, athlete: WritingAthleteId, workout_id: UUID, workout: Held, body: WorkoutChange
) -> Response:
    """Change the named fields."""
    await service.replace(session, athlete, workout, service.columns_of_change(body, workout))
    return await _shown(session, athlete, workout_id)


@router.delete("/{workout_id}", status_code=204)  # noqa: FAST003 - the dependency takes it
async def delete_workout(session: DbSession, athlete: WritingAthleteId, workout: Held) -> None:
    """Delete a workout; the run that it was stays."""
    await service.delete(session, athlete, workout)


@router.post("/{workout_id}/move", response_model=WorkoutDocument)
async def move_workout(
    session: DbSession, athlete: WritingAthleteId, workout_id: UUID, workout: Held, body: Move
) -> Response:
    """Move a workout to another day."""
    await service.replace(session, athlete, workout, {"date": body.date})
    return await _shown(session, athlete, workout_id)


@in_plans.get("", response_model=Page[WorkoutDocument])
async def list_workouts_of_plan(
    request: Request, session: DbSession, athlete: AthleteId, plan_id: UUID, paging: Paging
) -> Response:
    """List a plan's workouts by date."""
    version = await need_plan(session, athlete, plan_id)
    conditions = repository.matching(plan=plan_id)
    return await answer_once(
        request, athlete, version, lambda: repository.page_of(session, athlete, conditions, paging)
    )


@in_plans.post("", status_code=201, response_model=WorkoutDocument)
async def create_workout_in_plan(
    session: DbSession, athlete: WritingAthleteId, plan: HeldPlan, body: WorkoutOfPlan
) -> Response:
    """Plan a workout in a plan; ``If-Match`` is the plan's version."""
    workout_id = await service.create(session, athlete, plan["id"], body)
    return await _shown(session, athlete, workout_id, status=201)
