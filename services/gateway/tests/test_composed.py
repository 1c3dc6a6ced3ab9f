import asyncio
import base64
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from gateway_doubles import Builder, Echo, Platform, read_body, seen_in, send_json
from starlette.types import Receive, Scope, Send

from common.testing.ports import free_port
from common.testing.wait import eventually
from gateway.routes import ROUTES
from gateway.table import HERE, Route

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


@pytest.fixture
async def keeping(builder: Builder, inside: dict[str, Inside]) -> Platform:
    """A platform whose shared answers outlive the test."""
    services: dict[str, Any] = dict(inside)
    routes = [replace(route, share=600.0) if route.share else route for route in ROUTES]
    return await builder.gateway(routes=routes, **services)


def asked_inside(service: Inside) -> list[str]:
    return [seen.target for seen in service.seen if seen.target.startswith("/internal/")]


async def test_administrators_who_ask_the_same_at_once_have_it_asked_once(
    keeping: Platform, inside: dict[str, Inside]
) -> None:
    answers = await asyncio.gather(*(keeping.client.get(OVERVIEW, headers=admin(keeping)) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)
    assert all(asked_inside(service) == ["/internal/overview"] for service in inside.values())


async def test_what_is_shared_is_still_for_administrators_only(keeping: Platform, inside: dict[str, Inside]) -> None:
    dismissed, other = admin(keeping, sid="dismissed"), admin(keeping)
    assert (await keeping.client.get(OVERVIEW, headers=dismissed)).status_code == 200
    keeping.auth.revoke("sid", "dismissed")

    async def is_refused() -> bool:
        return (await keeping.client.get(OVERVIEW, headers=dismissed)).status_code == 401

    await eventually(is_refused, within=8)
    assert (await keeping.client.get(OVERVIEW, headers=other)).status_code == 200
    assert (await keeping.client.get(OVERVIEW)).status_code == 401
    assert (await keeping.get(OVERVIEW)).json()["code"] == "auth.role_required"
    assert len(asked_inside(inside["pdf"])) == 1


async def test_what_is_shared_has_a_tag_and_is_asked_for_each_time(keeping: Platform) -> None:
    for path in (OVERVIEW, LETTERS):
        first = await keeping.client.get(path, headers=admin(keeping))
        assert first.headers["cache-control"] == "private, no-cache"
        known = admin(keeping) | {"If-None-Match": first.headers["etag"]}
        again = await keeping.client.get(path, headers=known)
        assert (again.status_code, again.headers["etag"], again.content) == (304, first.headers["etag"], b"")
        assert again.headers["cache-control"] == "private, no-cache"
        other = await keeping.client.get(path, headers=admin(keeping) | {"If-None-Match": '"other"'})
        assert (other.status_code, other.text) == (200, first.text)


async def test_a_replay_is_seen_at_once(keeping: Platform, inside: dict[str, Inside]) -> None:
    inside["trainer"].letters = [letter(1), letter(2)]
    assert (await keeping.client.get(OVERVIEW, headers=admin(keeping))).json()["dead_letters"] == 2
    assert len((await keeping.client.get(LETTERS, headers=admin(keeping))).json()["items"]) == 2
    address = f"{LETTERS}/{uuid.UUID(int=2)}/replay"
    assert (await keeping.client.post(address, headers=admin(keeping))).status_code == 202
    assert (await keeping.client.get(OVERVIEW, headers=admin(keeping))).json()["dead_letters"] == 1
    assert len((await keeping.client.get(LETTERS, headers=admin(keeping))).json()["items"]) == 1


async def test_so_is_what_an_administrator_changes_at_a_service(keeping: Platform, inside: dict[str, Inside]) -> None:
    await keeping.client.get(OVERVIEW, headers=admin(keeping))
    inside["strava"].letters = [letter(1)]
    done = await keeping.client.post("/api/v1/admin/activity-jobs/1/retry", headers=admin(keeping))
    assert done.json()["service"] == "strava"
    assert (await keeping.client.get(OVERVIEW, headers=admin(keeping))).json()["dead_letters"] == 1


async def test_dead_letters_are_shared_by_what_is_asked_of_them(keeping: Platform, inside: dict[str, Inside]) -> None:
    for query in ("", "?limit=1", "?service=pdf", "?limit=1", ""):
        assert (await keeping.client.get(LETTERS + query, headers=admin(keeping))).status_code == 200
    assert [target.partition("?")[2] for target in asked_inside(inside["pdf"])] == ["limit=20", "limit=1", "limit=20"]


async def test_the_making_of_a_shared_answer_does_not_know_who_asks(
    keeping: Platform, inside: dict[str, Inside]
) -> None:
    headers = admin(keeping) | {"If-None-Match": '"mine"', "X-Mine": "1"}
    assert (await keeping.client.get(OVERVIEW, headers=headers)).status_code == 200
    (seen,) = inside["pdf"].seen
    assert (seen.header("x-mine"), seen.header("if-none-match")) == (None, None)


def test_only_what_all_who_may_read_it_see_alike_is_shared() -> None:
    with pytest.raises(ValueError, match="not the same for all"):
        Route("/api/v1/x", HERE, share=1.0)
    with pytest.raises(ValueError, match="not the same for all"):
        Route("/api/v1/x", "strava", auth="admin", share=1.0)


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


async def test_the_gateways_own_answers_are_described_with_the_others(builder: Builder) -> None:
    platform = await builder.gateway(rest=Echo())
    document = (await platform.client.get("/api/openapi.json")).json()
    assert {OVERVIEW, LETTERS, f"{LETTERS}/{{job_id}}/replay", "/api/runs"} <= document["paths"].keys()
    assert document["paths"]["/api/runs"]["get"]["deprecated"] is True
    assert document["paths"][OVERVIEW]["get"]["operationId"] == "gateway-overview"


@pytest.mark.parametrize("path", ["/api/v1/admin/dead-letters/", "/api/docs/", "/health/", "/api/runs/", "/assets"])
async def test_a_slash_at_the_end_leads_nowhere(builder: Builder, path: str) -> None:
    platform = await builder.gateway(rest=Echo(), routes=[row for row in ROUTES if row.service == HERE])
    token = platform.auth.mint.headers(roles=["admin"])
    answer = await platform.client.get(path, headers=token | {"Host": "evil.example"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
