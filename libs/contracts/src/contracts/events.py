"""Reading a publisher's events over REST."""

from common.http import ServiceClient
from common.outbox import EventPage


class EventClient:
    """The part of a service's client that every publisher has."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def events_after(self, position: int, limit: int) -> EventPage:
        """Return up to ``limit`` events published after ``position``, in order."""
        response = await self._client.get("/internal/events", params={"after": position, "limit": limit})
        return EventPage.model_validate_json(response.content)
