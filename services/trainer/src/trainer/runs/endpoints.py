"""``/runs``: the training log."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from common.etag import require_match
from common.pagination import Page, Paging
from common.route import DbSession, TransactionalRoute
from trainer import versions
from trainer.dependencies import AthleteId, WritingAthleteId, answer, answer_once, unchanged
from trainer.fields import Days
from trainer.runs import repository, service
from trainer.runs.schemas import RunChange, RunIn, RunOut
from trainer.runs.service import Stored

router = APIRouter(prefix="/runs", tags=["training"], route_class=TransactionalRoute)


async def _held(request: Request, session: DbSession, athlete: WritingAthleteId, run_id: UUID) -> Stored:
    """The caller's run, held for a change; before the body is looked at, so a foreign id is a 404 in any case."""
    run = await service.find(session, athlete, run_id)
    require_match(request, run["version"])
    return run


Held = Annotated[Stored, Depends(_held)]


async def _shown(session: DbSession, athlete: UUID, run_id: UUID, status: int = 200) -> Response:
    content = await service.show(session, athlete, run_id)
    location = f"/api/v1/runs/{run_id}" if status == 201 else None  # noqa: PLR2004 - Created
    return answer(content, content["version"], status=status, location=location)


@router.get("", response_model=Page[RunOut])
async def list_runs(
    request: Request, session: DbSession, athlete: AthleteId, chosen: Annotated[Days, Query()], paging: Paging
) -> Response:
    """List runs, the latest day first."""
    version = await versions.current(session, athlete)
    return await answer_once(
        request, athlete, version, lambda: repository.page_of(session, athlete, chosen.since, chosen.until, paging)
    )


@router.post("", status_code=201, response_model=RunOut)
async def create_run(session: DbSession, athlete: WritingAthleteId, body: RunIn) -> Response:
    """Enter a run by hand."""
    return await _shown(session, athlete, await service.create(session, athlete, body), status=201)


@router.get("/{run_id}", response_model=RunOut)
async def read_run(request: Request, session: DbSession, athlete: AthleteId, run_id: UUID) -> Response:
    """Read a run."""
    content = await service.show(session, athlete, run_id)
    return unchanged(request, content["version"]) or answer(content, content["version"])


@router.put("/{run_id}", response_model=RunOut)
async def replace_run(session: DbSession, athlete: WritingAthleteId, run_id: UUID, run: Held, body: RunIn) -> Response:
    """Write a run anew; one made from an activity keeps the activity's figures."""
    await service.change(session, athlete, run, body)
    return await _shown(session, athlete, run_id)


@router.patch("/{run_id}", response_model=RunOut)
async def change_run(
    session: DbSession, athlete: WritingAthleteId, run_id: UUID, run: Held, body: RunChange
) -> Response:
    """Change the named fields. ``workout_id`` pairs by hand, null keeps the run apart; the matching leaves both."""
    await service.change(session, athlete, run, body)
    return await _shown(session, athlete, run_id)


@router.delete("/{run_id}", status_code=204)  # noqa: FAST003 - the dependency takes it
async def delete_run(session: DbSession, athlete: WritingAthleteId, run: Held) -> None:
    """Delete a run that was entered by hand."""
    await service.delete(session, athlete, run)
