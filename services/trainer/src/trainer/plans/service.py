"""What can be done with a plan."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common import audit
from common.errors import FieldError, InvalidInput
from common.ids import uuid7
from trainer.errors import PlanMissing
from trainer.matching import service as matching
from trainer.plans import repository
from trainer.plans.schemas import PlanAnew, PlanChange, PlanIn, check_days
from trainer.workouts import repository as workouts
from trainer.workouts import service as planning

SERVICE = "trainer"

Stored = Mapping[Any, Any]
_FIELDS = {"name", "description", "start_date", "end_date", "goal", "phases"}


async def find(session: AsyncSession, athlete_id: UUID, plan_id: UUID) -> Stored:
    """Return the athlete's plan as it is stored. Raises ``PlanMissing``, also for one of somebody else."""
    plan = await repository.stored(session, athlete_id, plan_id)
    if plan is None:
        raise PlanMissing
    return plan


async def need_plan(session: AsyncSession, athlete_id: UUID, plan_id: UUID) -> int:
    """Return the version of the athlete's plan. Raises ``PlanMissing``."""
    version = await repository.version_of(session, athlete_id, plan_id)
    if version is None:
        raise PlanMissing
    return version


async def document(session: AsyncSession, athlete_id: UUID, plan_id: UUID) -> dict[str, Any]:
    """Return the athlete's plan with all its workouts. Raises ``PlanMissing``.

    The plan is read before its workouts: what changes in between is newer than the version says, never older.
    """
    plan = await repository.shown(session, athlete_id, plan_id)
    if plan is None:
        raise PlanMissing
    return {**plan, "workouts": await workouts.of_plan(session, plan_id)}


async def create(session: AsyncSession, athlete_id: UUID, body: PlanIn) -> UUID:
    """Add a plan with its workouts."""
    plan_id = uuid7()
    await repository.add(session, {"id": plan_id, "athlete_id": athlete_id, **_columns(body, _FIELDS)})
    dates = await planning.add_all(session, athlete_id, plan_id, body.workouts)
    _audit(session, athlete_id, plan_id, "created", workouts=len(body.workouts))
    await matching.rematch(session, athlete_id, dates)
    return plan_id


async def replace(session: AsyncSession, athlete_id: UUID, plan: Stored, body: PlanAnew) -> None:
    """Write a plan anew, with its workouts where they are given."""
    await repository.change(session, plan["id"], _columns(body, _FIELDS))
    dates = set()
    if "workouts" in body.model_fields_set:
        dates = await planning.replace_all(session, athlete_id, plan["id"], body.workouts)
    _audit(session, athlete_id, plan["id"], "updated")
    await matching.rematch(session, athlete_id, dates)


async def change(session: AsyncSession, athlete_id: UUID, plan: Stored, body: PlanChange) -> None:
    """Write what a change names. Raises ``InvalidInput`` when the days do not fit together then."""
    columns = _columns(body, body.model_fields_set)
    if not columns:
        return
    named = "end_date" if "end_date" in columns else "start_date"
    days = {**plan, **columns}
    try:
        check_days(days["start_date"], days["end_date"])
    except ValueError as error:
        pointer = f"/body/{named}"
        raise InvalidInput(
            f"Not accepted: {pointer}.", errors=[FieldError(pointer=pointer, message=str(error))]
        ) from None
    await repository.change(session, plan["id"], columns)
    _audit(session, athlete_id, plan["id"], "updated")


async def delete(session: AsyncSession, athlete_id: UUID, plan: Stored) -> None:
    """Delete a plan with its workouts; the runs that they were stay and look for others."""
    dates = await matching.release(session, athlete_id, await repository.workout_ids(session, plan["id"]))
    await repository.remove(session, plan["id"])
    _audit(session, athlete_id, plan["id"], "deleted")
    await matching.rematch(session, athlete_id, dates)


def _columns(body: PlanIn | PlanAnew | PlanChange, names: set[str]) -> dict[str, Any]:
    columns = {name: getattr(body, name) for name in names}
    if columns.get("goal") is not None:
        columns["goal"] = columns["goal"].model_dump(mode="json")
    if "phases" in columns:
        columns["phases"] = [phase.model_dump(mode="json") for phase in columns["phases"]]
    return columns


def _audit(session: AsyncSession, athlete_id: UUID, plan_id: UUID, action: str, **details: Any) -> None:
    actor = str(athlete_id)
    audit.record(session, SERVICE, actor=actor, action=f"plan.{action}", target=str(plan_id), details=details)
