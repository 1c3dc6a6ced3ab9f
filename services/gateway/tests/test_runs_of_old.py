import uuid
from typing import Any
from urllib.parse import parse_qs

from gateway_doubles import Builder, Echo, read_body, seen_in, send_json
from starlette.types import Receive, Scope, Send

from common.testing.ports import free_port
from gateway.composed import runs


def activity(number: int, **values: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.UUID(int=number)),
        "name": f"Run {number}",
        "sport": "Run",
        "start_time": "2026-11-01T05:30:00Z",
        "start_time_local": "2026-11-01T07:30:00+02:00",
        "distance": 10_000.0,
        "moving_time": 3000.0,
        "elevation_gain": 55.5,
        "average_heartrate": None,
        "calories": 700.0,
        "fastest_pace": 280.0,
        "strava_id": "12345678901234567",
    } | values


class Activities(Echo):
    """A list of activities in pages of ten."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        super().__init__("strava")
        self.items = items
        self.refused: dict[str, Any] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(seen_in(scope, await read_body(receive)))
        if self.refused:
            await send_json(send, self.refused, self.refused["status"])
            return
        query = parse_qs(scope["query_string"].decode())
        start = int(query.get("cursor", ["0"])[0])
        more = str(start + 10) if start + 10 < len(self.items) else None
        await send_json(send, {"items": self.items[start : start + 10], "next_cursor": more})


async def test_runs_are_shown_as_clients_of_old_know_them(builder: Builder) -> None:
    sports = {7: "Ride", 8: "TrailRun", 9: "VirtualRun"}
    items = [activity(number, sport=sports.get(number, "Run")) for number in range(25)]
    items[3], items[4] = activity(3, distance=0.0), activity(4, distance=4921.06)
    strava = Activities(items)
    platform = await builder.gateway(strava=strava)
    headers = platform.bearer
    answer = await platform.client.get("/api/runs", headers=headers)
    shown = answer.json()
    assert len(shown) == 24
    assert shown[0] == {
        "id": str(uuid.UUID(int=0)),
        "stravaId": "12345678901234567",
        "name": "Run 0",
        "date": "2026-11-01T07:30:00+02:00",
        "distanceKm": 10.0,
        "durationSec": 3000.0,
        "paceSecPerKm": 300.0,
        "fastestPaceSecPerKm": 280.0,
        "elevationGainM": 55.5,
        "avgHr": None,
        "calories": 700.0,
    }
    assert shown[3]["paceSecPerKm"] is None
    assert (shown[4]["distanceKm"], shown[4]["paceSecPerKm"]) == (4.92106, 609.625)
    assert answer.headers["deprecation"].startswith("@")
    assert "sunset" not in answer.headers
    assert len(strava.seen) == 3
    assert {seen.header("authorization") for seen in strava.seen} == {headers["Authorization"]}
    again = await platform.client.get("/api/runs", headers=headers | {"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.headers["etag"]) == (304, answer.headers["etag"])
    thin = await platform.client.get("/api/runs?fields=id,avgHr", headers=headers)
    assert thin.json()[0] == {"id": str(uuid.UUID(int=0)), "avgHr": None}


async def test_only_the_unversioned_get_is_the_view_of_old(builder: Builder) -> None:
    trainer = Echo("trainer")
    platform = await builder.gateway(strava=Activities([]), trainer=trainer)
    assert (await platform.get("/api/runs")).json() == []
    assert (await platform.get("/api/v1/runs")).json()["service"] == "trainer"
    posted = await platform.client.post("/api/runs", headers=platform.bearer, json={})
    assert posted.json() == {"service": "trainer", "target": "/api/v1/runs", "length": 2}
    assert "deprecation" not in posted.headers
    assert (await platform.client.get("/api/runs")).status_code == 401


async def test_more_runs_than_the_view_can_show_are_a_413_and_not_cut(builder: Builder) -> None:
    platform = await builder.gateway(strava=Activities([activity(1)] * (runs.MOST_PAGES * 10 + 1)))
    answer = await platform.get("/api/runs")
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")
    assert "/api/v1/activities" in answer.json()["next_steps"]


async def test_what_the_service_refuses_is_refused_here(builder: Builder) -> None:
    strava = Activities([])
    strava.refused = {"status": 403, "code": "auth.scope_required", "detail": "Not this.", "next_steps": "Do that."}
    answer = await (await builder.gateway(strava=strava)).get("/api/runs")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "auth.scope_required")
    assert (problem["detail"], problem["next_steps"]) == ("Not this.", "Do that.")


async def test_without_the_service_the_view_is_a_problem_that_may_be_tried_again(builder: Builder) -> None:
    platform = await builder.gateway(strava_url=f"http://127.0.0.1:{free_port()}")
    answer = await platform.get("/api/runs")
    assert (answer.status_code, answer.json()["retryable"]) == (502, True)
    assert answer.headers["deprecation"]
