"""How far the history of an athlete has come over."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import Job, JobState
from strava.sync.queueing import ACTIVITY, LAST, OPEN

_JOB = bindparam("job", type_=Uuid)
_COUNTS = select(
    select(Job.payload["queued"].as_integer()).where(Job.id == _JOB).scalar_subquery(),
    func.count().filter(Job.state.in_(OPEN)),
    func.count().filter(Job.state.in_([JobState.FAILED, JobState.DEAD])),
    func.min(Job.run_after).filter(Job.state == JobState.QUEUED),
).where(Job.subject_id == bindparam("athlete"), Job.kind == ACTIVITY, Job.priority == LAST, Job.id > _JOB)


@dataclass(frozen=True)
class HistoryCounts:
    """Activities of a history: all that were missing, those to come, and those that were given up.

    ``resumes_at`` is when the next of those to come is due.
    """

    total: int
    to_fetch: int
    failed: int
    resumes_at: datetime | None

    @property
    def fetched(self) -> int:
        return max(0, self.total - self.to_fetch - self.failed)

    @property
    def share(self) -> float:
        """Of all, what needs no more work: 0 to 1."""
        return 1.0 - self.to_fetch / self.total if self.total else 0.0


async def counts(session: AsyncSession, athlete_id: UUID, job_id: UUID) -> HistoryCounts:
    """Count the fetches that the job of a history has queued, all at one moment.

    Their ids are of a later time than its own; what an earlier history gave up is not its failure.
    """
    given = {"athlete": athlete_id, "job": job_id}
    total, to_fetch, failed, due = (await session.execute(_COUNTS, given)).one()
    return HistoryCounts(total or 0, to_fetch, failed, due)
