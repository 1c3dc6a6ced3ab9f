"""What the tests do with trainer."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import httpx2

from common.testing.atwork import ServiceAtWork
from common.testing.tokens import TokenMint
from contracts.strava.api import ActivitySummary
from contracts.strava.streams import ActivityStreams
from contracts.testing.activity_store import ActivityStore, run

DAY = "2026-05-04"
NEXT_DAY = "2026-05-05"
PLAN = {"name": "Spring", "start_date": "2026-03-02", "end_date": "2026-06-28"}
EASY = {"date": DAY, "kind": "easy", "name": "Easy", "planned": {"distance": 10_000}}
RUN = {"date": DAY, "distance": 9_800, "duration": 2_940}
INTERVALS = [
    {"kind": "warmup", "end": {"distance": 2000}},
    {
        "kind": "work",
        "repeat": 6,
        "steps": [
            {"kind": "work", "end": {"distance": 800}, "target": {"pace": [195, 205]}},
            {"kind": "recovery", "end": {"distance": 200}},
        ],
    },
    {"kind": "cooldown", "name": "Home", "end": {"distance": 2000}},
]


class Athlete:
    """Somebody who trains."""

    def __init__(self, client: httpx2.AsyncClient, mint: TokenMint, athlete_id: UUID) -> None:
        self.id = athlete_id
        self._client = client
        self._headers = mint.headers(str(athlete_id))

    async def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {**self._headers, **options.pop("headers", {})}
        return await self._client.request(method, f"/api/v1{path}", headers=headers, **options)

    async def get(self, path: str, **parameters: Any) -> Any:
        return self._read(await self.request("GET", path, params=parameters), 200)

    async def post(self, path: str, body: Any, status: int = 201) -> Any:
        return self._read(await self.request("POST", path, json=body), status)

    async def put(self, path: str, body: Any) -> Any:
        return self._read(await self.request("PUT", path, json=body), 200)

    async def patch(self, path: str, **body: Any) -> Any:
        return self._read(await self.request("PATCH", path, json=body), 200)

    async def delete(self, path: str) -> None:
        response = await self.request("DELETE", path)
        assert response.status_code == 204, response.text

    async def refused(self, method: str, path: str, status: int, body: Any = None, **options: Any) -> dict[str, Any]:
        """Expect a problem; return it."""
        if body is not None:  # escaped, so that also what is no text can be sent
            options["content"] = json.dumps(body)
            options["headers"] = {"Content-Type": "application/json", **options.get("headers", {})}
        response = await self.request(method, path, **options)
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = response.json()
        assert problem["next_steps"]
        return problem

    async def plan(self, *workouts: dict[str, Any], **fields: Any) -> Any:
        return await self.post("/plans", {**PLAN, "workouts": list(workouts), **fields})

    async def workout(self, **fields: Any) -> Any:
        return await self.post("/workouts", {**EASY, **fields})

    async def run(self, **fields: Any) -> Any:
        return await self.post("/runs", {**RUN, **fields})

    @staticmethod
    def _read(response: httpx2.Response, status: int) -> Any:
        assert response.status_code == status, response.text
        return response.json()


def pointers(problem: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in problem["errors"]]


@dataclass
class Platform(ServiceAtWork):
    """Trainer at work, beside the activity store it reads."""

    strava: ActivityStore

    def athlete(self) -> Athlete:
        return Athlete(self.client, self.mint, uuid4())


def activity(
    athlete: Athlete, *, distance: float = 9800.0, start: datetime | None = None, hours_east: float = 2.0, **fields: Any
) -> ActivityStreams:
    """A run in the evening of DAY where it was run, in UTC the next day when far enough in the west."""
    zone = timezone(timedelta(hours=hours_east))
    local = start or datetime(2026, 5, 4, 18, 30, tzinfo=zone)
    made = run(athlete.id, distance=distance, speed=3.0, start=local.astimezone(UTC), streams=False, **fields)
    summary: ActivitySummary = made.activity.model_copy(update={"start_time_local": local.astimezone(zone)})
    return ActivityStreams(summary, {})


def later(streams: ActivityStreams, **changes: Any) -> ActivityStreams:
    """The next version of an activity."""
    summary = streams.activity
    return ActivityStreams(summary.model_copy(update={"version": summary.version + 1, **changes}), {})
