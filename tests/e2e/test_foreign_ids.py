"""Ids of somebody else's things in what is sent: answered as ids that nobody has, and nothing comes of it."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from forged_tokens import problem_of
from operations import MADE_UP_ID
from running_platform import RunningPlatform, eventually

WRITING = "read,activity:read_all,profile:read_all,activity:write"
PLAN = {"name": "Mine", "start_date": "2026-04-27", "end_date": "2026-05-31"}
WORKOUT = {"date": "2026-05-04", "name": "Mine", "kind": "easy", "planned": {"distance": 8000}}
RUN = {"date": "2026-05-05", "name": "Mine", "sport": "Run", "distance": 8000, "duration": 2400}
ENTRY = {"sport": "Run", "start_time": "2026-05-05T06:00:00Z", "distance": 8000, "moving_time": 2400}
LISTS = ("/activities", "/gear", "/plans", "/workouts", "/runs", "/strava/uploads")

BODIES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "POST /activities": [("gear_id", ENTRY | {"start_time": "2026-05-09T06:00:00Z"})],
    "PATCH /activities/{activity_id}": [("gear_id", {})],
    "POST /activities/{activity_id}/merge": [("activity_id", {}), ("recording_id", {})],
    "POST /activities/{activity_id}/unmerge": [("recording_id", {})],
    "POST /strava/uploads": [("activity_id", {})],
    "POST /strava/manual": [("activity_id", {})],
    "POST /workouts": [("plan_id", WORKOUT)],
    "PUT /workouts/{workout_id}": [("plan_id", WORKOUT)],
    "PATCH /workouts/{workout_id}": [("plan_id", {})],
    "POST /runs": [("workout_id", RUN)],
    "PUT /runs/{run_id}": [("workout_id", RUN)],
    "PATCH /runs/{run_id}": [("workout_id", {})],
    "PUT /plans/{plan_id}": [("workouts.id", PLAN)],
}
"""By operation: where an id is named, and what else has to be sent. Paths are filled with one's own things."""


class Owner:
    """Somebody with one of everything; ``ids`` by the name under which others are named it."""

    def __init__(self, platform: RunningPlatform) -> None:
        self.person = platform.person()
        strava = platform.strava
        assert strava.connect(self.person, strava.new_athlete(), WRITING).status_code == httpx2.codes.OK
        strava.http.close()
        activity = self._make("/activities", ENTRY)
        plan = self._make("/plans", PLAN)
        workout = self._make(f"/plans/{plan['id']}/workouts", WORKOUT)
        self.ids = {
            "activity_id": activity["id"],
            "recording_id": activity["recordings"][0]["id"],
            "gear_id": self._make("/gear", {"kind": "shoes", "name": "Mine"})["id"],
            "plan_id": plan["id"],
            "workout_id": workout["id"],
            "workouts.id": workout["id"],
            "run_id": self._make("/runs", RUN)["id"],
        }
        eventually(self.is_at_rest, within=30, what="that all has come to rest")

    def is_at_rest(self) -> bool:
        """Whether the other services have seen to the activity."""
        [activity] = self.person.get("/activities")["items"]
        runs = self.person.get("/runs")["items"]
        return activity["calories"] is not None and any(each["activity_id"] == activity["id"] for each in runs)

    def _make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.person.http.post(path, json=body)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def state(self) -> list[Any]:
        return [self.person.get(path) for path in LISTS]


@pytest.fixture
def people(platform: RunningPlatform) -> Iterator[tuple[Owner, Owner]]:
    both = Owner(platform), Owner(platform)
    yield both
    for each in both:
        each.person.close()


def sent_by(stranger: Owner, operation: str, field: str, named: str) -> tuple[int, str]:
    """Send one's own things with the id of another; return the status and the code of the answer."""
    method, _, path = operation.partition(" ")
    body = dict(next(rest for name, rest in BODIES[operation] if name == field))
    body |= {"workouts": [WORKOUT | {"id": named}]} if "." in field else {field: named}
    answer = stranger.person.http.request(method, path.format(**stranger.ids), json=body)
    return answer.status_code, problem_of(answer)["code"] if answer.is_error else answer.text


def test_a_foreign_id_in_a_body_is_one_that_nobody_has(people: tuple[Owner, Owner]) -> None:
    owner, stranger = people
    before = owner.state(), stranger.state()
    named = [(operation, field) for operation, each in BODIES.items() for field, _ in each]
    foreign = {each: sent_by(stranger, *each, owner.ids[each[1]]) for each in named}
    made_up = {each: sent_by(stranger, *each, MADE_UP_ID) for each in named}
    assert foreign == made_up, "a foreign id is told from one that nobody has"
    # Of a plan that is sent whole, a workout that it does not have is a mistake in the body.
    others = {each: status for each, (status, _) in foreign.items() if status != httpx2.codes.NOT_FOUND}
    assert others == {("PUT /plans/{plan_id}", "workouts.id"): httpx2.codes.UNPROCESSABLE_CONTENT}
    now = owner.state(), stranger.state()
    assert now == before


def test_ones_own_id_is_taken(people: tuple[Owner, Owner]) -> None:
    """What else would the refusals show?"""
    owner, _ = people
    for operation, field in (("PATCH /activities/{activity_id}", "gear_id"), ("POST /workouts", "plan_id")):
        assert sent_by(owner, operation, field, owner.ids[field])[0] in {200, 201}
    assert sent_by(owner, "PATCH /runs/{run_id}", "workout_id", owner.ids["workout_id"])[0] == httpx2.codes.OK


def test_every_body_that_names_an_id_is_known(platform: RunningPlatform) -> None:
    document = httpx2.get(f"{platform.url}/api/openapi.json", timeout=30).json()
    found: dict[str, set[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}) if isinstance(operation, dict) else {}
            fields = ids_in(content.get("application/json", {}).get("schema", {}), document)
            if fields and "/admin/" not in path:
                found[f"{method.upper()} {path.removeprefix('/api/v1')}"] = fields
    assert found == {operation: {field for field, _ in each} for operation, each in BODIES.items()}


def ids_in(
    schema: dict[str, Any], document: dict[str, Any], name: str = "", within: frozenset[str] = frozenset()
) -> set[str]:
    """Names of the UUIDs that a schema has a place for, after that of the list that they are in."""
    if "$ref" in schema:
        kind = schema["$ref"].rpartition("/")[2]
        if kind in within:
            return set()
        return ids_in(document["components"]["schemas"][kind], document, name, within | {kind})
    if schema.get("format") == "uuid":
        return {name}
    parts = [(name, each) for key in ("anyOf", "oneOf", "allOf") for each in schema.get(key, ())]
    parts += [(f"{name}.{key}".lstrip("."), each) for key, each in schema.get("properties", {}).items()]
    parts += [(name, schema["items"])] if "items" in schema else []
    return {found for inner, each in parts for found in ids_in(each, document, inner, within)}
