import json
from uuid import UUID, uuid4

from analytics_support import Platform

from contracts.testing.activity_store import run
from contracts.testing.held import Held


async def analysed(platform: Platform) -> Held:
    """Somebody with the efforts of a run, and rank tables of them."""
    person: UUID = uuid4()
    platform.strava.create(run(person))
    await platform.settle()
    assert await platform.times(person)
    return Held(platform, person)


async def test_a_deletion_leaves_nothing_of_the_person_and_all_of_others(platform: Platform) -> None:
    leaving, staying = await analysed(platform), await analysed(platform)
    before = await leaving.mentioned()
    assert {"efforts", "rank_tables", "rank_versions", "analysed_activities", "jobs"} <= before.keys()
    others = await staying.mentioned(), await staying.given(), await platform.times(staying.person)
    deleted = await leaving.erase()
    assert {name: count for name, count in deleted.tables.items() if count} == before
    assert await leaving.mentioned() == {}
    assert (await leaving.tally()).total == 0
    assert (await staying.mentioned(), await staying.given(), await platform.times(staying.person)) == others


async def test_an_export_holds_the_efforts_of_the_person_alone(platform: Platform) -> None:
    mine, _ = await analysed(platform), await analysed(platform)
    given = await mine.given()
    assert set(given) == {"efforts.json", "efforts.csv"}
    efforts = json.loads(given["efforts.json"])
    assert {row["athlete_id"] for row in efforts} == {str(mine.person)}
    [best] = await platform.times(mine.person)
    assert [row["time"] for row in efforts if row["distance"] == "1km"] == [best]
    assert len(given["efforts.csv"].splitlines()) == len(efforts) + 1
