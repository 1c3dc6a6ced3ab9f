"""``/calendar``: planned and done, one list."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from common.errors import FieldError, InvalidInput
from common.route import DbSession, TransactionalRoute
from contracts.trainer.api import WorkoutDocument
from trainer import versions
from trainer.dependencies import AthleteId, answer_once
from trainer.errors import MOST_CALENDAR_ITEMS, CalendarTooFull
from trainer.fields import Day
from trainer.runs import repository as runs
from trainer.runs.schemas import RunOut
from trainer.workouts import repository as workouts

router = APIRouter(prefix="/calendar", tags=["training"], route_class=TransactionalRoute)

MOST_DAYS = 366


class PlannedEntry(WorkoutDocument):
    """A workout; ``run_id`` is its run's entry, where it has one."""

    type: Literal["workout"]


class DoneEntry(RunOut):
    """A run; ``workout_id`` is its workout's entry, where it has one."""

    type: Literal["run"]


class Calendar(BaseModel):
    """By date; on one day what was planned stands before what was done."""

    items: list[Annotated[PlannedEntry | DoneEntry, Field(discriminator="type")]]


@router.get("", response_model=Calendar)
async def read_calendar(
    request: Request,
    session: DbSession,
    athlete: AthleteId,
    since: Annotated[Day, Query(alias="from")],
    until: Annotated[Day, Query(alias="to")],
) -> Response:
    """Read workouts and runs of at most 366 days, first and last included."""
    _check(since, until)
    version = await versions.current(session, athlete)
    return await answer_once(request, athlete, version, lambda: _read(session, athlete, since, until))


def _check(since: dt.date, until: dt.date) -> None:
    message = ""
    if until < since:
        message = "lies before from"
    elif (until - since).days >= MOST_DAYS:
        message = f"at most {MOST_DAYS} days at once"
    if message:
        raise InvalidInput("Not accepted: /query/to.", errors=[FieldError(pointer="/query/to", message=message)])


async def _read(session: DbSession, athlete: UUID, since: dt.date, until: dt.date) -> dict[str, Any]:
    limit = MOST_CALENDAR_ITEMS + 1
    planned = await workouts.between(session, athlete, since, until, limit)
    done = await runs.between(session, athlete, since, until, limit)
    if len(planned) + len(done) > MOST_CALENDAR_ITEMS:
        raise CalendarTooFull
    items = [{"type": "workout", **each} for each in planned] + [{"type": "run", **each} for each in done]
    return {"items": sorted(items, key=lambda item: item["date"])}  # stable: what was planned stays first
