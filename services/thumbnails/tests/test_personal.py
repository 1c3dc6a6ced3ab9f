from pathlib import Path
from uuid import UUID, uuid4

import numpy as np

from common.testing.atwork import ServiceAtWork
from contracts.testing.activity_store import ActivityStore, run
from contracts.testing.held import Held


async def drawn(thumbnails: ServiceAtWork, strava: ActivityStore) -> Held:
    """Somebody with a picture of a run."""
    person: UUID = uuid4()
    steps = np.linspace(0, 2 * np.pi, 100)
    strava.create(run(person, latlng=np.column_stack((45 + 0.01 * np.sin(steps), 9 + 0.02 * np.cos(steps)))))
    await thumbnails.settle()
    return Held(thumbnails, person)


def stored(images: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in images.rglob("*.*") if path.is_file()}


async def test_a_deletion_leaves_nothing_of_the_person_and_all_of_others(
    thumbnails: ServiceAtWork, strava: ActivityStore, images: Path
) -> None:
    staying = await drawn(thumbnails, strava)
    others = await staying.mentioned(), stored(images)
    leaving = await drawn(thumbnails, strava)
    before = await leaving.mentioned()
    assert before.keys() >= {"pictures", "jobs"}
    new = len(stored(images)) - len(others[1])
    assert new > 0
    deleted = await leaving.erase()
    assert {name: count for name, count in deleted.tables.items() if count} == before
    assert deleted.files == new
    assert await leaving.mentioned() == {}
    assert (await leaving.tally()).total == 0
    assert (await staying.mentioned(), stored(images)) == others


async def test_pictures_are_drawn_of_what_the_export_of_activities_holds_and_are_not_given_out(
    thumbnails: ServiceAtWork, strava: ActivityStore
) -> None:
    mine = await drawn(thumbnails, strava)
    assert (await mine.tally()).total > 0
    assert await mine.given() == {}
