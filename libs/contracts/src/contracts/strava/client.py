"""Typed calls to the activity store."""

from collections.abc import Sequence
from uuid import UUID

from common.http import UpstreamRejected
from contracts.events import EventClient
from contracts.strava.api import ActivitySummary, ConnectedAccount, StravaGrant
from contracts.strava.streams import ActivityStreams, decode

_GONE = 404


class StravaClient(EventClient):
    """Reads the activity store with a service's own token."""

    async def activity(self, activity_id: UUID) -> ActivitySummary | None:
        """Return an activity without streams; None when it does not exist (any more)."""
        body = await self._read(f"/internal/activities/{activity_id}")
        return ActivitySummary.model_validate_json(body) if body is not None else None

    async def streams(
        self, activity_id: UUID, keys: Sequence[str] = (), *, cut: bool = False
    ) -> ActivityStreams | None:
        """Return an activity with its streams, all or those named; None when it does not exist (any more).

        With ``cut``, positions are absent (NaN) where privacy zones hide them: for all that others may see.
        """
        query = f"?keys={','.join(keys)}&cut={str(cut).lower()}"
        body = await self._read(f"/internal/activities/{activity_id}/streams{query}")
        return decode(body) if body is not None else None

    async def connected_account(self, strava_athlete_id: int) -> UUID | None:
        """Return whose account is connected to an athlete at Strava; None when nobody's is."""
        body = await self._read(f"/internal/connections/{strava_athlete_id}")
        return ConnectedAccount.model_validate_json(body).athlete_id if body is not None else None

    async def connect(self, grant: StravaGrant) -> None:
        """Connect an account with what was granted while signing in; once more does no harm.

        Raises ``UpstreamRejected`` when the athlete is connected to another account or Strava is switched off.
        """
        await self._client.post("/internal/connections", json=grant.model_dump(mode="json"), idempotent=True)

    async def _read(self, path: str) -> bytes | None:
        try:
            response = await self._client.get(path)
        except UpstreamRejected as rejected:
            if rejected.status_code == _GONE:
                return None
            raise
        return bytes(response.content)
