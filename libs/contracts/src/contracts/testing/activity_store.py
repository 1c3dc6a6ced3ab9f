"""An activity store in memory, for the tests of services that read it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from fastapi import FastAPI, Request, Response

from common.ids import uuid7
from common.outbox import Event, PublishedEvent
from contracts.strava.api import ActivitySummary
from contracts.strava.events import ActivityCreated, ActivityDeleted, ActivityUpdated
from contracts.strava.streams import ActivityStreams, Column, encode

START = datetime(2026, 5, 1, 6, 30, tzinfo=UTC)
TOKEN = "of-the-reader"


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
    latlng: Column | None = None,
) -> ActivityStreams:
    """A run at one speed with a sample per second; ``pause`` s of standing in its middle, without samples.

    With ``latlng``, shape (n, 2), the track is all there is.
    """
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
    columns = {"time": time, "distance": metres} if streams else {}
    return ActivityStreams(summary, columns if latlng is None else {"latlng": latlng})


@dataclass
class ActivityStore:
    """Serve ``app`` and set ``url``. What is created, updated and deleted here is told as the service tells it.

    ``down`` answers 503 to everything; ``reads`` are the activities that were asked for, in order; ``shown`` are the
    samples that privacy zones leave of a track. Its service token is ``TOKEN``.
    """

    url: str = ""
    down: bool = False
    activities: dict[UUID, ActivityStreams] = field(default_factory=dict)
    events: list[PublishedEvent] = field(default_factory=list)
    reads: list[UUID] = field(default_factory=list)
    shown: slice | None = None

    def app(self) -> FastAPI:
        """The part of the service that others read."""
        app = FastAPI()

        @app.post("/internal/token")
        async def token() -> dict[str, Any]:
            return {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300}

        @app.get("/internal/events")
        async def events(request: Request, after: int, limit: int) -> Response:
            return self._guard(request) or Response(
                b'{"items":[%s]}' % b",".join(e.model_dump_json().encode() for e in self.events[after : after + limit])
            )

        @app.get("/internal/activities/{activity_id}")
        async def activity(request: Request, activity_id: UUID) -> Response:
            return self._guard(request) or self._answer(activity_id, lambda found: found.activity.model_dump_json())

        @app.get("/internal/activities/{activity_id}/streams")
        async def streams(request: Request, activity_id: UUID, keys: str = "", *, cut: bool = False) -> Response:
            return self._guard(request) or self._answer(
                activity_id, lambda found: encode(_only(self._cut(found) if cut else found, keys))
            )

        return app

    def _answer(self, activity_id: UUID, shown: Callable[[ActivityStreams], str | bytes]) -> Response:
        self.reads.append(activity_id)
        found = self.activities.get(activity_id)
        return Response(shown(found)) if found else Response(status_code=404)

    def _cut(self, found: ActivityStreams) -> ActivityStreams:
        columns = dict(found.columns)
        if self.shown is not None and "latlng" in columns:
            columns["latlng"] = np.full_like(columns["latlng"], np.nan)
            columns["latlng"][self.shown] = found.columns["latlng"][self.shown]
        return ActivityStreams(found.activity, columns)

    def _guard(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Response(status_code=401)
        return Response(status_code=503) if self.down else None

    def tell(self, event: Event) -> PublishedEvent:
        """Publish an event."""
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
        """Store an activity and tell of it."""
        activity = streams.activity
        self.activities[activity.id] = streams
        self.tell(created(activity))
        return streams

    def update(self, streams: ActivityStreams, *changed: str) -> None:
        """Store a later version of an activity and tell what changed."""
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
        """Forget an activity and tell of it."""
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


def _only(streams: ActivityStreams, keys: str) -> ActivityStreams:
    wanted = keys.split(",") if keys else list(streams.columns)
    return ActivityStreams(
        streams.activity, {name: streams.columns[name] for name in wanted if name in streams.columns}
    )
