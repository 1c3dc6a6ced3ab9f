"""Works through claimed jobs: one task each, leases renewed, outcomes recorded."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from opentelemetry import trace
from sqlalchemy.ext.asyncio import AsyncSession

from common import jobs
from common.context import link_to, request_id
from common.db.engine import is_connection_failure
from common.db.tables import JobState
from common.errors import ServiceError
from common.jobs import ClaimedJob, JobFailed, JobPostponed, LeaseLost, Waiting
from common.logs import get_logger
from common.metrics import JOB_SECONDS
from common.resources import Resources

HEARTBEAT_SECONDS = 10.0
LOOK_SECONDS = 2.0
"""How often to look what there is before claiming it, and for jobs that are to be done alone: it reads what waits."""
REST_SECONDS, BUSY_SECONDS = 10.0, 60.0
"""How long others wait for such a job at most, and how long the next try waits when what is in hand took longer."""
_TRACER = trace.get_tracer("common.jobs")


@dataclass
class JobContext:
    """Given to a task. ``session`` is the transaction that also completes the job.

    Nothing written to ``session`` is visible before the job is done, and all of it is undone when the task
    raises. A task that works in stages commits each with ``resources.database.transaction()``.
    """

    resources: Resources
    session: AsyncSession
    job: ClaimedJob

    @property
    def payload(self) -> dict[str, Any]:
        return self.job.payload

    async def report_progress(self, progress: float) -> None:
        """Say how far the job is (0..1), at once visible."""
        async with self.resources.database.transaction() as session:
            await jobs.report_progress(session, self.job, progress)


Task = Callable[[JobContext], Awaitable[None]]


class JobRunner:
    """Claims up to ``concurrency`` jobs at a time for the kinds it has tasks for."""

    def __init__(self, resources: Resources, tasks: Mapping[str, Task], *, concurrency: int) -> None:
        self._resources = resources
        self._tasks = tasks
        self._slots = asyncio.Semaphore(concurrency)
        self._concurrency = concurrency
        self._running: dict[asyncio.Task[None], ClaimedJob] = {}
        self._closed = False
        self._looked = -LOOK_SECONDS

    async def dispatch(self) -> bool:
        """Fill the free slots; True when more may be due. Waits for a slot when all are taken."""
        if not self._tasks or self._closed:
            return False
        found = await self._look()
        if found.alone and await self._dispatch_alone():
            return True
        if not found.due:
            return False
        async with self._slots:
            pass
        free = self._concurrency - len(self._running)
        async with self._resources.database.transaction() as session:
            claimed = await jobs.claim(session, list(self._tasks), free)
        for job in claimed:
            await self._start(job)
        return bool(claimed)

    async def _look(self) -> Waiting:
        """Say what there is to do. It is not looked for when it was a moment ago: there may be jobs, none for alone."""
        now = asyncio.get_running_loop().time()
        if now - self._looked < LOOK_SECONDS:
            return Waiting(due=True, alone=False)
        async with self._resources.database.reading() as session:
            found = await jobs.waiting(session, list(self._tasks))
        if not found.alone:
            self._looked = now
        return found

    async def _dispatch_alone(self) -> bool:
        """Do one job whose workers died, with nothing else in hand; False when what is in hand takes too long."""
        if not await self._rests():
            self._looked = asyncio.get_running_loop().time() + BUSY_SECONDS
            return False
        async with self._resources.database.transaction() as session:
            job = await jobs.claim_alone(session, list(self._tasks))
        if job is not None:
            await self._start(job)
            await self._rests()
        return True

    async def _start(self, job: ClaimedJob) -> None:
        await self._slots.acquire()
        task = asyncio.create_task(self._run(job))
        self._running[task] = job
        task.add_done_callback(self._finished)

    async def _rests(self) -> bool:
        """Wait until no job is in hand; False when that takes too long for those that wait."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=REST_SECONDS)
        return not self._running

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._slots.release()

    async def _run(self, job: ClaimedJob) -> None:
        request_id.set(job.req_id)
        structlog.contextvars.bind_contextvars(job_id=str(job.id), job_kind=job.kind)
        started = time.perf_counter()
        with _TRACER.start_as_current_span(f"job {job.kind}", links=link_to(job.traceparent)):
            outcome = await self._attempt(job)
        seconds = time.perf_counter() - started
        JOB_SECONDS.labels(job.kind, outcome).observe(seconds)
        get_logger().info("job_finished", outcome=outcome, attempt=job.attempts, seconds=round(seconds, 4))

    async def _attempt(self, job: ClaimedJob) -> str:
        try:
            async with self._resources.database.transaction() as session:
                await self._tasks[job.kind](JobContext(self._resources, session, job))
                await jobs.complete(session, job)
        except LeaseLost:
            return "lease_lost"
        except asyncio.CancelledError:
            await self._give_back(job)
            raise
        except Exception as error:  # noqa: BLE001 - a poison job must not take the worker down
            return await self._record_failure(job, error)
        return "done"

    async def _record_failure(self, job: ClaimedJob, error: Exception) -> str:
        expected = isinstance(error, (JobFailed, JobPostponed, ServiceError)) or is_connection_failure(error)
        log = get_logger()
        (log.warning if expected else log.exception)("job_attempt_failed", error=str(error))
        try:
            async with self._resources.database.transaction() as session:
                state = await jobs.fail(session, job, error)
        except LeaseLost:
            return "lease_lost"
        except ServiceError:
            return "unrecorded"  # Postgres is away: the lease runs out and the job is claimed again
        waiting = "postponed" if isinstance(error, JobPostponed) else "retry"
        return waiting if state == JobState.QUEUED else state.value

    async def _give_back(self, job: ClaimedJob) -> None:
        with suppress(LeaseLost, ServiceError):
            async with self._resources.database.transaction() as session:
                await jobs.give_back(session, job)

    async def heartbeat(self) -> None:
        """Renew the leases of all jobs in hand, for ever."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            leases = [(job.id, job.lease_token) for job in self._running.values()]
            try:
                async with self._resources.database.transaction() as session:
                    await jobs.renew(session, leases)
            except ServiceError as error:
                get_logger().warning("heartbeat_failed", error=error.detail)

    def close(self) -> None:
        """Claim nothing more."""
        self._closed = True

    async def drain(self, seconds: float) -> None:
        """Wait for the jobs in hand, then cancel what is left, which gives it back."""
        if not self._running:
            return
        _, late = await asyncio.wait(set(self._running), timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
