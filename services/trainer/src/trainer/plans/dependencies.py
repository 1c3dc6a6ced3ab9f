"""The plan that an endpoint changes."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from common.etag import require_match
from common.route import DbSession
from trainer.dependencies import WritingAthleteId
from trainer.plans import service
from trainer.plans.service import Stored


async def _held(request: Request, session: DbSession, athlete: WritingAthleteId, plan_id: UUID) -> Stored:
    plan = await service.find(session, athlete, plan_id)
    require_match(request, plan["version"])
    return plan


HeldPlan = Annotated[Stored, Depends(_held)]
"""The caller's plan, held for a change; before the body is looked at, so a foreign id is a 404 in any case."""
