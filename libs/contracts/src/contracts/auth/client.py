"""Typed calls to auth."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.http import ServiceClient, UpstreamRejected

_GONE = 404


class Person(BaseModel):
    """What computing for a person needs to know; ``weight`` in kg."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    timezone: str
    week_start: str
    sex: str | None
    birth_year: int | None
    weight: float | None


class AuthClient:
    """Reads auth with a service's own token."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def person(self, user_id: UUID) -> Person | None:
        """Return a person; None when the account does not exist (any more)."""
        try:
            response = await self._client.get(f"/internal/users/{user_id}")
        except UpstreamRejected as rejected:
            if rejected.status_code == _GONE:
                return None
            raise
        return Person.model_validate_json(response.content)
