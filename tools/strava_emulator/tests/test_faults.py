import time

import pytest
from emulator_support import App, errors


async def statuses(app: App, path: str, count: int) -> list[int]:
    return [(await app.http.get(path)).status_code for _ in range(count)]


@pytest.fixture
async def signed_in(app: App) -> App:
    await app.sign_in()
    return app


async def test_a_new_activity_is_not_there_at_first(signed_in: App) -> None:
    await signed_in.control("PUT", "/faults", {"not_found_after_create_s": 20})
    made = await signed_in.add()
    assert errors(await signed_in.http.get(f"/activities/{made['id']}"))[:2] == (404, "Record Not Found")
    assert made["id"] not in [each["id"] for each in await signed_in.get("/athlete/activities")]
    signed_in.clock.now += 20
    assert (await signed_in.get(f"/activities/{made['id']}"))["id"] == made["id"]


async def test_streams_come_late(signed_in: App) -> None:
    await signed_in.control("PUT", "/faults", {"streams_late_s": 20})
    made = await signed_in.add()
    path = f"/activities/{made['id']}"
    assert (await signed_in.get(path))["id"] == made["id"]
    assert errors(await signed_in.http.get(f"{path}/streams?keys=time")) == (404, "Resource Not Found", [])
    signed_in.clock.now += 20
    assert (await signed_in.http.get(f"{path}/streams?keys=time")).status_code == 200


@pytest.mark.parametrize("status", [404, 429, 500, 503])
async def test_the_next_calls_fail_and_then_no_more(signed_in: App, status: int) -> None:
    await signed_in.control("PUT", "/faults", {"status": status, "calls": 2})
    assert await statuses(signed_in, "/athlete", 4) == [status, status, 200, 200]
    assert (await signed_in.control("GET", "/faults"))["calls_left"] == 0


async def test_a_share_of_calls_fails_evenly_and_only_where_asked(signed_in: App) -> None:
    await signed_in.control("PUT", "/faults", {"status": 503, "share": 0.25, "paths": ["/athlete/"]})
    assert await statuses(signed_in, "/athlete/activities", 8) == [200, 200, 200, 503] * 2
    assert await statuses(signed_in, "/athlete", 3) == [200] * 3
    await signed_in.control("PUT", "/faults", {})
    assert await statuses(signed_in, "/athlete/activities", 4) == [200] * 4


async def test_an_answer_can_be_delayed(signed_in: App) -> None:
    await signed_in.control("PUT", "/faults", {"delay_s": 0.6})
    started = time.monotonic()
    await signed_in.get("/athlete")
    assert time.monotonic() - started >= 0.6
    started = time.monotonic()
    await signed_in.control("GET", "/state")
    assert time.monotonic() - started < 0.6


async def test_an_inactive_application_is_refused_everywhere(signed_in: App) -> None:
    await signed_in.control("PUT", "/faults", {"inactive_application": True})
    inactive = (403, "Forbidden", [("Application", "Status", "Inactive")])
    assert errors(await signed_in.http.get("/api/v3/athlete")) == inactive
    assert errors(await signed_in.token(refresh_token="any", grant_type="refresh_token")) == inactive


async def test_tokens_are_dead_while_revoked(app: App) -> None:
    tokens = await app.sign_in()
    await app.control("PUT", "/faults", {"revoke_tokens": True})
    assert errors(await app.http.get("/athlete"))[0] == 401
    refreshed = await app.token(refresh_token=tokens["refresh_token"], grant_type="refresh_token")
    assert errors(refreshed)[2] == [("RefreshToken", "refresh_token", "invalid")]
    await app.control("PUT", "/faults", {})
    assert await statuses(app, "/athlete", 1) == [200]


async def test_tokens_expire_on_demand(app: App) -> None:
    tokens = await app.sign_in()
    await app.control("PUT", f"/athletes/{app.athlete_id}/tokens", {"expires_in": -1})
    assert errors(await app.http.get("/athlete"))[0] == 401
    renewed = (await app.token(refresh_token=tokens["refresh_token"], grant_type="refresh_token")).json()
    assert renewed["access_token"] != tokens["access_token"]


async def test_an_unknown_fault_is_named(app: App) -> None:
    answer = await app.http.put("/emulator/faults", json={"statuss": 500})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][-1] == "statuss"


async def test_one_athlete_too_many_cannot_authorise(app: App) -> None:
    await app.sign_in()
    await app.control("PUT", "/faults", {"most_athletes": 1})
    second = await app.token(code=await app.code(athlete_id=3_000_000_002), grant_type="authorization_code")
    assert errors(second) == (403, "Forbidden", [("Application", "connected athletes", "exceeded")])
    again = await app.token(code=await app.code(), grant_type="authorization_code")
    assert again.status_code == 200


async def test_a_call_can_be_worked_and_its_answer_lost(signed_in: App) -> None:
    await signed_in.control("PUT", "/faults", {"lost_answers": 1, "paths": ["/activities"]})
    made = {"name": "Gym", "sport_type": "Workout", "start_date_local": "2026-11-18T07:00:00Z", "elapsed_time": 60}
    assert (await signed_in.http.post("/activities", data=made)).status_code == 504
    assert (await signed_in.http.post("/activities", data=made)).status_code == 409


async def test_calls_are_counted_by_method_and_path_refused_ones_too(signed_in: App) -> None:
    before = (await signed_in.control("GET", "/state"))["calls"]
    made = await signed_in.add()
    await statuses(signed_in, f"/activities/{made['id']}", 2)
    await signed_in.control("PUT", "/faults", {"status": 503})
    await statuses(signed_in, "/api/v3/athlete", 3)
    after = (await signed_in.control("GET", "/state"))["calls"]
    assert {path: count - before.get(path, 0) for path, count in after.items() if count != before.get(path)} == {
        "GET /activities/*": 2,
        "GET /athlete": 3,
    }
