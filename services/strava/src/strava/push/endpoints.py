"""``/strava/uploads``, ``/strava/manual`` and descriptions: what goes to Strava."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from common.pagination import Page, Paging
from common.route import DbSession, ProcessResources, TransactionalRoute
from strava.dependencies import AthleteId
from strava.push import description, repository, service
from strava.push.schemas import DescriptionOut, DescriptionWanted, ManualWanted, PushOut, UploadWanted

router = APIRouter(prefix="/strava", tags=["strava"], route_class=TransactionalRoute)
waiting_router = APIRouter(prefix="/strava", tags=["strava"])
"""What waits for Strava: it holds no connection to the database meanwhile."""

ActivityRef = Annotated[str, Path(max_length=64, description="the activity's id here, or its number at Strava")]


@router.post("/uploads", status_code=202)
async def upload(session: DbSession, athlete: AthleteId, body: UploadWanted) -> PushOut:
    """Upload the recorded file of an activity to Strava. A file that Strava has is answered as a duplicate."""
    return PushOut.model_validate(await service.upload(session, athlete, body.activity_id))


@router.get("/uploads")
async def list_pushes(session: DbSession, athlete: AthleteId, paging: Paging) -> Page[PushOut]:
    """List what was sent to Strava, uploads and entries by hand, the newest first."""
    rows = await repository.listed(session, athlete, paging.cursor, paging.limit + 1)
    return repository.PUSHES.page(rows, paging.limit, lambda row: (row.id,), PushOut.model_validate)


@router.get("/uploads/{push_id}")
async def read_push(session: DbSession, athlete: AthleteId, push_id: UUID) -> PushOut:
    """Read what became of one upload or entry by hand."""
    return PushOut.model_validate(await service.find(session, athlete, push_id))


@router.post("/manual", status_code=202)
async def enter(session: DbSession, athlete: AthleteId, body: ManualWanted) -> PushOut:
    """Make an entry by hand at Strava of something that was done. It is sent once, whatever becomes of the answer."""
    return PushOut.model_validate(await service.enter(session, athlete, body))


@waiting_router.put("/activities/{activity_id}/description")
async def describe(
    resources: ProcessResources, athlete: AthleteId, activity_id: ActivityRef, body: DescriptionWanted
) -> DescriptionOut:
    """Write the description of an activity at Strava: a text, or what was planned beside what was done."""
    return await description.write(resources, athlete, activity_id, body)
