"""Typed calls to the activity store."""

from collections.abc import Sequence
from uuid import UUID

from common.http import UpstreamRejected
from contracts.events import EventClient
from contracts.strava.api import ActivitySummary
from contracts.strava.streams import ActivityStreams, decode

_GONE = 404


class StravaClient(EventClient):
    """Reads the activity store with a service's own token."""

    async def activity(self, activity_id: UUID) -> ActivitySummary | None:
        """Return an activity without streams; None when it does not exist (any more)."""
        body = await self._read(f"/internal/activities/{activity_id}")
        return ActivitySummary.model_validate_json(body) if body is not None else None

    async def streams(self, activity_id: UUID, keys: Sequence[str] = ()) -> ActivityStreams | None:
        """Return an activity with its streams, all or those named; None when it does not exist (any more)."""
        query = f"?keys={','.join(keys)}" if keys else ""
        body = await self._read(f"/internal/activities/{activity_id}/streams{query}")
        return decode(body) if body is not None else None

    async def _read(self, path: str) -> bytes | None:
        try:
            response = await self._client.get(path)
        except UpstreamRejected as rejected:
            if rejected.status_code == _GONE:
                return None
            raise
        return bytes(response.content)
