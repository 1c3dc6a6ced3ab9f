"""How far what is missing of an athlete has come over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import Job, JobState
from strava.sync.queueing import ACTIVITY, BACKGROUND, LAST, OPEN, SYNC

_IS_OPEN = Job.state.in_(OPEN)
_COLUMNS = 4
_GIVEN_UP = Job.state.in_([JobState.FAILED, JobState.DEAD])


@dataclass(frozen=True)
class FetchCounts:
    """Activities that were missing: all of them, those to come, and those that were given up.

    ``due`` is when the next of those to come is asked for.
    """

    total: int
    to_fetch: int
    failed: int
    due: datetime | None

    @property
    def fetched(self) -> int:
        return max(0, self.total - self.to_fetch - self.failed)

    @property
    def share(self) -> float:
        """Of all, what needs no more work: 0 to 1."""
        return 1.0 - self.to_fetch / self.total if self.total else 0.0

    def told(self, resumes_at: datetime | None = None) -> str:
        """How far it is, and until when it waits."""
        here = f"{self.fetched} of {self.total} activities are here."
        return here if resumes_at is None else f"{here} It goes on at {resumes_at:%H:%M} UTC."


async def counts(session: AsyncSession, athlete_id: UUID, jobs: Sequence[Job]) -> list[FetchCounts]:
    """Count the fetches that syncs and histories have queued, all at one moment."""
    if not jobs:
        return []
    query = select(*(column for job in jobs for column in _columns(_own(job)))).where(
        Job.subject_id == athlete_id, Job.kind == ACTIVITY, Job.payload["missing"].astext == "true"
    )
    found = iter((await session.execute(query)).one())
    return [_counted(job, *islice(found, _COLUMNS)) for job in jobs]


def _own(job: Job) -> ColumnElement[bool]:
    """Which fetches count for a job.

    For a sync its own, and what those before it left to fetch. For a history its own, and those of the sync that it
    followed; what a history before it gave up is not its failure.
    """
    if job.kind == SYNC:
        return and_(Job.priority == BACKGROUND, or_(_IS_OPEN, Job.id > job.id))
    own = and_(Job.priority == LAST, Job.id > job.id)
    if not job.payload.get("since"):
        return own
    return or_(own, and_(Job.priority == BACKGROUND, Job.id > UUID(job.payload["since"]), Job.id < job.id))


def _columns(own: ColumnElement[bool]) -> tuple[ColumnElement[Any], ...]:
    activities = func.count(Job.payload["strava_id"].astext.distinct())  # two looks at once queue some twice
    return (
        activities.filter(own),
        activities.filter(own, _IS_OPEN),
        activities.filter(own, _GIVEN_UP),
        func.min(Job.run_after).filter(own, Job.state == JobState.QUEUED),
    )


def _counted(job: Job, known: int, to_fetch: int, failed: int, due: datetime | None) -> FetchCounts:
    """What is done long ago is deleted: the job itself knows how many there were."""
    return FetchCounts(max(known, job.payload.get("queued", 0)), to_fetch, failed, due)


def resumes_at(job: Job, counts: FetchCounts, *, listed: bool) -> datetime | None:
    """When fetching goes on where all of it waits, as for Strava's limit; ``listed``: the job itself asks no more."""
    asking = job.run_after if job.state == JobState.QUEUED and not listed else None
    next_due = min((each for each in (asking, counts.due) if each is not None), default=None)
    return next_due if next_due is not None and next_due > datetime.now(UTC) else None
