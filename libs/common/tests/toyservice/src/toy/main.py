from typing import Annotated

from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel, Field
from sqlalchemy import func, select, text

from common import jobs
from common.app import create_app
from common.context import request_id
from common.errors import Conflict
from common.ids import uuid7
from common.outbox import publish
from common.route import DbSession, TransactionalRoute
from common.settings import DataSettings
from toy.events import ThingDone
from toy.models import Effect

router = APIRouter(tags=["things"], route_class=TransactionalRoute)


class ThingIn(BaseModel):
    name: str = Field(max_length=100)
    hold: float = Field(default=0, ge=0, le=5, description="seconds the transaction stays open")


class ThingOut(BaseModel):
    id: str
    name: str


@router.post("/things", status_code=201)
async def create_thing(session: DbSession, body: ThingIn) -> ThingOut:
    effect = Effect(id=uuid7(), name=body.name, req_id=request_id.get())
    session.add(effect)
    publish(session, ThingDone(name=body.name), queue="toy")
    await session.flush()
    await session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": body.hold})
    return ThingOut(id=str(effect.id), name=body.name)


@router.get("/things/count")
async def count_things(session: DbSession, name: Annotated[str, Query()] = "") -> int:
    query = select(func.count()).select_from(Effect)
    return await session.scalar(query.where(Effect.name == name) if name else query) or 0


@router.post("/jobs/{kind}", status_code=202)
async def enqueue_job(session: DbSession, kind: str) -> str:
    return str(jobs.enqueue(session, kind, {"by": "http"}, queue="toy"))


@router.post("/refusals")
async def refuse(session: DbSession, commits: bool) -> None:
    session.add(Effect(id=uuid7(), name="refused", req_id=request_id.get()))
    await session.flush()
    raise Conflict("Refused, as asked.", commits=commits)


@router.post("/crash")
async def crash(session: DbSession) -> None:
    session.add(Effect(id=uuid7(), name="crashed", req_id=request_id.get()))
    await session.flush()
    raise ZeroDivisionError("an inner secret")


def create() -> FastAPI:
    return create_app("toy", DataSettings.from_environment(), area="activities", routers=[router])
