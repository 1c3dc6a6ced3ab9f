import time

import pytest
from emulator_support import ALL, CLIENT, App, Callback, errors, eventually

NOT_VERIFIABLE = (400, "Bad Request", [("PushSubscription", "callback url", "not verifiable")])


async def test_a_callback_is_verified_while_the_call_is_open(app: App, callback: Callback) -> None:
    answer = await app.subscribe(callback.url)
    assert answer.status_code == 201
    made = answer.json()
    assert set(made) == {"id", "resource_state", "application_id", "callback_url", "created_at", "updated_at"}
    assert (made["application_id"], made["callback_url"]) == (1, callback.url)
    asked = callback.challenges[0]
    assert (asked["hub.mode"], asked["hub.verify_token"]) == ("subscribe", "the-token")
    viewed = await app.http.get("/api/v3/push_subscriptions", params=CLIENT)
    assert viewed.json() == [made]


async def test_one_subscription_is_all_an_app_gets(app: App, callback: Callback) -> None:
    made = (await app.subscribe(callback.url)).json()
    second = await app.subscribe(callback.url)
    assert errors(second) == (400, "Bad Request", [("PushSubscription", "", "already exists")])
    gone = await app.http.delete(f"/api/v3/push_subscriptions/{made['id']}", params=CLIENT)
    assert gone.status_code == 204
    assert (await app.http.get("/api/v3/push_subscriptions", params=CLIENT)).json() == []
    assert (await app.http.delete(f"/push_subscriptions/{made['id']}", params=CLIENT)).status_code == 404
    again = (await app.subscribe(callback.url)).json()
    assert again["id"] != made["id"]


async def test_a_callback_that_does_not_repeat_the_challenge_is_refused(app: App, callback: Callback) -> None:
    callback.challenge = "something else"
    assert errors(await app.subscribe(callback.url)) == NOT_VERIFIABLE


async def test_a_callback_that_answers_late_fails_or_is_not_there_is_refused(app: App, callback: Callback) -> None:
    callback.answers = [None, 500, 404]
    for _ in range(3):
        assert errors(await app.subscribe(callback.url)) == NOT_VERIFIABLE
    for address in ("http://127.0.0.1:1/x", "ftp://example.org/x", "callback", "http://[::1/x", ""):
        assert errors(await app.subscribe(address)) == NOT_VERIFIABLE


async def test_subscriptions_want_the_client(app: App, callback: Callback) -> None:
    answer = await app.http.post("/push_subscriptions", data={"client_id": "1", "callback_url": callback.url})
    assert errors(answer) == (400, "Bad Request", [("Application", "client_id", "invalid")])


async def test_a_bearer_header_does_not_disturb(app: App, callback: Callback) -> None:
    await app.sign_in()
    assert (await app.subscribe(callback.url)).status_code == 201


async def test_a_new_activity_is_told_once(app: App, callback: Callback) -> None:
    subscription = (await app.subscribe(callback.url)).json()
    await app.sign_in()
    made = await app.add(name="Evening miles")
    await eventually(lambda: callback.events)
    assert callback.events == [
        {
            "aspect_type": "create",
            "event_time": int(app.clock.now),
            "object_id": made["id"],
            "object_type": "activity",
            "owner_id": app.athlete_id,
            "subscription_id": subscription["id"],
            "updates": {},
        }
    ]
    assert made["id"] > 2**31


async def test_changes_and_the_end_of_an_activity_are_told(app: App, callback: Callback) -> None:
    await app.subscribe(callback.url)
    await app.sign_in()
    made = await app.add()
    await app.control("PATCH", f"/activities/{made['id']}", {"name": "New", "sport_type": "Walk", "private": True})
    await app.control("DELETE", f"/activities/{made['id']}")
    await eventually(lambda: len(callback.events) == 3)
    by_aspect = {event["aspect_type"]: event for event in callback.events}
    assert by_aspect["update"]["updates"] == {"title": "New", "type": "Walk", "private": "true"}
    assert by_aspect["delete"]["object_id"] == made["id"]
    assert (await app.http.get(f"/activities/{made['id']}")).status_code == 404


async def test_athletes_who_did_not_authorise_are_not_spoken_of(app: App, callback: Callback) -> None:
    await app.subscribe(callback.url)
    await app.add()
    await app.sign_in("read,activity:read")
    await app.add(private=True)
    seen = await app.add(name="public")
    await eventually(lambda: callback.events)
    await _done(app)
    assert [event["object_id"] for event in callback.events] == [seen["id"]]


async def test_a_slow_callback_is_tried_three_times_with_a_timeout_each(app: App, callback: Callback) -> None:
    await app.subscribe(callback.url)
    await app.sign_in(ALL)
    callback.answers = [None, None, 200]
    started = time.monotonic()
    await app.add()
    await eventually(lambda: len(callback.events) == 3)
    assert time.monotonic() - started >= 0.6
    assert callback.events[0] == callback.events[1] == callback.events[2]
    await _done(app)
    assert (await app.control("GET", "/webhooks"))[-1]["attempts"] == [504, 504, 200]


async def _done(app: App) -> None:
    async def idle() -> bool:
        return bool((await app.control("GET", "/state"))["in_background"] == 0)

    deadline = time.monotonic() + 10
    while not await idle():
        assert time.monotonic() < deadline


async def test_it_gives_up_after_three_attempts(app: App, callback: Callback) -> None:
    await app.subscribe(callback.url)
    await app.sign_in()
    callback.answers = [500, 404, 503, 200]
    await app.add()
    await _done(app)
    assert len(callback.events) == 3
    (delivery,) = await app.control("GET", "/webhooks")
    assert delivery["delivered"] is False


async def test_events_by_hand_doubled_out_of_order_and_of_nobody(app: App, callback: Callback) -> None:
    await app.subscribe(callback.url)
    await app.control("POST", "/webhooks", {"object_id": 7, "owner_id": 999, "times": 2})
    await eventually(lambda: len(callback.events) == 2)
    assert callback.events[0] == callback.events[1]
    backwards = [
        {"object_id": 8, "owner_id": 999, "aspect_type": aspect, "event_time": at, "subscription_id": 5}
        for aspect, at in (("delete", 20), ("create", 10))
    ]
    await app.control("POST", "/webhooks", {"events": backwards})
    await eventually(lambda: len(callback.events) == 4)
    assert {(event["aspect_type"], event["event_time"], event["subscription_id"]) for event in callback.events[2:]} == {
        ("delete", 20, 5),
        ("create", 10, 5),
    }


async def test_an_event_without_a_subscription_is_refused(app: App) -> None:
    answer = await app.http.post("/emulator/webhooks", json={"object_id": 7, "owner_id": 9})
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("fault", "count"),
    [({"duplicate_webhooks": True}, 2), ({"webhook_times": 3}, 3), ({"drop_webhooks": True}, 0)],
)
async def test_webhooks_double_or_get_lost_on_demand(
    app: App, callback: Callback, fault: dict[str, bool], count: int
) -> None:
    await app.subscribe(callback.url)
    await app.sign_in()
    await app.control("PUT", "/faults", fault)
    await app.add()
    await _done(app)
    assert len(callback.events) == count


async def test_taking_access_back_is_told_unless_asked_not_to(app: App, callback: Callback) -> None:
    await app.subscribe(callback.url)
    await app.sign_in()
    await app.control("POST", f"/athletes/{app.athlete_id}/revoke", {"tell": False})
    assert (await app.http.get("/athlete")).status_code == 401
    await app.sign_in()
    await app.control("POST", f"/athletes/{app.athlete_id}/revoke")
    await eventually(lambda: callback.events)
    assert [event["updates"] for event in callback.events] == [{"authorized": "false"}]


async def test_webhooks_come_out_of_order_on_demand(app: App, callback: Callback) -> None:
    await app.subscribe(callback.url)
    await app.sign_in()
    await app.control("PUT", "/faults", {"shuffle_webhooks_s": 0.5})
    told = [(await app.add())["id"] for _ in range(8)]
    await eventually(lambda: len(callback.events) == 8)
    came = [event["object_id"] for event in callback.events]
    assert came != told
    assert sorted(came) == told
