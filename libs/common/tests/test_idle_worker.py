"""What a worker asks when there is nothing to do: it does so all day."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from common import jobs
from common.jobrunner import JobContext, JobRunner
from common.resources import Resources
from common.settings import DataSettings
from common.testing.plugin import Environment
from common.testing.statements import statements
from common.testing.wait import eventually


@pytest.fixture
async def resources(toy_environment: Environment) -> AsyncIterator[Resources]:
    async with Resources.open("toy", DataSettings.from_environment()) as resources:
        yield resources


class Doing:
    """A task that remembers its jobs."""

    def __init__(self) -> None:
        self.done: list[UUID] = []

    async def __call__(self, context: JobContext) -> None:
        self.done.append(context.job.id)


async def test_finding_nothing_takes_one_statement(resources: Resources) -> None:
    runner = JobRunner(resources, {"a": Doing()}, concurrency=2)
    with statements() as asked:
        assert not await runner.dispatch()
    assert len(asked) == 1, asked


async def test_work_that_comes_right_after_a_look_is_found_by_the_next(resources: Resources) -> None:
    doing = Doing()
    runner = JobRunner(resources, {"a": doing}, concurrency=2)
    assert not await runner.dispatch()
    async with resources.database.transaction() as session:
        job = jobs.enqueue(session, "a", {}, queue="nobody")
    assert await runner.dispatch()

    async def is_done() -> bool:
        return doing.done == [job]

    await eventually(is_done, within=10)
    await runner.drain(5)
