from typing import Any

from emulated import Emulated, Runner
from sqlalchemy import update

from common.resources import Resources
from common.testing.wait import eventually
from strava.models import Recording


async def counts(operator: Any, runner: Runner) -> tuple[int, int, int]:
    items = (await operator.request("GET", "/sync-streams")).json()["items"]
    mine = next((each for each in items if each["athlete_id"] == str(runner.here.id)), None)
    return (mine["with_streams"], mine["lacking"], mine["without"]) if mine else (0, 0, 0)


async def test_what_lacks_samples_gets_them_and_what_cannot_have_any_is_left(
    runner: Runner, operator: Any, emulated: Emulated, resources: Resources
) -> None:
    await emulated.control("PUT", "/faults", json={"streams_late_s": 3600})
    late = await runner.runs(name="Late")
    await runner.sees(late)
    manual = await runner.runs(name="By hand", manual=True, start_date="2026-10-05T08:00:00Z")
    await runner.sees(manual)
    assert await counts(operator, runner) == (0, 1, 1)
    await emulated.control("PUT", "/faults", json={})
    async with resources.database.transaction() as session:  # the tries that follow by themselves are over
        await session.execute(update(Recording).values(streamless="late").where(Recording.strava_id == late))
    queued = (await operator.request("POST", "/sync-streams", 202, json={"athlete_id": str(runner.here.id)})).json()
    assert [job["kind"] for job in queued["jobs"]] == ["sync-streams"]

    async def there() -> bool:
        return await counts(operator, runner) == (1, 0, 1)

    await eventually(there, within=15, what="the samples")
