import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from emulated import Emulated, Runner
from sending import at_strava, imported, sent
from sqlalchemy import text

from common.resources import Resources
from common.testing.wait import eventually

GYM = {"name": "Gym", "sport": "WeightTraining", "start_time": "2026-11-18T18:00:00+10:30", "elapsed_time": 2700}
CREATE = ["/activities"]


async def test_an_entry_by_hand_is_made_and_comes_over(sender: Runner) -> None:
    push = await sent(sender, "manual", **GYM, description="strong")
    assert (push["kind"], push["state"], push["activity_id"]) == ("manual", "done", None)
    [there] = await at_strava(sender)
    assert (there["manual"], there["start_date_local"], there["elapsed_time"]) == (True, "2026-11-18T18:00:00Z", 2700)
    activity = await sender.sees(int(push["strava_id"]))
    assert (activity["name"], activity["sport"]) == ("Gym", "WeightTraining")


async def test_an_activity_here_comes_back_as_itself(sender: Runner) -> None:
    activity_id = await imported(sender, name="By hand")
    push = await sent(sender, "manual", activity_id=activity_id)
    assert push["state"] == "done"
    assert (await sender.sees(int(push["strava_id"])))["id"] == activity_id
    assert len((await sender.here.get("/activities"))["items"]) == 1


async def test_an_overlap_is_told_and_nothing_is_made(sender: Runner) -> None:
    await sent(sender, "manual", **GYM)
    push = await sent(sender, "manual", **GYM | {"name": "Twice", "start_time": "2026-11-18T18:30:00+10:30"})
    assert (push["state"], push["reason"]) == ("overlap", "Strava has an activity at that time.")
    assert len(await at_strava(sender)) == 1


async def states_of(runner: Runner, push_id: str) -> str:
    return str((await runner.here.get(f"/strava/uploads/{push_id}"))["state"])


async def test_an_entry_whose_answer_was_lost_is_found_and_not_made_twice(sender: Runner, emulated: Emulated) -> None:
    await emulated.control("PUT", "/faults", json={"lost_answers": 1, "paths": CREATE})
    push = await sent(sender, "manual", **GYM)
    [there] = await at_strava(sender)
    assert (push["state"], push["strava_id"]) == ("done", str(there["id"]))


async def test_an_entry_that_never_got_there_is_not_sent_again_by_itself(
    sender: Runner, emulated: Emulated, resources: Resources
) -> None:
    await emulated.control("PUT", "/faults", json={"status": 504, "calls": 1, "paths": CREATE})
    response = await sender.here.request("POST", "/strava/manual", json=GYM)
    push_id = response.json()["id"]

    async def failed() -> bool:
        await resources.waker.wake("strava")
        return await states_of(sender, push_id) == "failed"

    await eventually(failed, within=20, what="the end of looking")
    assert await at_strava(sender) == []
    assert "never got there" in (await sender.here.get(f"/strava/uploads/{push_id}"))["reason"]
    assert (await sent(sender, "manual", **GYM))["state"] == "done"


async def test_a_worker_that_died_while_sending_leaves_it_to_strava_to_tell(
    sender: Runner, emulated: Emulated, resources: Resources
) -> None:
    """The row says that it may have been sent: whoever goes on looks first."""
    await emulated.control("PUT", "/faults", json={"inactive_application": True})
    response = await sender.here.request("POST", "/strava/manual", json=GYM)
    push_id = response.json()["id"]

    async def waits() -> bool:
        async with resources.database.reading() as session:
            return bool(await session.scalar(text("SELECT reason FROM jobs WHERE kind = 'strava-push'")))

    await eventually(waits, within=15, what="the first try")
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE pushes SET state = 'sending', sent_at = now()"))
        await session.execute(text("UPDATE jobs SET run_after = now() WHERE kind = 'strava-push'"))
    await emulated.control("PUT", "/faults", json={})

    async def failed() -> bool:
        await resources.waker.wake("strava")
        async with resources.database.transaction() as session:
            await session.execute(text("UPDATE jobs SET run_after = now() WHERE state = 'queued'"))
        return await states_of(sender, push_id) == "failed"

    await eventually(failed, within=20, what="the end of looking")
    assert await at_strava(sender) == []


async def test_a_full_limit_delays_an_entry(sender: Runner, emulated: Emulated, resources: Resources) -> None:
    await emulated.control("PUT", "/limits", json={"overall": [200, 2000], "overall_usage": [200, 200]})
    response = await sender.here.request("POST", "/strava/manual", json=GYM)
    push_id = response.json()["id"]

    async def waits() -> bool:
        async with resources.database.reading() as session:
            told = await session.scalar(text("SELECT reason FROM jobs WHERE kind = 'strava-push' AND state = 'queued'"))
        return "rate limit" in (told or "")

    await eventually(waits, within=15, what="the wait")
    assert await states_of(sender, push_id) == "queued"
    await emulated.reset()
    await resources.redis.flushdb()
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE jobs SET run_after = now() WHERE kind = 'strava-push'"))

    async def done() -> bool:
        await resources.waker.wake("strava")
        return await states_of(sender, push_id) == "done"

    await eventually(done, within=15, what="the entry")
    assert len(await at_strava(sender)) == 1


@pytest.mark.parametrize("fault", [{"inactive_application": True}, {"status": 503, "paths": ["/oauth/token"]}])
async def test_what_was_not_sent_is_sent_later(
    sender: Runner, emulated: Emulated, resources: Resources, fault: dict[str, Any]
) -> None:
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE strava_tokens SET expires_at = now()"))
    await emulated.control("PUT", "/faults", json=fault)
    response = await sender.here.request("POST", "/strava/manual", json=GYM)
    push_id = response.json()["id"]

    async def tried() -> bool:
        async with resources.database.reading() as session:
            return bool(await session.scalar(text("SELECT reason FROM jobs WHERE kind = 'strava-push'")))

    await eventually(tried, within=20, what="the first try")
    assert await states_of(sender, push_id) == "queued"
    await emulated.control("PUT", "/faults", json={})

    async def done() -> bool:
        async with resources.database.transaction() as session:
            await session.execute(text("UPDATE jobs SET run_after = now() WHERE state = 'queued'"))
        await resources.waker.wake("strava")
        return await states_of(sender, push_id) == "done"

    await eventually(done, within=20, what="the entry")
    assert len(await at_strava(sender)) == 1


async def test_what_is_not_over_is_refused(sender: Runner) -> None:
    now = datetime.now(UTC)
    for start in (now + timedelta(hours=1), now - timedelta(minutes=10), "9999-12-31T23:59:59-14:00"):
        told = start if isinstance(start, str) else start.isoformat()
        response = await sender.here.request("POST", "/strava/manual", json=GYM | {"start_time": told})
        assert (response.status_code, response.json()["code"]) == (422, "strava.not_completed"), told


WRONG: list[dict[str, Any]] = [
    {},
    {"name": "Gym"},
    GYM | {"activity_id": "018f0000-0000-7000-8000-000000000001"},
    GYM | {"elapsed_time": 0},
    GYM | {"start_time": "2026-11-18T18:00:00"},
    GYM | {"sport": "Flying"},
    GYM | {"name": "a\x00b"},
    GYM | {"distance": 1e400},
]


async def test_what_says_too_little_or_too_much_is_refused(sender: Runner) -> None:
    for body in WRONG:
        content = json.dumps(body).replace("Infinity", "1e400").encode()
        response = await sender.here.request(
            "POST", "/strava/manual", content=content, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 422, body


async def test_the_first_of_all_years_does_no_harm(sender: Runner) -> None:
    push = await sent(sender, "manual", **GYM | {"start_time": "0001-01-01T00:00:00+14:00"})
    assert push["state"] == "failed"
