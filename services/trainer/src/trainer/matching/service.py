"""Keeping runs and workouts paired: decided anew for whole days, so that the order of what happened does not matter.

The caller holds the athlete's training.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from common import audit
from trainer import versions
from trainer.errors import WorkoutMissing
from trainer.kernels.matching import DoneRun, Match, PlannedWorkout, match_day
from trainer.matching import repository

SERVICE = "trainer"
BY_HAND = "linked by hand"


async def rematch(session: AsyncSession, athlete_id: UUID, dates: Collection[dt.date]) -> None:
    """Decide the pairs of these days; what the athlete has decided by hand stays.

    Whoever moves a run or a workout names the day it comes from and the day it goes to.
    """
    runs = await repository.runs_on(session, athlete_id, dates) if dates else []
    if not runs:
        return
    workouts = await repository.workouts_on(session, athlete_id, {run.date for run in runs})
    wanted = _decide(workouts, runs)
    rows, moved = [], []
    for run in runs:
        match = wanted.get(run.id)
        workout_id, reason = (match.workout_id, match.reason) if match else (None, None)
        if (workout_id, reason) != (run.workout_id, run.match_reason):
            rows.append({"run": run.id, "workout": workout_id, "reason": reason})
        if workout_id != run.workout_id:
            moved.append((run.id, run.workout_id, workout_id))
    await repository.unpair(session, [run_id for run_id, before, _ in moved if before])
    await repository.pair(session, rows)
    await versions.touch_workouts(session, {id_ for _, *both in moved for id_ in both if id_})
    for run_id, _, after in moved:
        _audit(session, SERVICE, run_id, after)


async def release(session: AsyncSession, athlete_id: UUID, workout_ids: Collection[UUID]) -> set[dt.date]:
    """Free the runs of workouts that go or are skipped; return the days on which to match again."""
    freed = await repository.release(session, workout_ids)
    await versions.touch_workouts(session, {run.workout_id for run in freed})
    for run in freed:
        _audit(session, str(athlete_id), run.id, None)
    return {run.date for run in freed}


async def link(session: AsyncSession, athlete_id: UUID, run: Any, workout_id: UUID | None) -> set[dt.date]:
    """Pair a run by hand, or keep it apart (None); return the days on which to match the others again.

    A workout that another run had is taken from it. Raises ``WorkoutMissing``.
    """
    dates: set[dt.date] = {run["date"]}
    if run["workout_id"]:
        dates |= await days_of(session, athlete_id, run["workout_id"])
    if workout_id:
        date = await repository.date_of_workout(session, athlete_id, workout_id)
        if date is None:
            raise WorkoutMissing
        dates |= {date} | await release(session, athlete_id, {workout_id})
        await repository.unskip(session, workout_id)
    await repository.link(session, run["id"], workout_id, BY_HAND if workout_id else None)
    await versions.touch_workouts(session, {id_ for id_ in (run["workout_id"], workout_id) if id_})
    _audit(session, str(athlete_id), run["id"], workout_id)
    return dates


async def days_of(session: AsyncSession, athlete_id: UUID, workout_id: UUID) -> set[dt.date]:
    """The day of a workout, nothing when it is gone."""
    date = await repository.date_of_workout(session, athlete_id, workout_id)
    return {date} if date else set()


def _decide(workouts: Collection[Row[Any]], runs: Collection[Row[Any]]) -> dict[UUID, Match]:
    planned: dict[dt.date, list[PlannedWorkout]] = defaultdict(list)
    done: dict[dt.date, list[DoneRun]] = defaultdict(list)
    for each in workouts:
        planned[each.date].append(PlannedWorkout(each.id, each.kind, each.distance, each.duration))
    for run in runs:
        done[run.date].append(DoneRun(run.id, run.distance, run.duration, run.start_time))
    return {match.run_id: match for day in planned for match in match_day(day, planned[day], done[day])}


def _audit(session: AsyncSession, actor: str, run_id: UUID, workout_id: UUID | None) -> None:
    action = "run.matched" if workout_id else "run.unmatched"
    details = {"workout_id": str(workout_id)} if workout_id else {}
    audit.record(session, SERVICE, actor=actor, action=action, target=str(run_id), details=details)
