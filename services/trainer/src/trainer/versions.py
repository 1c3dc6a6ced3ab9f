"""An athlete's training has a version: lists are tagged with it, and who changes anything holds it."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from trainer.models import Plan, TrainingVersion, Workout

_UNSEEN = {"synchronize_session": False}


def among(column: InstrumentedAttribute[Any], ids: Collection[UUID]) -> ColumnElement[bool]:
    """Condition for any number of ids, as one parameter."""
    return column == any_(literal(list(ids), ARRAY(Uuid)))


async def hold(session: AsyncSession, athlete_id: UUID) -> None:
    """Count a change of the athlete's training; others who change it wait for the end of the transaction.

    Taken before anything else of the athlete's, so that two changes never wait for each other.
    """
    statement = insert(TrainingVersion).values(athlete_id=athlete_id, version=1)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[TrainingVersion.athlete_id], set_={"version": TrainingVersion.version + 1}
        )
    )


async def current(session: AsyncSession, athlete_id: UUID) -> int:
    """Return how often the athlete's training has changed; read before the content that is tagged with it."""
    query = select(TrainingVersion.version).where(TrainingVersion.athlete_id == athlete_id)
    return await session.scalar(query) or 0


async def touch_plans(session: AsyncSession, plan_ids: Collection[UUID | None]) -> None:
    """Count the versions of these plans up; None stands for workouts without a plan."""
    wanted = {plan_id for plan_id in plan_ids if plan_id is not None}
    if wanted:
        changed = {"version": Plan.version + 1, "updated_at": func.now()}
        statement = update(Plan).where(among(Plan.id, wanted)).values(changed)
        await session.execute(statement.execution_options(**_UNSEEN))


async def touch_workouts(session: AsyncSession, workout_ids: Collection[UUID]) -> None:
    """Count the versions of these workouts and of their plans up."""
    if workout_ids:
        changed = {"version": Workout.version + 1, "updated_at": func.now()}
        statement = update(Workout).where(among(Workout.id, workout_ids)).values(changed).returning(Workout.plan_id)
        await touch_plans(session, set(await session.scalars(statement.execution_options(**_UNSEEN))))
