from typing import Any
from uuid import uuid4

import httpx2
from trainer_support import EASY, INTERVALS, Athlete

from common.testing.tokens import TokenMint
from contracts.trainer.api import PlanDocument


def service(mint: TokenMint) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {mint.service_token('pdf')}"}}


async def test_other_services_read_a_plan_of_an_athlete_in_the_form_of_the_contract(
    ana: Athlete, trainer: httpx2.AsyncClient, mint: TokenMint
) -> None:
    made = await ana.plan({**EASY, "steps": INTERVALS})
    response = await trainer.get(f"/internal/plans/{made['id']}?athlete_id={ana.id}", **service(mint))
    plan = PlanDocument.model_validate_json(response.content)
    assert plan == PlanDocument.model_validate(made)
    group = plan.workouts[0].steps[1]
    assert group.steps is not None
    assert (group.repeat, group.steps[0].target and group.steps[0].target.pace) == (6, (195.0, 205.0))


async def test_a_plan_of_somebody_else_is_not_found(
    ana: Athlete, bo: Athlete, trainer: httpx2.AsyncClient, mint: TokenMint
) -> None:
    made = await ana.plan()
    for athlete, plan in ((bo.id, made["id"]), (ana.id, uuid4())):
        response = await trainer.get(f"/internal/plans/{plan}?athlete_id={athlete}", **service(mint))
        assert (response.status_code, response.json()["code"]) == (404, "plan.not_found")


async def test_people_have_no_business_here(ana: Athlete, trainer: httpx2.AsyncClient, mint: TokenMint) -> None:
    made = await ana.plan()
    path = f"/internal/plans/{made['id']}?athlete_id={ana.id}"
    assert (await trainer.get(path, headers=mint.headers(str(ana.id)))).status_code == 403
    assert (await trainer.get(path)).status_code == 401
