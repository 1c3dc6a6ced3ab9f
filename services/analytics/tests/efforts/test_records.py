from datetime import timedelta
from typing import Any
from uuid import UUID

from analytics_support import Platform
from sqlalchemy import text

from contracts.testing.activity_store import START, run


async def announced(platform: Platform, distance: str = "1km") -> list[tuple[float, float | None]]:
    """Records told so far over the distance: time and the time it beat."""
    await platform.settle()
    answer = await platform.client.get(
        "/internal/events", headers={"Authorization": f"Bearer {platform.mint.service_token('trainer')}"}
    )
    events: list[dict[str, Any]] = answer.json()["items"]
    assert {event["type"] for event in events} <= {"record.set.v1"}
    records = [event["payload"] for event in events if event["payload"]["distance"] == distance]
    return [(record["time"], record["previous_time"]) for record in records]


async def test_a_first_effort_and_each_better_one_set_records_and_others_do_not(platform: Platform, ana: UUID) -> None:
    for speed in (4, 3, 5, 4.5):
        platform.strava.create(run(ana, speed=speed))
        await platform.settle()
    assert await announced(platform) == [(250.0, None), (200.0, 250.0)]


async def test_an_equal_time_is_a_record_only_for_who_ran_it_earlier(platform: Platform, ana: UUID) -> None:
    for days in (5, 6, 4):
        platform.strava.create(run(ana, start=START + timedelta(days=days)))
        await platform.settle()
    assert await announced(platform) == [(250.0, None), (250.0, 250.0)]


async def test_a_record_that_grows_better_is_told_with_the_time_it_had(platform: Platform, ana: UUID) -> None:
    first = platform.strava.create(run(ana, speed=4)).activity
    await platform.settle()
    platform.strava.update(run(ana, speed=5, activity_id=first.id, version=2), "streams")
    await platform.settle()
    platform.strava.update(run(ana, speed=4.5, activity_id=first.id, version=3), "streams")
    assert await announced(platform) == [(250.0, None), (200.0, 250.0)]


async def test_whoever_moves_up_by_a_deletion_sets_no_record(platform: Platform, ana: UUID) -> None:
    fast = platform.strava.create(run(ana, speed=5)).activity
    await platform.settle()
    platform.strava.create(run(ana, speed=4))
    await platform.settle()
    platform.strava.delete(fast)
    assert await announced(platform) == [(200.0, None)]
    assert await platform.times(ana) == [250.0]


async def test_a_record_is_found_under_the_request_that_brought_the_activity(platform: Platform, ana: UUID) -> None:
    platform.strava.create(run(ana))
    await platform.settle()
    async with platform.database.transaction() as session:
        ids = set(await session.scalars(text("SELECT req_id FROM outbox UNION SELECT req_id FROM jobs")))
    assert ids == {"request-of-strava"}
