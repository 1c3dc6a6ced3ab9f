import base64
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from gateway_doubles import Builder, Echo, Platform, read_body, seen_in, send_json
from starlette.types import Receive, Scope, Send

from common.testing.ports import free_port
from gateway.composed import runs

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
OVERVIEW, LETTERS = "/api/v1/admin/overview", "/api/v1/admin/dead-letters"


def letter(minutes: int, **values: Any) -> dict[str, Any]:
    at = (NOW - timedelta(minutes=minutes)).isoformat()
    return {
        "id": str(uuid.UUID(int=minutes)),
        "kind": "sync",
        "subject_id": None,
        "attempts": 8,
        "reason": "It broke.",
        "req_id": "",
        "created_at": at,
        "updated_at": at,
    } | values


class Inside(Echo):
    """What every service tells its peers."""

    def __init__(self, name: str, letters: list[dict[str, Any]] | None = None) -> None:
        super().__init__(name)
        self.letters = letters or []
        self.position, self.read, self.overdue = 10, 10, 0.0
        self.replayed: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if not path.startswith("/internal/"):
            await super().__call__(scope, receive, send)
            return
        self.seen.append(seen_in(scope, await read_body(receive)))
        if path == "/internal/overview":
            await send_json(send, self.overview())
        elif path == "/internal/dead-letters":
            await self._page(scope, send)
        else:
            await self._replay(path.split("/")[3], send)

    def overview(self) -> dict[str, Any]:
        dead = len(self.letters)
        counts = {"queued": 1, "running": 2, "done": 3, "failed": 0, "dead": dead, "overdue": self.overdue}
        followed = [{"publisher": "strava", "position": self.read, "read_at": NOW.isoformat()}]
        return {
            "service": self.name,
            "version": "1",
            "status": "ok",
            "checks": {"database": {"status": "ok", "latency": 0.001}},
            "work": {
                "jobs": [{"kind": "sync", **counts}],
                "published": {"position": self.position, "pending": 0, "oldest_pending": 0.0},
                "followed": followed,
            },
        }

    async def _page(self, scope: Scope, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode())
        limit = int(query["limit"][0])
        rest = self.letters
        if "cursor" in query:
            at = json.loads(base64.urlsafe_b64decode(query["cursor"][0] + "=="))[0]
            rest = [each for each in rest if datetime.fromisoformat(each["updated_at"]) < datetime.fromisoformat(at)]
        more = len(rest) > limit
        await send_json(send, {"items": rest[:limit], "next_cursor": "more" if more else None})

    async def _replay(self, job: str, send: Send) -> None:
        if any(each["id"] == job for each in self.letters):
            self.letters = [each for each in self.letters if each["id"] != job]
            self.replayed.append(job)
            await send_json(send, None, 202)
        else:
            await send_json(send, {"code": "request.not_found"}, 404)


@pytest.fixture
def inside() -> dict[str, Inside]:
    return {name: Inside(name) for name in ("strava", "analytics", "trainer", "pdf", "thumbnails")}


@pytest.fixture
async def platform(builder: Builder, inside: dict[str, Inside]) -> Platform:
    services: dict[str, Any] = dict(inside)
    return await builder.gateway(**services)


def admin(platform: Platform, **claims: Any) -> dict[str, str]:
    return platform.auth.mint.headers(roles=("admin",), **claims)


async def test_the_overview_shows_every_service_and_what_waits_there(
    platform: Platform, inside: dict[str, Inside]
) -> None:
    inside["strava"].position = 25
    inside["trainer"].overdue = 90
    inside["pdf"].letters = [letter(1)]
    answer = (await platform.client.get(OVERVIEW, headers=admin(platform))).json()
    shown = {each["service"]: each for each in answer["services"]}
    assert shown.keys() == {"auth", *inside}
    assert shown["analytics"]["lags"] == [{"publisher": "strava", "events": 15}]
    assert (shown["trainer"]["state"], shown["trainer"]["worker"]["state"]) == ("degraded", "behind")
    assert (shown["strava"]["state"], shown["strava"]["worker"]["queued"]) == ("ok", 1)
    assert shown["pdf"]["detail"]["checks"]["database"]["status"] == "ok"
    assert (answer["dead_letters"], answer["state"]) == (1, "degraded")
    token = (inside["pdf"].seen[0].header("authorization") or "").removeprefix("Bearer ")
    assert jwt.decode(token, options={"verify_signature": False})["sub"] == "service:gateway"


async def test_a_service_that_is_down_is_shown_as_down_beside_the_others(
    builder: Builder, inside: dict[str, Inside]
) -> None:
    services: dict[str, Any] = inside | {"pdf": None, "pdf_url": f"http://127.0.0.1:{free_port()}"}
    platform = await builder.gateway(**services)
    answer = (await platform.client.get(OVERVIEW, headers=admin(platform))).json()
    shown = {each["service"]: each["state"] for each in answer["services"]}
    assert (shown["pdf"], shown["strava"]) == ("down", "ok")
    assert (answer["partial"], answer["state"]) == (True, "degraded")


async def test_dead_letters_of_all_services_are_one_list_by_age(platform: Platform, inside: dict[str, Inside]) -> None:
    inside["strava"].letters = [letter(minutes) for minutes in (1, 4, 5)]
    inside["analytics"].letters = [letter(minutes) for minutes in (2, 3, 6, 7)]
    seen: list[tuple[str, int]] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        answer = await platform.client.get(LETTERS, headers=admin(platform), params=params)
        page = answer.json()
        assert answer.status_code == 200, page
        seen += [(each["service"], uuid.UUID(each["id"]).int) for each in page["items"]]
        cursor = page["next_cursor"]
        assert page["missing"] == ["auth"]  # the double knows no such page
    assert [number for _, number in seen] == [1, 2, 3, 4, 5, 6, 7]
    assert {service for service, _ in seen} == {"strava", "analytics"}


async def test_dead_letters_may_be_asked_of_one_service(platform: Platform, inside: dict[str, Inside]) -> None:
    inside["strava"].letters, inside["pdf"].letters = [letter(1)], [letter(2)]
    answer = await platform.client.get(f"{LETTERS}?service=pdf", headers=admin(platform))
    assert [each["service"] for each in answer.json()["items"]] == ["pdf"]
    assert answer.json()["missing"] == []


async def test_a_replay_reaches_the_service_that_keeps_the_letter(
    platform: Platform, inside: dict[str, Inside]
) -> None:
    inside["trainer"].letters = [letter(1), letter(2)]
    address = f"{LETTERS}/{uuid.UUID(int=2)}/replay?service=trainer"
    who = str(uuid.uuid4())
    done = await platform.client.post(address, headers=admin(platform, subject=who))
    assert (done.status_code, done.json()["service"]) == (202, "trainer")
    assert inside["trainer"].replayed == [str(uuid.UUID(int=2))]
    assert inside["trainer"].seen[-1].target.endswith(f"?by={who}")
    again = await platform.client.post(address, headers=admin(platform))
    assert (again.status_code, again.json()["code"]) == (404, "request.not_found")


async def test_a_replay_finds_the_service_by_itself(platform: Platform, inside: dict[str, Inside]) -> None:
    inside["pdf"].letters = [letter(3)]
    done = await platform.client.post(f"{LETTERS}/{uuid.UUID(int=3)}/replay", headers=admin(platform))
    assert (done.status_code, done.json()["service"]) == (202, "pdf")
    unknown = await platform.client.post(f"{LETTERS}/{uuid.UUID(int=9)}/replay", headers=admin(platform))
    assert unknown.status_code == 404


async def test_a_replay_that_could_not_look_everywhere_says_so(builder: Builder, inside: dict[str, Inside]) -> None:
    services: dict[str, Any] = inside | {"pdf": None, "pdf_url": f"http://127.0.0.1:{free_port()}"}
    platform = await builder.gateway(**services)
    unknown = await platform.client.post(f"{LETTERS}/{uuid.UUID(int=9)}/replay", headers=admin(platform))
    assert (unknown.status_code, unknown.json()["retryable"]) == (503, True)
    assert "pdf" in unknown.json()["detail"]


@pytest.mark.parametrize("path", [OVERVIEW, LETTERS, "/api/admin/overview", "/api/v1/admin/users"])
async def test_administration_is_for_administrators(platform: Platform, inside: dict[str, Inside], path: str) -> None:
    assert (await platform.client.get(path)).status_code == 401
    athlete = await platform.get(path)
    assert (athlete.status_code, athlete.json()["code"]) == (403, "auth.role_required")
    narrow = await platform.client.get(path, headers=admin(platform, scope="activities:write"))
    assert (narrow.status_code, narrow.json()["code"]) == (403, "auth.scope_required")
    assert not any(service.seen for service in inside.values())


@pytest.mark.parametrize("query", ["?cursor=%00", "?cursor=abc", "?limit=0", "?limit=99999999999999999999"])
async def test_bad_pages_are_422(platform: Platform, query: str) -> None:
    answer = await platform.client.get(LETTERS + query, headers=admin(platform))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["next_steps"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"{LETTERS}/not-an-id/replay", 422),
        ("GET", f"{LETTERS}/{uuid.UUID(int=1)}", 404),
        ("DELETE", LETTERS, 405),
    ],
)
async def test_other_requests_below_it_are_problems(platform: Platform, method: str, path: str, status: int) -> None:
    answer = await platform.client.request(method, path, headers=admin(platform))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


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


async def test_the_gateways_own_answers_are_described_with_the_others(builder: Builder) -> None:
    platform = await builder.gateway(rest=Echo())
    document = (await platform.client.get("/api/openapi.json")).json()
    assert {OVERVIEW, LETTERS, f"{LETTERS}/{{job_id}}/replay", "/api/runs"} <= document["paths"].keys()
    assert document["paths"]["/api/runs"]["get"]["deprecated"] is True
    assert document["paths"][OVERVIEW]["get"]["operationId"] == "gateway-overview"
