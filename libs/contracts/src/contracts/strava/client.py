"""Typed calls to the activity store."""

from uuid import UUID

from common.http import UpstreamRejected
from contracts.events import EventClient
from contracts.strava.streams import ActivityStreams, decode

_GONE = 404


class StravaClient(EventClient):
    """Reads the activity store with a service's own token."""

    async def streams(self, activity_id: UUID) -> ActivityStreams | None:
        """Return an activity with its streams; None when it does not exist (any more)."""
        try:
            response = await self._client.get(f"/internal/activities/{activity_id}/streams")
        except UpstreamRejected as rejected:
            if rejected.status_code == _GONE:
                return None
            raise
        return decode(response.content)
