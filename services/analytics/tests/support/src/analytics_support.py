"""An activity store in memory, and what the tests do with it and with analytics."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import fitfast
import httpx2
import numpy as np
from fastapi import FastAPI, Request, Response
from numpy.typing import NDArray
from sqlalchemy import text

from common.db import Database
from common.ids import uuid7
from common.outbox import Event, PublishedEvent
from common.queue import QueueWaker
from common.testing.tokens import TokenMint
from common.testing.wait import eventually
from contracts.strava.api import ActivitySummary
from contracts.strava.events import ActivityCreated, ActivityDeleted, ActivityUpdated
from contracts.strava.streams import ActivityStreams, encode

Floats = NDArray[np.float64]
BEST = "/api/v1/analytics/best-efforts-cached"
START = datetime(2026, 5, 1, 6, 30, tzinfo=UTC)


def run(
    athlete: UUID,
    *,
    speed: float = 4.0,
    distance: float = 1200.0,
    start: datetime = START,
    sport: str = "Run",
    activity_id: UUID | None = None,
    version: int = 1,
    name: str = "Run",
    pause: float = 0.0,
    streams: bool = True,
) -> ActivityStreams:
    """A run at one speed with a sample per second; ``pause`` s of standing in its middle, without samples."""
    time = np.arange(0.0, distance / speed + 1)
    metres = np.minimum((time * speed).round(2), distance)
    time[len(time) // 2 :] += pause
    elapsed = float(time[-1])
    summary = ActivitySummary(
        id=activity_id or uuid7(),
        athlete_id=athlete,
        version=version,
        name=name,
        sport=sport,
        start_time=start,
        start_time_local=start,
        timezone="UTC",
        distance=distance,
        moving_time=elapsed - pause,
        elapsed_time=elapsed,
        elevation_gain=None,
        average_speed=speed,
        max_speed=speed,
        average_heartrate=None,
        max_heartrate=None,
        average_cadence=None,
        calories=None,
        source="file",
    )
    return ActivityStreams(summary, {"time": time, "distance": metres} if streams else {})


def recording(path: Path) -> tuple[Floats, Floats]:
    """Elapsed seconds and metres of a recorded run, without its GPS jumps."""
    columns = fitfast.records(path)
    measured = np.isfinite(columns["timestamp"]) & np.isfinite(columns["distance"])
    time, distance = columns["timestamp"][measured], columns["distance"][measured]
    seconds, metres = np.diff(time), np.diff(distance)
    fast = np.concatenate([[False], metres > 12 * seconds, [False]])
    for begin, end in np.flatnonzero(np.diff(fast.astype(int))).reshape(-1, 2):
        if seconds[begin:end].sum() < 5:
            metres[begin:end] = 0
    return time - time[0], distance[0] + np.concatenate([[0], np.cumsum(metres)])


def recorded(path: Path, athlete: UUID) -> ActivityStreams:
    """The recording as an activity of the athlete."""
    time, distance = recording(path)
    whole = run(athlete, distance=float(distance[-1]))
    return ActivityStreams(whole.activity, {"time": time, "distance": distance})


@dataclass
class FakeStrava:
    url: str = ""
    down: bool = False
    activities: dict[UUID, ActivityStreams] = field(default_factory=dict)
    events: list[PublishedEvent] = field(default_factory=list)
    reads: list[UUID] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/internal/token")
        async def token() -> dict[str, Any]:
            return {"access_token": "of-analytics", "token_type": "Bearer", "expires_in": 300}

        @app.get("/internal/events")
        async def events(request: Request, after: int, limit: int) -> Response:
            return self._guard(request) or Response(
                b'{"items":[%s]}' % b",".join(e.model_dump_json().encode() for e in self.events[after : after + limit])
            )

        @app.get("/internal/activities/{activity_id}/streams")
        async def streams(request: Request, activity_id: UUID) -> Response:
            refused = self._guard(request)
            if refused:
                return refused
            self.reads.append(activity_id)
            found = self.activities.get(activity_id)
            return Response(encode(found)) if found else Response(status_code=404)

        return app

    def _guard(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != "Bearer of-analytics":
            return Response(status_code=401)
        return Response(status_code=503) if self.down else None

    def tell(self, event: Event) -> PublishedEvent:
        published = PublishedEvent(
            position=len(self.events) + 1,
            id=uuid4(),
            type=event.event_type(),
            payload=event.model_dump(mode="json"),
            req_id="request-of-strava",
            traceparent=None,
            created_at=datetime.now(UTC),
        )
        self.events.append(published)
        return published

    def create(self, streams: ActivityStreams) -> ActivityStreams:
        activity = streams.activity
        self.activities[activity.id] = streams
        self.tell(created(activity))
        return streams

    def update(self, streams: ActivityStreams, *changed: str) -> None:
        activity = streams.activity
        self.activities[activity.id] = streams
        self.tell(
            ActivityUpdated(
                activity_id=activity.id,
                athlete_id=activity.athlete_id,
                version=activity.version,
                changed=list(changed),
            )
        )

    def delete(self, activity: ActivitySummary) -> None:
        self.activities.pop(activity.id, None)
        self.tell(deleted(activity))


def created(activity: ActivitySummary) -> ActivityCreated:
    return ActivityCreated(
        activity_id=activity.id,
        athlete_id=activity.athlete_id,
        version=activity.version,
        sport=activity.sport,
        start_time=activity.start_time,
    )


def deleted(activity: ActivitySummary) -> ActivityDeleted:
    return ActivityDeleted(activity_id=activity.id, athlete_id=activity.athlete_id, version=activity.version + 1)


@dataclass
class Platform:
    """Analytics at work, seen by its users."""

    client: httpx2.AsyncClient
    database: Database
    strava: FakeStrava
    mint: TokenMint
    waker: QueueWaker

    async def settle(self) -> None:
        """Wake the worker and wait until it has pulled all events, done all work and told of it."""
        await self.waker.wake("analytics")
        await eventually(self._is_settled, within=15, what="all events pulled and all jobs done")

    async def _is_settled(self) -> bool:
        position = await self.scalar("SELECT position FROM inbox_cursors WHERE publisher = 'strava'") or 0
        open_jobs = await self.scalar("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')")
        untold = await self.scalar("SELECT count(*) FROM outbox WHERE position IS NULL")
        return int(position) == len(self.strava.events) and not open_jobs and not untold

    async def scalar(self, query: str) -> Any:
        async with self.database.transaction() as session:
            return await session.scalar(text(query))

    async def execute(self, statement: str) -> None:
        async with self.database.transaction() as session:
            await session.execute(text(statement))

    async def get(self, athlete: UUID, path: str, **parameters: Any) -> httpx2.Response:
        return await self.client.get(path, params=parameters, headers=self.mint.headers(str(athlete)))

    async def ranks(self, athlete: UUID, distance: str, **parameters: Any) -> list[dict[str, Any]]:
        response = await self.get(athlete, BEST, **parameters)
        assert response.status_code == 200, response.text
        items = {item["distance"]: item["ranks"] for item in response.json()["items"]}
        ranks: list[dict[str, Any]] = items[distance]
        return ranks

    async def times(self, athlete: UUID, distance: str = "1km", **parameters: Any) -> list[float]:
        return [rank["time"] for rank in await self.ranks(athlete, distance, **parameters)]


def ago(**time: float) -> datetime:
    return datetime.now(UTC) - timedelta(**time)
