"""Files of one job get their outcomes together; what is wrong with one of them is its own affair."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import made_up
import pytest
from made_up import START
from sqlalchemy import func, select

from common.db.tables import Job
from common.ids import uuid7
from common.jobrunner import JobContext
from common.jobs import ClaimedJob
from common.resources import Resources
from common.storage import ObjectMissing
from strava.imports.intake import original_key
from strava.imports.tasks import Importer
from strava.models import Activity, Import, ImportItem, Recording, Stream
from strava.sandbox import Sandbox

Athlete = Any

NAMES = ("a.gpx", "lost.gpx", "b.gpx", "same.gpx", "bad.gpx", "near.gpx")
CONTENT = {
    "a.gpx": made_up.run(),
    "b.gpx": made_up.run(START + timedelta(days=1)),
    "same.gpx": made_up.run(),
    "bad.gpx": b"<gpx>",
    "near.gpx": made_up.run(START + timedelta(seconds=30), heartrate=140),
}


@dataclass
class Batch:
    """A batch of one job that is in the test's hands, so that the worker beside it leaves it alone."""

    resources: Resources
    athlete: Athlete
    names: tuple[str, ...]
    import_id: UUID
    job_id: UUID
    items: list[UUID] = field(default_factory=list)

    @classmethod
    async def of(cls, resources: Resources, athlete: Athlete, names: tuple[str, ...]) -> "Batch":
        batch = cls(resources, athlete, names, uuid7(), uuid7())
        async with resources.database.transaction() as session:
            session.add(Import(id=batch.import_id, athlete_id=athlete.id))
            await session.flush()
            items = [await batch._item(name) for name in names]
            session.add_all(items)
            held = {"state": "running", "lease_until": datetime.now(UTC) + timedelta(minutes=5)}
            session.add(Job(id=batch.job_id, kind="import-file", payload={}, attempts=1, **held))
        batch.items = [item.id for item in items]
        return batch

    async def _item(self, name: str) -> ImportItem:
        data = CONTENT.get(name)
        sha256 = uuid4().hex if data is None else hashlib.sha256(data).hexdigest()
        item = ImportItem(id=uuid7(), import_id=self.import_id, name=name, sha256=sha256, told={})
        item.object_key = original_key(self.athlete.id, sha256)
        if data is not None:
            await self.resources.objects.put(item.object_key, data)
        return item

    async def work(self, attempts: int) -> None:
        payload = {"items": [str(each) for each in self.items]}
        job = ClaimedJob(self.job_id, "import-file", self.athlete.id, payload, attempts, 8, uuid4(), "", None)
        async with Sandbox(children=2) as sandbox, self.resources.database.transaction() as session:
            await Importer(sandbox)(JobContext(self.resources, session, job))

    async def states(self) -> dict[str, str]:
        async with self.resources.database.reading() as session:
            return {row[0]: row[1] for row in await session.execute(select(ImportItem.name, ImportItem.state))}


async def test_files_that_belong_together_are_told_apart_within_one_transaction(
    resources: Resources, athlete: Athlete
) -> None:
    batch = await Batch.of(resources, athlete, tuple(name for name in NAMES if name != "lost.gpx"))
    await batch.work(attempts=1)
    expected = {"a.gpx": "imported", "b.gpx": "imported", "same.gpx": "duplicate"}
    assert await batch.states() == {**expected, "bad.gpx": "rejected", "near.gpx": "merged"}
    async with resources.database.reading() as session:
        counts = [await session.scalar(select(func.count()).select_from(each)) for each in (Activity, Recording)]
        streams = select(func.count(Stream.recording_id.distinct()))
        assert [*counts, await session.scalar(streams)] == [2, 3, 3]
    leading = await athlete.get("/activities")
    assert sorted(each["average_heartrate"] is None for each in leading["items"]) == [False, True]


async def test_a_file_that_cannot_be_worked_through_keeps_no_other_from_its_outcome(
    resources: Resources, athlete: Athlete
) -> None:
    batch = await Batch.of(resources, athlete, NAMES)
    with pytest.raises(ObjectMissing):
        await batch.work(attempts=1)
    assert set((await batch.states()).values()) == {"pending"}
    with pytest.raises(ObjectMissing):
        await batch.work(attempts=2)
    states = await batch.states()
    assert states.pop("lost.gpx") == "pending"
    assert set(states.values()) == {"imported", "duplicate", "rejected", "merged"}
    with pytest.raises(ObjectMissing):
        await batch.work(attempts=3)
    assert len((await athlete.get("/activities"))["items"]) == 2
