"""Keeping best efforts right: on every change of an activity, and when an admin asks."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from analytics.efforts import records, repository
from analytics.efforts.analysis import find, input_digest, suited
from analytics.efforts.distances import Distance
from analytics.kernels.best_efforts import FORMULA_VERSION
from analytics.models import AnalysedActivity, Effort
from common import jobs
from common.db.tables import Job
from common.ids import uuid7
from contracts.strava.streams import ActivityStreams

QUEUE = "analytics"
ANALYSE, CALCULATE, CLEAR = "analyse", "calculate-best-efforts", "clear-best-efforts"
ANALYSED, UNSUITED, CLEARED = "analysed", "unsuited", "cleared"

# The activity store may be away for hours: with the usual eight attempts two minutes would need a hand afterwards.
_ATTEMPTS = 20
_AFTER_THE_NEW = 10


def request_analysis(session: AsyncSession, activity_id: UUID, athlete_id: UUID, *, again: bool = False) -> None:
    """Queue a look at the activity as it is then. ``again`` computes even what has not changed, after all others."""
    jobs.enqueue(
        session,
        ANALYSE,
        {"activity_id": str(activity_id), "again": again},
        queue=QUEUE,
        subject_id=athlete_id,
        priority=_AFTER_THE_NEW if again else 0,
        max_attempts=_ATTEMPTS,
    )


async def request_for_many(session: AsyncSession, kind: str, athlete_id: UUID | None) -> Job:
    """Queue an admin's command for one athlete or for all."""
    payload = {"athlete_id": str(athlete_id) if athlete_id else None}
    job_id = jobs.enqueue(session, kind, payload, queue=QUEUE, subject_id=athlete_id)
    await session.flush()
    job = await session.get_one(Job, job_id)
    await session.refresh(job)
    return job


async def analyse(session: AsyncSession, streams: ActivityStreams, *, again: bool = False) -> None:
    """Bring the efforts of an activity up to date. The caller holds the activity and has read it since."""
    activity = streams.activity
    known = await repository.analysed(session, activity.id)
    digest = input_digest(streams)
    if known and not again and (known.input_digest, known.formula_version) == (digest, FORMULA_VERSION):
        known.version = activity.version
        return
    found = await asyncio.to_thread(find, streams)
    await _replace(session, streams, found, announce=not again and (known is None or known.state != CLEARED))
    row = known or AnalysedActivity(activity_id=activity.id)
    row.athlete_id = activity.athlete_id
    row.version = activity.version
    row.state = ANALYSED if suited(streams) else UNSUITED
    row.input_digest = digest
    row.formula_version = FORMULA_VERSION
    row.analysed_at = datetime.now(UTC)
    session.add(row)


async def forget(session: AsyncSession, activity_id: UUID) -> None:
    """Delete all that is known of an activity that is gone. The caller holds the activity."""
    known = await repository.analysed(session, activity_id)
    if known:
        await repository.hold_ranks(session, known.athlete_id)
        await repository.delete_activity(session, activity_id)


async def clear(session: AsyncSession, athlete_id: UUID | None) -> None:
    """Delete the efforts of one athlete or of all; which activities there are stays known."""
    await repository.clear(session, athlete_id, CLEARED)


async def _replace(
    session: AsyncSession, streams: ActivityStreams, found: dict[Distance, dict[str, Any]], *, announce: bool
) -> None:
    """Make the activity's rows those found; an effort over the same distance keeps its id."""
    activity = streams.activity
    if not found and not await repository.efforts_of(session, activity.id):
        return
    await repository.hold_ranks(session, activity.athlete_id)
    rows = await repository.efforts_of(session, activity.id)
    times_before = {distance: row.time for distance, row in rows.items()}
    for distance in rows.keys() - found.keys():
        await session.delete(rows.pop(distance))
    for distance, columns in found.items():
        row = rows.setdefault(distance, Effort(id=uuid7(), distance=distance))
        for name, value in columns.items():
            setattr(row, name, value)
        row.computed_at = datetime.now(UTC)
        session.add(row)
    await session.flush()
    if announce:
        await records.announce(session, activity.athlete_id, activity.id, rows.values(), times_before)
