from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from emulated import Emulated, Runner
from looking import published
from sqlalchemy import update

from common.resources import Resources
from common.testing.plugin import Environment
from common.testing.wait import eventually
from strava.models import SubscriptionView
from strava.remote.remote import Remote
from strava.webhooks.subscription import ensure_subscription, remember

VIEWS_AN_HOUR = 360
PAUSE = timedelta(seconds=10)


async def pass_time(resources: Resources, passed: timedelta) -> None:
    async with resources.database.transaction() as session:
        await session.execute(update(SubscriptionView).values(checked_at=SubscriptionView.checked_at - passed))


async def test_the_subscription_is_shown_without_its_secret(
    runner: Runner, operator: Any, strava_environment: Environment
) -> None:
    shown = (await operator.request("GET", "/webhooks")).json()
    [only] = shown["items"]
    assert (shown["state"], only["ours"]) == ("active", True)
    assert only["callback_url"] == f"{strava_environment['PUBLIC_URL']}/api/v1/strava/webhook/..."


async def test_for_five_minutes_strava_is_not_asked_again(runner: Runner, operator: Any, emulated: Emulated) -> None:
    first = (await operator.request("GET", "/webhooks")).json()
    await emulated.control("PUT", "/faults", json={"status": 503, "paths": ["/push_subscriptions"]})
    again = (await operator.request("GET", "/webhooks")).json()
    assert again == {**first, "cached": True}
    assert (await operator.request("GET", "/webhooks?refresh=true", 503)).json()["code"]


async def test_an_hour_of_page_views_asks_strava_rarely(
    runner: Runner, operator: Any, resources: Resources, emulated: Emulated
) -> None:
    before, fresh = await calls(emulated), 0
    for _ in range(VIEWS_AN_HOUR):
        fresh += not (await operator.request("GET", "/webhooks")).json()["cached"]
        await pass_time(resources, PAUSE)
    asked = await calls(emulated) - before
    assert 0 < asked <= VIEWS_AN_HOUR * 0.05
    assert fresh == asked
    await operator.request("GET", "/webhooks?refresh=true")
    assert await calls(emulated) == before + asked + 1


async def calls(emulated: Emulated) -> int:
    """How often Strava was asked for the subscription."""
    return int((await emulated.control("GET", "/state"))["calls"]["GET /push_subscriptions"])


async def test_deleting_and_making_it_is_seen_at_once_and_audited(
    runner: Runner, operator: Any, resources: Resources
) -> None:
    [before] = (await operator.request("GET", "/webhooks")).json()["items"]
    assert (await operator.request("POST", "/webhooks", 409)).json()["code"] == "webhook.subscribed"
    await operator.request("DELETE", f"/webhooks/{before['id']}", 204)
    gone = (await operator.request("GET", "/webhooks")).json()
    assert (gone["items"], gone["state"], gone["cached"]) == ([], "off", True)
    await ensure_subscription(resources)  # what an administrator has deleted does not come back by itself
    assert (await operator.request("GET", "/webhooks?refresh=true")).json()["items"] == []
    [made] = (await operator.request("POST", "/webhooks", 201)).json()["items"]
    shown = (await operator.request("GET", "/webhooks")).json()
    assert (shown["items"], shown["state"], shown["cached"]) == ([made], "active", True)
    told = [each for each in await published(resources, "audit.recorded.v1") if each["action"].startswith("webhook.")]
    assert [(each["action"], each["actor"]) for each in told] == [
        ("webhook.deleted", operator.id),
        ("webhook.created", operator.id),
    ]


async def test_what_a_worker_makes_and_deletes_is_seen_at_once(
    runner: Runner, operator: Any, resources: Resources
) -> None:
    assert len((await operator.request("GET", "/webhooks")).json()["items"]) == 1
    await runner.here.request("DELETE", "/strava/disconnect")

    async def left() -> Any:
        shown = (await operator.request("GET", "/webhooks")).json()
        return shown if shown["state"] == "idle" else None

    gone = await eventually(left, within=15, what="the end of the subscription")
    assert (gone["items"], gone["cached"]) == ([], True)
    assert (await runner.connect()).status_code == 200
    await ensure_subscription(resources)
    again = (await operator.request("GET", "/webhooks")).json()
    assert (len(again["items"]), again["state"], again["cached"]) == (1, "active", True)


async def test_an_answer_that_was_asked_for_earlier_replaces_nothing(
    runner: Runner, operator: Any, resources: Resources
) -> None:
    [before] = (await operator.request("GET", "/webhooks?refresh=true")).json()["items"]
    remote = Remote.of(resources)
    found, asked_at = await remote.push.view(), datetime.now(UTC)
    await operator.request("DELETE", f"/webhooks/{before['id']}", 204)
    async with resources.database.transaction() as session:
        await remember(session, remote, found, asked_at)
    assert (await operator.request("GET", "/webhooks")).json()["items"] == []


async def test_an_unknown_subscription_is_not_there(runner: Runner, operator: Any) -> None:
    assert (await operator.request("DELETE", "/webhooks/999999", 404)).json()["code"] == "webhook.not_found"


@pytest.mark.parametrize("path", ["/webhooks", "/activity-jobs", "/sync-streams"])
async def test_who_is_no_administrator_sees_nothing(path: str, nobody_else: Any) -> None:
    assert await nobody_else("GET", path) == 403


async def test_the_subscription_goes_with_the_last_athlete_and_comes_with_the_next(
    runner: Runner, operator: Any, resources: Resources
) -> None:
    await runner.here.request("DELETE", "/strava/disconnect")

    async def left() -> bool:
        shown = (await operator.request("GET", "/webhooks?refresh=true")).json()
        return bool(shown["items"] == [] and shown["state"] == "idle")

    await eventually(left, within=15, what="the end of the subscription")
    assert (await runner.connect()).status_code == 200
    await ensure_subscription(resources)
    assert (await runner.status())["webhook"]["state"] == "active"
