"""Typed calls to trainer."""

from uuid import UUID

from common.http import UpstreamRejected
from contracts.events import EventClient
from contracts.trainer.api import PlanDocument

_GONE = 404


class TrainerClient(EventClient):
    """Reads training with a service's own token."""

    async def plan(self, plan_id: UUID, athlete_id: UUID) -> PlanDocument | None:
        """Return the athlete's plan with all its workouts; None when they have no such plan (any more)."""
        try:
            response = await self._client.get(f"/internal/plans/{plan_id}", params={"athlete_id": str(athlete_id)})
        except UpstreamRejected as rejected:
            if rejected.status_code == _GONE:
                return None
            raise
        return PlanDocument.model_validate_json(response.content)
