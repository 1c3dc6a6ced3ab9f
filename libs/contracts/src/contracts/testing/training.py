"""Trainer's plans in memory, for the tests of services that read them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request, Response

from common.ids import uuid7
from contracts.testing.activity_store import TOKEN
from contracts.trainer.api import Goal, Phase, PlanDocument, Planned, Step, WorkoutDocument, WorkoutKind, WorkoutStatus

MONDAY = dt.date(2026, 3, 9)
NOW = dt.datetime(2026, 2, 20, 18, tzinfo=dt.UTC)


def workout(
    date: dt.date,
    name: str = "Easy run",
    *,
    kind: WorkoutKind = "easy",
    description: str = "",
    steps: Sequence[dict[str, Any]] = (),
    distance: float | None = 8000.0,
    duration: float | None = 2880.0,
    status: WorkoutStatus = "planned",
) -> WorkoutDocument:
    """A workout; ``steps`` as in the API."""
    return WorkoutDocument(
        id=uuid7(),
        plan_id=None,
        date=date,
        name=name,
        description=description,
        kind=kind,
        steps=[Step.model_validate(step) for step in steps],
        planned=Planned(distance=distance, duration=duration, load=None),
        status=status,
        run_id=None,
        version=1,
    )


def plan(
    workouts: Sequence[WorkoutDocument] = (),
    *,
    name: str = "Spring marathon",
    description: str = "",
    start: dt.date = MONDAY,
    end: dt.date | None = None,
    goal: Goal | None = None,
    phases: Sequence[Phase] = (),
    version: int = 1,
) -> PlanDocument:
    """A plan of its workouts; without ``end`` it ends with the last of them."""
    last = max((each.date for each in workouts), default=start)
    plan_id = uuid7()
    return PlanDocument(
        id=plan_id,
        name=name,
        description=description,
        start_date=start,
        end_date=end or max(start, last),
        goal=goal,
        phases=list(phases),
        workouts=[each.model_copy(update={"plan_id": plan_id}) for each in workouts],
        version=version,
        created_at=NOW,
        updated_at=NOW,
    )


@dataclass
class Training:
    """Serve ``app`` and set ``url``. ``down`` answers 503 to everything; ``reads`` are the plans that were asked for.

    Its service token is that of the activity store's double.
    """

    url: str = ""
    down: bool = False
    plans: dict[UUID, tuple[UUID, PlanDocument]] = field(default_factory=dict)
    reads: list[UUID] = field(default_factory=list)

    def keep(self, athlete: UUID, document: PlanDocument) -> PlanDocument:
        """Have a plan of an athlete, in place of an earlier version of it."""
        self.plans[document.id] = (athlete, document)
        return document

    def app(self) -> FastAPI:
        """The part of the service that others read."""
        app = FastAPI()

        @app.post("/internal/token")
        async def token() -> dict[str, Any]:
            return {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300}

        @app.get("/internal/plans/{plan_id}")
        async def document(request: Request, plan_id: UUID, athlete_id: UUID) -> Response:
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return Response(status_code=401)
            if self.down:
                return Response(status_code=503)
            self.reads.append(plan_id)
            owner, found = self.plans.get(plan_id, (None, None))
            if found is None or owner != athlete_id:
                return Response(status_code=404)
            return Response(found.model_dump_json(), media_type="application/json")

        return app
