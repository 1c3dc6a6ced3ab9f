import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI, Response
from pydantic import ValidationError

from common.http import ServiceClient
from common.testing.upstream import serve
from contracts.trainer.api import PlanDocument, Step
from contracts.trainer.client import TrainerClient

GOLDEN = Path(__file__).parent / "golden/plan_document.json"
PLAN, ATHLETE = UUID(int=1), UUID(int=2)


def ends(steps: list[Step]) -> Iterator[float | None]:
    for step in steps:
        yield from ends(step.steps) if step.steps else iter([step.end.distance if step.end else None])


def test_a_plan_reads_its_example() -> None:
    written = json.loads(GOLDEN.read_text())
    plan = PlanDocument.model_validate(written)
    assert list(ends(plan.workouts[0].steps)) == [None, 800.0, None, None]
    assert plan.model_dump(mode="json", exclude={"workouts"}) == {
        name: value for name, value in written.items() if name != "workouts"
    }
    dumped = [workout.model_dump(mode="json", exclude={"steps"}) for workout in plan.workouts]
    assert dumped == [{k: v for k, v in workout.items() if k != "steps"} for workout in written["workouts"]]
    steps = [step.model_dump(mode="json", exclude_none=True) for step in plan.workouts[0].steps]
    assert steps == written["workouts"][0]["steps"]


@pytest.mark.parametrize(
    "step",
    [
        {"kind": "work", "repeat": 2},
        {"kind": "work", "steps": [{"kind": "work"}]},
        {"kind": "work", "end": {"distance": 1, "duration": 1}},
        {"kind": "work", "target": {"pace": [300, 200]}},
        {"kind": "run"},
    ],
)
def test_steps_that_make_no_sense_are_refused(step: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Step.model_validate(step)


async def test_the_client_asks_for_a_plan_of_an_athlete_and_knows_when_there_is_none() -> None:
    app = FastAPI()

    @app.get("/internal/plans/{plan_id}")
    async def plan(plan_id: UUID, athlete_id: UUID) -> Response:
        known = (plan_id, athlete_id) == (PLAN, ATHLETE)
        return Response(GOLDEN.read_bytes()) if known else Response(status_code=404)

    async with serve(app) as url:
        service = ServiceClient(url, name="trainer")
        client = TrainerClient(service)
        found = await client.plan(PLAN, ATHLETE)
        assert found == PlanDocument.model_validate_json(GOLDEN.read_bytes())
        assert await client.plan(ATHLETE, PLAN) is None
        await service.aclose()
