"""What was told of an activity several times before it was asked for is answered by one fetch."""

import time
from typing import Any

from emulated import Emulated, Runner
from looking import Outcomes
from sqlalchemy import select

from common.resources import Resources
from common.testing.wait import eventually
from strava.models import WebhookEvent
from strava.webhooks import repository
from strava.webhooks.schemas import StravaEvent

Told = dict[str, str | None]


async def wait_in_the_inbox(
    resources: Resources, runner: Runner, emulated: Emulated, events: list[dict[str, Any]]
) -> None:
    """Events that came and whose own jobs did not begin."""
    subscription = (await emulated.control("GET", "/state"))["subscription"]["id"]
    common = {"object_type": "activity", "owner_id": runner.strava_id, "subscription_id": subscription}
    async with resources.database.transaction() as session:
        for number, event in enumerate(events):
            when = int(time.time()) - 100 + number
            assert await repository.add(session, StravaEvent.model_validate(common | {"event_time": when} | event))


async def told(resources: Resources) -> Told:
    async with resources.database.reading() as session:
        rows = await session.execute(select(WebhookEvent.updates, WebhookEvent.outcome))
        return {str(updates.get("title")): outcome for updates, outcome in rows}


async def test_one_fetch_answers_what_was_told_before_it_but_no_deletion_and_no_other_activity(
    runner: Runner, emulated: Emulated, outcomes: Outcomes, resources: Resources
) -> None:
    strava_id = await runner.runs()
    await runner.sees(strava_id)
    await outcomes(1)
    waiting = [
        {"object_id": strava_id, "aspect_type": "create", "updates": {"title": "again"}},
        {"object_id": strava_id, "aspect_type": "update", "updates": {"title": "one"}},
        {"object_id": strava_id, "aspect_type": "update", "updates": {"title": "two"}},
        {"object_id": strava_id, "aspect_type": "delete", "updates": {"title": "deletion"}},
        {"object_id": strava_id + 1, "aspect_type": "update", "updates": {"title": "another"}},
    ]
    await wait_in_the_inbox(resources, runner, emulated, waiting)
    await runner.tells(strava_id, "update", updates={"title": "three"})

    async def settled() -> Told:
        found = await told(resources)
        return found if found.get("three") else {}

    found = await eventually(settled, within=15)
    assert {name: found[name] for name in ("again", "one", "two", "three")} == dict.fromkeys(
        ("again", "one", "two", "three"), "unchanged"
    )
    assert (found["deletion"], found["another"]) == (None, None)


async def test_a_fetch_answers_nothing_that_was_told_after_it_began(
    runner: Runner, emulated: Emulated, outcomes: Outcomes, resources: Resources
) -> None:
    strava_id = await runner.runs()
    await runner.sees(strava_id)
    await outcomes(1)
    async with resources.database.reading() as session:
        event = await session.scalar(select(WebhookEvent))
    assert event is not None
    later = [{"object_id": strava_id, "aspect_type": "update", "updates": {"title": "later"}}]
    await wait_in_the_inbox(resources, runner, emulated, later)
    async with resources.database.transaction() as session:
        assert await repository.settle_told_before(session, event, event.received_at, "") == 0
    assert (await told(resources))["later"] is None
