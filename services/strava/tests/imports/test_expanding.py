import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import archives
import made_up
import pytest
from made_up import START
from sqlalchemy import select

from common.db.tables import Job
from common.ids import uuid7
from common.jobrunner import JobContext
from common.jobs import ClaimedJob, LeaseLost
from common.resources import Resources
from common.storage import ObjectStore
from strava.imports import repository
from strava.imports.expanding import AT_ONCE, expand
from strava.models import Import, ImportItem
from strava.sandbox import Sandbox

Athlete = Any

COUNT = 2 * AT_ONCE + 7


class DyingStore:
    """Stores a number of objects, and then no more."""

    def __init__(self, store: ObjectStore, left: int) -> None:
        self._store = store
        self._left = left

    async def put(self, key: str, data: bytes | AsyncIterator[bytes], *, if_absent: bool = True) -> bool:
        self._left -= 1
        if self._left < 0:
            raise OSError("the machine lost its power")
        return await self._store.put(key, data, if_absent=if_absent)


class Interrupted:
    """The expansion of one archive, by a worker that may die and another that goes on."""

    def __init__(self, resources: Resources, athlete: Athlete, data: bytes) -> None:
        self._resources = resources
        self._athlete = athlete
        self._data = data
        self._job = uuid7()
        self.item = uuid7()

    async def prepare(self) -> None:
        """A job in somebody's hands, so that the worker beside the test leaves it alone."""
        import_id = uuid7()
        async with self._resources.database.transaction() as session:
            session.add(Import(id=import_id, athlete_id=self._athlete.id))
            await session.flush()
            session.add(ImportItem(id=self.item, import_id=import_id, name="all.zip", told={}))
            held = {"state": "running", "lease_until": datetime.now(UTC) + timedelta(minutes=5)}
            payload = {"items": [str(self.item)]}
            session.add(Job(id=self._job, kind="import-file", payload=payload, attempts=1, **held))

    async def run(self, puts: int | None = None, *, lost: bool = False) -> None:
        """Take the job over, as whoever claims it does, and work; ``puts`` objects can be stored."""
        token = uuid4()
        async with self._resources.database.transaction() as session:
            row = await session.get_one(Job, self._job)
            row.lease_token = token
            payload = dict(row.payload)
        objects = self._resources.objects
        store = objects if puts is None else cast("ObjectStore", DyingStore(objects, puts))
        claimed = uuid4() if lost else token
        job = ClaimedJob(self._job, "import-file", self._athlete.id, payload, 1, 8, claimed, "", None)
        resources = replace(self._resources, objects=store)
        async with resources.database.transaction() as session, Sandbox() as sandbox:
            [work] = await repository.works(session, [self.item])
            await expand(JobContext(resources, session, job), work, io.BytesIO(self._data), sandbox)

    async def names(self) -> list[str]:
        async with self._resources.database.reading() as session:
            return sorted(await session.scalars(select(ImportItem.name)))


@pytest.fixture
async def interrupted(resources: Resources, athlete: Athlete) -> Interrupted:
    runs = {f"{n:03d}.gpx": made_up.run(START + timedelta(days=n), seconds=20) for n in range(COUNT)}
    made = Interrupted(resources, athlete, archives.zipped({**runs, "a.txt": b"no"}))
    await made.prepare()
    return made


async def test_an_archive_is_unpacked_to_the_end_by_whoever_comes_after_a_dead_worker(
    interrupted: Interrupted,
) -> None:
    with pytest.raises(OSError, match="power"):
        await interrupted.run(puts=AT_ONCE + 20)
    assert len(await interrupted.names()) == AT_ONCE + 1  # what was done stays, the archive waits
    with pytest.raises(OSError, match="power"):
        await interrupted.run(puts=3)
    await interrupted.run()
    assert await interrupted.names() == [*(f"{n:03d}.gpx" for n in range(COUNT)), "a.txt"]


async def test_a_worker_that_lost_its_lease_adds_nothing(interrupted: Interrupted) -> None:
    with pytest.raises(LeaseLost):
        await interrupted.run(lost=True)
    assert await interrupted.names() == ["all.zip"]
